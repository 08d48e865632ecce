"""Shifts beyond a licence's end: told once a day, pressing on the second, silent when solved."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asyncpg import PostgresError

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.barred_shifts import ROSTERED
from services.reminders import REMINDER
from tests.integration.test_licence_reminders import at, facts_of, said
from tests.support.licences import holds, person_of

# Monday 2026-12-07, 14:00; 李 is on P on the 8th and works on all week.


async def test_the_head_hears_once_a_day_and_the_office_when_it_presses(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    zhao, qin = await person_of("zhao"), await person_of("qin")
    await db.execute(
        "UPDATE shifts SET state = 'cancelled' WHERE person_id = $1 AND starts_at < $2",
        await person_of("li"),
        clock.now() + timedelta(days=3),
    )
    await holds(desk.records, "li", "nurse", "2026-12-06")
    assert await desk.barred.tell() > 0
    assert await said(ROSTERED) == [(zhao, [zhao])], "three days ahead: the head alone"
    for hour in ("15:00", "18:00", "21:00"):
        at(clock, "2026-12-07", hour)
        assert await desk.barred.tell() == 0
    at(clock, "2026-12-08", "07:59")
    assert await desk.barred.tell() == 0
    at(clock, "2026-12-08", "08:00")
    assert await desk.barred.tell() > 0
    later = (await said(ROSTERED))[1:]
    assert sorted(later) == sorted([(zhao, [zhao]), (qin, [qin])])
    pressing = [facts.context["pressing"] for facts in await facts_of(services, ROSTERED)]
    assert sorted(pressing) == [False, False, True]


async def test_a_deputy_hears_what_presses(services: Services, clock: ManualClock) -> None:
    zhao, wang = await person_of("zhao"), await person_of("wang")
    await db.execute(
        "INSERT INTO deputies (person_id, deputy_id, first_day, last_day) "
        "VALUES ($1, $2, '2026-12-01', '2026-12-31')",
        zhao,
        wang,
    )
    await holds(services.licences.records, "li", "nurse", "2026-12-06")
    assert await services.licences.barred.tell() > 0, "her next shift is tomorrow"
    receivers = {subject for subject, _ in await said(ROSTERED)}
    assert {zhao, wang, await person_of("qin")} == receivers


async def test_what_comes_up_by_day_for_tomorrow_is_said_before_the_reminders_go(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    assert await desk.barred.tell() == 0
    await holds(desk.records, "li", "nurse", "2026-12-06")
    at(clock, "2026-12-07", "17:29")
    assert await desk.barred.tell() == 0
    at(clock, "2026-12-07", "17:30")
    assert await desk.barred.tell() == 1, "tomorrow's; the others tomorrow morning"
    (facts, *_) = await facts_of(services, ROSTERED)
    assert facts.context["people"][0]["first"].startswith("12月8日(周二) 中班")


async def test_a_licence_that_ends_this_week_is_told_before_it_ends(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2026-12-10")
    assert await desk.barred.tell() > 0
    (facts,) = await facts_of(services, ROSTERED)
    (li,) = facts.context["people"]
    assert (li["ended"], li["name"]) == (False, "李小样")
    text = desk.words.catalogue.text("licences/rostered", facts.context).content
    assert "护士执业证书12月10日(周四)到期，12月1" in text


@pytest.mark.parametrize("kind", ["bls", "nurse_qualification"])
async def test_what_blocks_nobody_bars_nobody(
    services: Services, clock: ManualClock, kind: str
) -> None:
    await holds(services.licences.records, "li", kind, "2026-12-01")
    assert await services.licences.barred.tell() == 0


async def test_what_was_solved_before_it_left_is_not_said(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2026-12-06")
    await desk.barred.tell()
    await holds(desk.records, "li", "nurse", "2031-12-06")
    assert not any(facts.stands for facts in await facts_of(services, ROSTERED))


async def test_a_crash_in_the_telling_is_done_anew(services: Services, clock: ManualClock) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2026-12-06")
    await db.execute(
        "ALTER TABLE messages ADD CONSTRAINT broken CHECK (purpose <> 'licences.rostered')"
    )
    with pytest.raises(PostgresError):
        await desk.barred.tell()
    await db.execute("ALTER TABLE messages DROP CONSTRAINT broken")
    assert await desk.barred.tell() > 0


@pytest.mark.parametrize(("until", "barred"), [("2026-12-07", True), ("2026-12-08", False)])
async def test_nobody_is_ordered_to_a_shift_beyond_their_licence(
    services: Services, clock: ManualClock, until: str, barred: bool
) -> None:
    """The last valid day itself is lawful: 李 is on P, 16:00 to midnight, on the 8th."""
    await holds(services.licences.records, "li", "nurse", until)
    clock.advance(timedelta(hours=6, minutes=1))
    assert await services.reminders.plan() > 0
    facts = await facts_of(services, REMINDER)
    cards = [services.licences.words.catalogue.card("shifts/reminder", f.context) for f in facts]
    assert sum("请先与护士长确认" in card.title for card in cards) == barred
    assert sum("不要直接到岗" in card.body for card in cards) == barred
