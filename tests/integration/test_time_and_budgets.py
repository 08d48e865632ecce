"""Quiet hours, sleep after a night, budgets, expiry, and what a downtime leaves of an evening."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.app import read_rules
from bot.pipeline import CARRIES_REPLY
from bot.wiring import Services
from models import db
from models.clock import SHANGHAI, ManualClock
from models.policies import Budgets
from services.purposes import Purpose, from_context
from tests.support.deciding import actor
from tests.support.delivering import post_office
from tests.support.hospital import settings

DISTURBING = "tests.disturbing"


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def move(clock: ManualClock, to: datetime) -> None:
    clock.advance(to - clock.now())


async def reminders() -> Counter[str]:
    rows = await db.fetch(
        "SELECT d.state FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'shifts.reminder'"
    )
    return Counter(row["state"] for row in rows)


async def disturb(services: Services, *users: str) -> None:
    if DISTURBING not in services.ledger.purposes:
        services.ledger.purposes.add([Purpose(DISTURBING, from_context)])
    people = [(await actor(user)).person_id for user in users]
    await services.ledger.notify(DISTURBING, 0, people, context={"text": "您好"})


async def queue_state() -> list[tuple[str, datetime]]:
    rows = await db.fetch("SELECT state, not_before FROM deliveries ORDER BY id")
    return [(row["state"], row["not_before"].astimezone(SHANGHAI)) for row in rows]


async def test_nobody_is_disturbed_at_night(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    move(clock, local("2026-12-07T23:00"))
    await disturb(services, "chen")
    async with post_office(database_url, services, clock) as post:
        await post.works()
        assert post.platform.calls == []
        assert await queue_state() == [("queued", local("2026-12-08T07:00"))]


async def test_who_worked_the_night_sleeps_until_the_afternoon(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    """吴 worked from midnight to eight on the 8th."""
    move(clock, local("2026-12-08T09:00"))
    await disturb(services, "wu", "chen")
    async with post_office(database_url, services, clock) as post:
        await post.works()
    assert next(when for _, when in await queue_state()) == local("2026-12-08T16:00")


async def test_the_thirty_first_message_of_a_minute_waits_and_none_is_lost(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    policies = replace(
        read_rules(settings(database_url)).policies,
        budgets=Budgets(person_per_minute=100, person_per_hour=1000),
    )
    li = await actor("li")
    for number in range(45):
        context = {"text": f"第{number}条"}
        await services.ledger.notify(CARRIES_REPLY, 0, [li.person_id], context=context)
    sent: list[datetime] = []
    async with post_office(database_url, services, clock, policies) as post:
        for _ in range(40):
            await post.works()
            sent += [clock.now()] * (len(post.platform.calls) - len(sent))
            clock.advance(timedelta(seconds=5))
    assert len(sent) == 45
    for index in range(30, len(sent)):
        assert sent[index] - sent[index - 30] >= timedelta(seconds=60)


@pytest.mark.parametrize(
    "back_at", ["2026-12-07T21:15", "2026-12-08T07:10", "2026-12-08T07:40", "2026-12-09T12:00"]
)
async def test_after_a_downtime_the_useful_is_sent_once_and_the_useless_said_to_be_so(
    services: Services, clock: ManualClock, back_at: str
) -> None:
    move(clock, local(back_at))
    await services.reminders.plan()
    await services.reminders.plan()
    rows = await db.fetch(
        "SELECT s.id, s.starts_at, d.state FROM shifts s "
        "JOIN messages m ON m.subject_id = s.id AND m.purpose = 'shifts.reminder' "
        "JOIN deliveries d ON d.message_id = m.id "
        "WHERE s.starts_at >= '2026-12-07T16:00Z' AND s.starts_at < '2026-12-08T16:00Z'"
    )
    assert len(rows) == 8
    for row in rows:
        useful = row["starts_at"] - timedelta(minutes=30) > clock.now()
        assert row["state"] == ("queued" if useful else "expired")
    expired = sum(row["state"] == "expired" for row in rows)
    told = await db.fetch("SELECT detail FROM audit_rows WHERE action = 'reminders.too_late'")
    assert bool(told) == bool(expired)


async def test_a_reminder_that_waits_is_withdrawn_when_its_shift_is_no_more(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    move(clock, local("2026-12-07T19:30"))
    await services.reminders.plan()
    shift = await db.fetch_value("SELECT subject_id FROM asks ORDER BY id LIMIT 1")
    await db.execute("UPDATE shifts SET state = 'cancelled' WHERE id = $1", shift)
    await services.notices.forget([shift])
    move(clock, local("2026-12-07T20:40"))
    async with post_office(database_url, services, clock) as post:
        await post.works()
    assert await reminders() == {"accepted": 7, "withdrawn": 1}


async def test_what_is_too_late_to_be_useful_is_not_sent(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    li = await actor("li")
    await services.ledger.notify(CARRIES_REPLY, 0, [li.person_id], context={"text": "您好"})
    clock.advance(timedelta(hours=13))
    async with post_office(database_url, services, clock) as post:
        await post.works()
        assert post.platform.calls == []
    assert [state for state, _ in await queue_state()] == ["expired"]
