"""招聘月报 in chat and on the first working day: once, to the HR heads, and not about nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.app import read_rules
from bot.wiring import Services, build
from models import db, sealed
from models.clock import SHANGHAI, ManualClock
from services.actors import Actor, find
from services.ledger import CONTEXT
from services.recruiting_digest import MONTH, RecruitingReports
from services.refusals import Refusal
from services.why import REASONS
from tests.support.hospital import settings
from tests.support.recruiting_month import Bench, at

SAID = "SELECT m.id, m.context, m.subject_id, m.dedupe_key FROM messages m WHERE m.purpose = $1"
TO = """
SELECT p.staff_no FROM deliveries d JOIN messages m ON m.id = d.message_id
  JOIN persons p ON p.id = d.person_id WHERE m.purpose = $1 ORDER BY 1
"""


@pytest.fixture
async def bench(database_url: str) -> Bench:
    return await Bench.of()


def reports(url: str, now: datetime) -> tuple[RecruitingReports, ManualClock]:
    clock = ManualClock(now)
    return build(read_rules(settings(url)), clock).recruiting.reports, clock


async def person(user: str) -> Actor:
    found = await find("wecom", user)
    assert found is not None
    return found


async def said() -> list[db.Row]:
    return await db.fetch(SAID, MONTH)


async def test_it_is_told_once_on_the_first_working_day(bench: Bench, database_url: str) -> None:
    one = await bench.interview("急诊科", "held", at(17, 9), due=at(20, 17, 30), name="李小暖")
    digest, clock = reports(database_url, at(1, 9, 9, month=12))  # a Tuesday
    assert await digest.tell_due() == 0
    clock.advance(timedelta(minutes=1))
    assert [await digest.tell_due(), await digest.tell_due()] == [1, 0]
    clock.advance(timedelta(days=1))
    assert await digest.tell_due() == 0
    (message,) = await said()
    assert (message["subject_id"], message["dedupe_key"]) == (202611, "recruiting.month:2026-11")
    lines = sealed.open_json(CONTEXT, message["context"])["lines"]
    assert lines[0] == "示例医院招聘月报 2026年11月"
    assert f"应聘{one.application_id}(急诊科)，应在11月20日(周五)17:30前，逾期，还没有发" in lines
    assert "李" not in "".join(lines)  # a digest may lie on a locked screen
    assert [row["staff_no"] for row in await db.fetch(TO, MONTH)] == ["S0001"]


async def test_two_processes_tell_it_once(bench: Bench, database_url: str) -> None:
    await bench.interview("急诊科", "held", at(17, 9))
    first, _ = reports(database_url, at(1, 9, 10, month=12))
    second, _ = reports(database_url, at(1, 9, 10, month=12))
    assert [await first.tell_due(), await second.tell_due()] == [1, 0]
    assert len(await said()) == 1


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (datetime(2026, 10, 1, 9, 10, tzinfo=SHANGHAI), 0),  # the National Day holiday
        (datetime(2026, 10, 8, 9, 9, tzinfo=SHANGHAI), 0),
        (datetime(2026, 10, 8, 9, 10, tzinfo=SHANGHAI), 1),
        (datetime(2026, 10, 10, 18, 0, tzinfo=SHANGHAI), 1),  # the worker was away for two days
        (datetime(2026, 10, 11, 9, 10, tzinfo=SHANGHAI), 0),  # now it is too late
    ],
)
async def test_holidays_are_no_working_days_and_a_late_worker_still_tells(
    bench: Bench, database_url: str, now: datetime, told: int
) -> None:
    await bench.interview("急诊科", "held", at(17, 9, month=9))
    digest, _ = reports(database_url, now)
    assert await digest.tell_due() == told


async def test_nobody_is_told_about_a_month_in_which_nothing_happened(
    bench: Bench, database_url: str
) -> None:
    await bench.interview("急诊科", "held", at(17, 9, month=10), invited=at(12, 9, month=10))
    digest, _ = reports(database_url, at(1, 9, 10, month=12))
    assert await digest.tell_due() == 0
    assert await said() == []


async def test_the_hr_head_asks_for_any_month(bench: Bench, database_url: str) -> None:
    await bench.interview("急诊科", "held", at(17, 9), due=at(20, 17, 30), name="李小暖")
    digest, _ = reports(database_url, at(7, 14, month=12))
    head = await person("song")
    november = await digest.asked(head, "2026-11")
    assert november[0] == "示例医院招聘月报 2026年11月"
    assert "到场率：1/1" in november
    assert any("李**(急诊科)" in line for line in november)
    for text in ("", "上月", "2026年11月"):
        assert await digest.asked(head, text) == november
    assert (await digest.asked(head, "本月"))[0] == "示例医院招聘月报 2026年12月"
    assert await digest.asked(head, "2025-01") == [
        "示例医院招聘月报 2025年1月",
        "2025年1月没有招聘记录。",
    ]


async def test_nobody_else_may_ask_and_no_month_is_guessed(
    bench: Bench, database_url: str
) -> None:
    digest, _ = reports(database_url, at(7, 14, month=12))
    for user in ("zhao", "li"):  # a head nurse, a nurse
        with pytest.raises(Refusal, match="not_allowed"):
            await digest.asked(await person(user), "2026-11")
    with pytest.raises(Refusal, match="report_month"):
        await digest.asked(await person("song"), "去年")


def test_it_can_be_explained(services: Services) -> None:
    assert services.ledger.purposes[MONTH].template == "recruiting/month"
    assert REASONS[MONTH] == "recruiting_month"
