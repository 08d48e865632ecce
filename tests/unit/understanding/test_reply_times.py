"""The readings of days and hours that docs/understanding.md promises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.understanding.reply import Intent, understand, when_text

FRIDAY = datetime.fromisoformat("2026-12-04T09:00")
WEDNESDAY_TEN = datetime.fromisoformat("2026-12-09T10:00")


def when(text: str, now: datetime = FRIDAY, *offered: datetime) -> str | None:
    return when_text(understand(text, now, offered or (WEDNESDAY_TEN,)).when)


@pytest.mark.parametrize(
    ("now", "offered", "text", "expected"),
    [
        # a bare weekday is the one nearest to the offered day, never before today
        ("2026-12-04T09:00", "2026-12-09T10:00", "周四行吗", "2026-12-10"),
        ("2026-12-04T09:00", "2026-12-16T10:00", "周四行吗", "2026-12-17"),
        ("2026-12-04T09:00", "2026-12-16T10:00", "周一行吗", "2026-12-14"),
        ("2026-12-04T09:00", "2026-12-07T10:00", "周六行吗", "2026-12-05"),
        ("2026-12-04T09:00", "2026-12-09T10:00", "周五行吗", "2026-12-11"),
        # this week and next week are calendar weeks, Monday first
        ("2026-12-04T09:00", "2026-12-16T10:00", "下周四行吗", "2026-12-10"),
        ("2026-12-06T09:00", "2026-12-16T10:00", "下周一行吗", "2026-12-07"),
        ("2026-12-07T09:00", "2026-12-16T10:00", "下周一行吗", "2026-12-14"),
        ("2026-12-04T09:00", "2026-12-16T10:00", "本周日行吗", "2026-12-06"),
        ("2026-12-04T09:00", "2026-12-16T10:00", "这周二行吗", "2026-12-08"),
        # days of the month
        ("2026-12-28T09:00", "2027-01-06T10:00", "8号行吗", "2027-01-08"),
        ("2026-12-28T09:00", "2027-01-06T10:00", "12月30日行吗", "2026-12-30"),
        ("2026-12-28T09:00", "2027-01-06T10:00", "1.8行吗", "2027-01-08"),
        ("2026-12-04T09:00", "2026-12-09T10:00", "6月30号行吗", None),
        ("2026-12-04T09:00", "2026-12-09T10:00", "14号之前行吗", None),
        ("2028-02-25T09:00", "2028-03-02T10:00", "2月29日行吗", "2028-02-29"),
        ("2027-02-25T09:00", "2027-03-02T10:00", "2月29日行吗", None),
        # an hour without a day is of the offered day; what is over is no proposal
        ("2026-12-04T09:00", "2026-12-09T10:00", "三点行吗", "2026-12-09T15:00"),
        ("2026-12-04T09:00", "2026-12-09T10:00", "7点半行吗", "2026-12-09T07:30"),
        ("2026-12-04T09:00", "2026-12-09T10:00", "晚上7点行吗", "2026-12-09T19:00"),
        ("2026-12-04T09:00", "2026-12-09T10:00", "今天上午8点行吗", None),
        (
            "2026-12-04T09:00",
            "2026-12-09T10:00",
            "今天上午11点行吗",
            "2026-12-04T11:00",
        ),
        ("2026-12-04T09:00", "2026-12-09T10:00", "10.30行吗", "2026-12-09T10:30"),
        # an end of a range and a bound name no start
        (
            "2026-12-04T09:00",
            "2026-12-09T10:00",
            "下午2点到4点行吗",
            "2026-12-09T14:00",
        ),
        ("2026-12-04T09:00", "2026-12-09T10:00", "周四3点以前行吗", "2026-12-10"),
        (
            "2026-12-04T09:00",
            "2026-12-09T10:00",
            "周四3点以后行吗",
            "2026-12-10T15:00",
        ),
        # moving the offered time
        (
            "2026-12-04T09:00",
            "2026-12-09T10:00",
            "提前一个半小时行吗",
            "2026-12-09T08:30",
        ),
        ("2026-12-04T09:00", "2026-12-09T10:00", "推迟两天行吗", "2026-12-11"),
        ("2026-12-04T09:00", "2026-12-09T10:00", "提前一周行吗", None),
        # an hour after a refused one takes its day
        (
            "2026-12-04T09:00",
            "2026-12-09T10:00",
            "周四上午不行，下午行吗",
            "2026-12-10",
        ),
        ("2026-12-04T09:00", "2026-12-09T10:00", "周四不行，下午行吗", "2026-12-09"),
    ],
)
def test_a_time_is_read_as_documented(
    now: str, offered: str, text: str, expected: str | None
) -> None:
    found = understand(text, datetime.fromisoformat(now), [datetime.fromisoformat(offered)])
    assert found.intent is Intent.RESCHEDULE
    assert when_text(found.when) == expected


@pytest.mark.parametrize(
    "text",
    ["1号楼怎么走", "是3号线吗", "有点远，几楼", "薪资能高一点吗", "一点问题没有", "早上好"],
)
def test_what_looks_like_a_time_names_none(text: str) -> None:
    assert when(text) is None
    assert understand(text, FRIDAY, [WEDNESDAY_TEN]).intent is not Intent.RESCHEDULE


def test_instants_of_another_zone_are_read_in_shanghai() -> None:
    late = datetime(2026, 12, 3, 17, 30, tzinfo=UTC)  # 01:30 on the 4th in Shanghai
    offer = datetime(2026, 12, 9, 2, tzinfo=UTC)
    assert when_text(understand("明天可以吗", late, [offer]).when) == "2026-12-05"
    assert understand("周三上午10点可以", late, [offer]).intent is Intent.CONFIRM


def test_one_slot_offered_twice_is_one_slot() -> None:
    twice = [WEDNESDAY_TEN, WEDNESDAY_TEN]
    assert understand("好的", FRIDAY, twice).intent is Intent.CONFIRM


def test_an_hour_without_a_day_stays_open_when_offers_lie_on_several_days() -> None:
    several = (WEDNESDAY_TEN, datetime.fromisoformat("2026-12-10T14:00"))
    assert understand("三点可以吗", FRIDAY, several).intent is Intent.RESCHEDULE
    assert when("三点可以吗", FRIDAY, *several) is None


def test_an_offer_is_needed() -> None:
    with pytest.raises(ValueError, match="at least one"):
        understand("好的", FRIDAY, [])
