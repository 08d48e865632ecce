"""Call-outs where they meet something else: another call-out, an escalation, somebody's exit."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.callouts import AnswerState, CallKind
from models.clock import ManualClock
from services.actors import Actor
from services.callout_answers import Answer
from services.refusals import Refusal
from tests.integration.test_callout_races import crowd, opened
from tests.support.callouts import give_skills, wish
from tests.support.deciding import actor
from tests.support.waiting import eventually

_BLOCKED = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def state_of(call_out: int, person: Actor) -> str:
    state: str = await db.fetch_value(
        "SELECT state FROM call_answers WHERE call_out_id = $1 AND person_id = $2",
        call_out,
        person.person_id,
    )
    return state


async def test_who_leaves_the_hospital_gives_their_place_back(
    services: Services, clock: ManualClock
) -> None:
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    leaver, silent = await crowd(2)
    call_out = await opened(call_outs, zhao, wish(clock, 1), [leaver, silent], clock)
    await call_outs.answer(call_out, leaver, Answer.YES)
    assert await services.lists.leaving.end(leaver.person_id, "system")
    view = await call_outs.view(call_out)
    assert (view.taken, view.state, view.gave_back) == (0, "asking", 1)
    assert await db.fetch_value("SELECT next_wave_at FROM call_outs") == clock.now()
    told = await db.fetch_value(
        "SELECT count(*) FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'callouts.told' AND d.person_id = $1",
        zhao.person_id,
    )
    assert told == 2  # that it was full, and who is not coming
    open_lists = await db.fetch_value("SELECT count(*) FROM checklists WHERE state = 'open'")
    assert open_lists == 0


async def test_who_leaves_while_asked_is_not_waited_for(
    services: Services, clock: ManualClock
) -> None:
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    (leaver,) = await crowd(1)
    call_out = await opened(call_outs, zhao, wish(clock, 1), [leaver], clock)
    await db.execute("UPDATE call_outs SET next_wave_at = $1", clock.now() + timedelta(minutes=3))
    await services.lists.leaving.end(leaver.person_id, "system")
    assert await state_of(call_out, leaver) == AnswerState.STOOD_DOWN
    assert await db.fetch_value("SELECT next_wave_at FROM call_outs") == clock.now()


async def test_an_old_card_sends_nobody_to_two_places(
    services: Services, clock: ManualClock
) -> None:
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    (one,) = await crowd(1)
    first = await opened(call_outs, zhao, wish(clock, place="楼东"), [one], clock)
    second = await opened(call_outs, zhao, wish(clock, place="楼西"), [one], clock)
    await call_outs.answer(first, one, Answer.YES)
    with pytest.raises(Refusal) as refused:
        await call_outs.answer(second, one, Answer.YES)
    assert (refused.value.key, refused.value.params["place"]) == ("callout_elsewhere", "楼东")
    assert (await call_outs.view(second)).taken == 0
    await call_outs.answer(first, one, Answer.NO)
    assert (await call_outs.answer(second, one, Answer.YES)).state is AnswerState.YES


async def test_a_yes_to_two_places_at_the_same_instant_takes_one(
    services: Services, clock: ManualClock
) -> None:
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    people = await crowd(10)
    both = [
        await opened(call_outs, zhao, wish(clock, 10, place=place), people, clock)
        for place in ("楼东", "楼西")
    ]
    await asyncio.gather(
        *(call_outs.answer(each, one, Answer.YES) for one in people for each in both),
        return_exceptions=True,
    )
    twice = await db.fetch(
        "SELECT person_id FROM call_answers WHERE state = 'yes' "
        "GROUP BY person_id HAVING count(*) > 1"
    )
    assert twice == []
    assert sum([(await call_outs.view(each)).taken for each in both]) == len(people)


async def test_a_place_elsewhere_at_another_time_or_a_drill_is_no_hindrance(
    services: Services, clock: ManualClock
) -> None:
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    (one,) = await crowd(1)
    soon = wish(clock, place="楼东")
    later = wish(
        clock,
        place="楼西",
        report_at=soon.ends_at,
        ends_at=soon.ends_at + timedelta(hours=4),
    )
    for what in (soon, later):
        call_out = await opened(call_outs, zhao, what, [one], clock)
        assert (await call_outs.answer(call_out, one, Answer.YES)).state is AnswerState.YES
    drill = await opened(call_outs, zhao, wish(clock, place="楼北"), [one], clock)
    await db.execute("UPDATE call_outs SET kind = $2 WHERE id = $1", drill, CallKind.DRILL)
    assert (await call_outs.answer(drill, one, Answer.YES)).state is AnswerState.YES


async def test_an_answer_while_the_silent_are_asked_again_waits_and_counts(
    services: Services, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both touch the ask and the answer: in another order they would wait for each other."""
    await give_skills()
    call_outs = services.call_outs.call_outs
    call_out = await call_outs.launch(await actor("zhao"), wish(clock, 1))
    await call_outs.run_due()
    row = await db.fetch_one(
        "SELECT p.* FROM call_answers a JOIN persons p ON p.id = a.person_id ORDER BY a.id LIMIT 1"
    )
    assert row is not None
    one = Actor(row["id"], row["name"], row["staff_no"], row["unit_id"])
    usual, begun = services.ledger.next_channel, asyncio.Event()

    async def slow(*args: object) -> list[int]:
        begun.set()
        await eventually(lambda: _blocked())
        await usual(*args)  # type: ignore[arg-type]
        return [row["id"]]

    monkeypatch.setattr(services.ledger, "next_channel", slow)
    clock.advance(timedelta(minutes=9))

    async def answer() -> AnswerState:
        await begun.wait()
        return (await call_outs.answer(call_out, one, Answer.YES)).state

    moved, state = await asyncio.gather(services.escalation.run_due(), answer())
    assert moved > 0
    assert state is AnswerState.YES


async def _blocked() -> bool:
    async with asyncio.timeout(30):
        return bool(await db.fetch_value(_BLOCKED))


async def test_one_call_out_that_cannot_go_on_does_not_hold_up_another(
    services: Services, clock: ManualClock
) -> None:
    """Somebody took its skill out of the policies: that is no reason to leave others unasked."""
    await give_skills()
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    await call_outs.launch(zhao, wish(clock, place="楼东"))
    await db.execute("UPDATE call_outs SET skill = 'gone'")
    second = await call_outs.launch(zhao, wish(clock, place="楼西"))
    with pytest.raises(KeyError):
        await call_outs.run_due()
    assert (await call_outs.view(second)).asked > 0
