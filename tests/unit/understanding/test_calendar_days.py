"""Days that the calendar names, lateness, and the offered time said again."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.understanding.reply import Intent, understand, when_text

FRIDAY = "2026-12-04T09:00"


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        (FRIDAY, "本月最后一天行吗", "2026-12-31"),
        (FRIDAY, "下个月最后一天行吗", "2027-01-31"),
        (FRIDAY, "下下个月的第一天行吗", "2027-02-01"),
        (FRIDAY, "2月最后一天下午三点行吗", "2027-02-28T15:00"),
        (FRIDAY, "今年最后一天行吗", "2026-12-31"),
        (FRIDAY, "本月第一天行吗", None),  # over
        (FRIDAY, "13月最后一天行吗", None),
        ("2028-02-04T09:00", "这个月最后一天行吗", "2028-02-29"),
        ("2027-01-20T09:00", "初八上午九点行吗", "2027-02-13T09:00"),
        ("2027-01-20T09:00", "除夕行吗", "2027-02-05"),
        ("2027-01-20T09:00", "元宵节那天行吗", "2027-02-20"),
        (FRIDAY, "正月初八行吗", "2027-02-13"),
        ("2026-07-04T09:00", "初八行吗", None),  # of a month that no table has
        ("2027-01-20T09:00", "孩子初三了，改天行吗", None),  # a school year
        (FRIDAY, "元旦可以吗", "2027-01-01"),
        (FRIDAY, "元旦后可以吗", None),
        (FRIDAY, "下午三点零五行吗", "2026-12-09T15:05"),
        (FRIDAY, "能不能晚到一个半小时", "2026-12-09T11:30"),
    ],
)
def test_a_day_or_hour_that_is_named(now: str, text: str, expected: str | None) -> None:
    moment = datetime.fromisoformat(now)
    offer = datetime.fromisoformat("2026-12-09T10:00") if now == FRIDAY else moment
    assert when_text(understand(text, moment, [offer]).when) == expected


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("周三上午十点对吧，好的", Intent.CONFIRM),
        ("好的，周三上午10点，对吧？", Intent.CONFIRM),
        ("是周三十点吧？好的我去", Intent.CONFIRM),
        ("周三上午十点对吧", Intent.QUESTION),  # no yes beside it
        ("可以，对吧？", Intent.QUESTION),
        ("周四上午十点对吧，好的", Intent.RESCHEDULE),
        ("好的，我会晚到十分钟", Intent.UNCLEAR),  # tells something, asks for nothing
        ("绝对不会迟到", Intent.CONFIRM),
        ("元旦快乐，我会去的", Intent.CONFIRM),
        ("这是骗子吧", Intent.QUESTION),
        ("应该是可以的吧", Intent.UNCLEAR),
        ("别在发了", Intent.OPT_OUT),  # a slip of voice input
        ("可以德，我准时道", Intent.CONFIRM),
        ("因该可以德", Intent.UNCLEAR),
    ],
)
def test_what_is_said_beside_a_time(text: str, intent: Intent) -> None:
    offer = datetime.fromisoformat("2026-12-09T10:00")
    assert understand(text, datetime.fromisoformat(FRIDAY), [offer]).intent is intent


def test_among_several_offers_asking_for_a_nod_picks_none() -> None:
    offers = [datetime.fromisoformat(f"2026-12-{day}T10:00") for day in ("09", "10")]
    found = understand("周三上午十点对吧", datetime.fromisoformat(FRIDAY), offers)
    assert found.intent is Intent.QUESTION
    found = understand("周三上午十点对吧，好的", datetime.fromisoformat(FRIDAY), offers)
    assert (found.intent, when_text(found.when)) == (Intent.CONFIRM, "2026-12-09T10:00")
