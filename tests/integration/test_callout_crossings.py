"""Call-outs where they meet something else: another call-out, an escalation, somebody's exit."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db, sealed
from models.callouts import AnswerState, CallKind
from models.clock import ManualClock
from services.actors import Actor
from services.callout_answers import Answer
from services.callout_eligibility import Barred, Excluded
from services.callout_ends import ASK
from services.ledger import CONTEXT
from tests.integration.test_callout_races import crowd, opened
from tests.support.callouts import give_skills, wish
from tests.support.deciding import actor
from tests.support.waiting import eventually

CROSSINGS = 20
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


async def told_to(call_out: int) -> list[tuple[int, str]]:
    """Who was told what of a call-out, in order: (person, what)."""
    rows = await db.fetch(
        "SELECT d.person_id, m.context FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "WHERE m.purpose = 'callouts.told' AND m.subject_id = $1 AND d.state <> 'withdrawn' "
        "ORDER BY m.id, d.id",
        call_out,
    )
    return [(row["person_id"], sealed.open_json(CONTEXT, row["context"])["what"]) for row in rows]


async def test_when_the_launcher_leaves_the_units_managers_go_on_with_it(
    services: Services, clock: ManualClock
) -> None:
    call_outs, zhao, song = services.call_outs.call_outs, await actor("zhao"), await actor("song")
    people = await crowd(3)
    one, other, aide = people
    call_out = await opened(call_outs, zhao, wish(clock, 1), people, clock)
    await db.execute(
        "INSERT INTO grants (person_id, role, unit_id) VALUES ($1, 'manager', $2)",
        other.person_id,
        zhao.unit_id,
    )
    await db.execute(
        "INSERT INTO deputies (person_id, deputy_id, first_day, last_day) "
        "VALUES ($1, $2, '2026-12-01', '2026-12-31')",
        other.person_id,
        aide.person_id,
    )
    await services.lists.leaving.end(zhao.person_id, "system")
    handed = [(other.person_id, "handed"), (aide.person_id, "handed")]
    assert await told_to(call_out) == handed
    boards = await db.fetch(
        "SELECT d.person_id FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "WHERE m.purpose = 'callouts.board' AND d.state <> 'withdrawn'"
    )
    assert boards == [{"person_id": other.person_id}]
    await call_outs.answer(call_out, one, Answer.YES)
    full = [(other.person_id, "full"), (aide.person_id, "full")]
    assert await told_to(call_out) == handed + full
    await services.lists.leaving.end(other.person_id, "system")  # nobody of the unit is left
    assert (song.person_id, "left") not in await told_to(call_out)
    await call_outs.answer(call_out, one, Answer.NO)
    assert (await told_to(call_out))[-1] == (song.person_id, "left")
    manager = await actor("song")
    assert [view.id for view in await call_outs.open_for(manager)] == [call_out]
    await call_outs.cancel(manager, call_out)


async def test_a_leaver_and_the_last_yes_of_the_same_second_do_not_wait_for_each_other(
    services: Services, clock: ManualClock
) -> None:
    """Leaving takes the asks of a person over all call-outs, a full one the asks of a call-out
    over all persons. Held where the old order deadlocked: asks taken, the call-out not yet."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    await give_skills()
    call_out = await call_outs.launch(zhao, wish(clock, 1))
    await call_outs.run_due()
    one, leaver = await both_asked(call_out)
    leaving, begun = services.lists.leaving, asyncio.Event()

    async def wait(_: object) -> None:
        begun.set()
        await eventually(_blocked)

    leaving._hooks.insert(0, wait)

    async def last_yes() -> AnswerState:
        await begun.wait()
        return (await call_outs.answer(call_out, one, Answer.YES)).state

    left, state = await asyncio.gather(leaving.end(leaver.person_id, "system"), last_yes())
    assert (left, state) == (True, AnswerState.YES)
    assert await state_of(call_out, leaver) == AnswerState.STOOD_DOWN


async def test_a_yes_and_a_directory_that_ends_access_do_not_wait_for_each_other(
    services: Services, clock: ManualClock
) -> None:
    """A yes opens a list behind the call-out, a leaver's lists are ended. Held where the old order
    deadlocked: the call-out taken, the lists not yet."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    await give_skills()
    call_out = await call_outs.launch(zhao, wish(clock, 1))
    await call_outs.run_due()
    leaver, _ = await both_asked(call_out)
    begun = asyncio.Event()

    async def wait(*_: object) -> None:
        begun.set()
        await eventually(_blocked)

    call_outs.answers.accepted_hooks.insert(0, wait)

    async def leaves() -> None:
        await begun.wait()
        account = await db.fetch_one(
            "SELECT platform, user_id FROM identities WHERE person_id = $1", leaver.person_id
        )
        assert account is not None
        await services.directories.changes.left(account["platform"], account["user_id"])

    answered, _ = await asyncio.gather(call_outs.answer(call_out, leaver, Answer.YES), leaves())
    assert answered.state is AnswerState.YES
    assert (await call_outs.view(call_out)).taken == 0
    assert await open_lists(leaver) == ["exit"]


async def open_lists(person: Actor) -> list[str]:
    rows = await db.fetch(
        "SELECT template FROM checklists WHERE person_id = $1 AND state = 'open'", person.person_id
    )
    return [row["template"] for row in rows]


async def both_asked(call_out: int) -> tuple[Actor, Actor]:
    """Two of those who are being asked."""
    rows = await db.fetch(
        "SELECT p.* FROM call_answers a JOIN persons p ON p.id = a.person_id "
        "WHERE a.call_out_id = $1 AND a.state = 'asked' ORDER BY a.id LIMIT 2",
        call_out,
    )
    first, second = (
        Actor(row["id"], row["name"], row["staff_no"], row["unit_id"]) for row in rows
    )
    return first, second


async def test_leavers_and_full_call_outs_cross_many_times_without_a_deadlock(
    services: Services, clock: ManualClock
) -> None:
    """In each round somebody with a place and two of the silent leave while others fill it."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    leaving = services.lists.leaving
    for number in range(CROSSINGS):
        people = await crowd(8, f"X{number}-")
        what = wish(clock, 3, place=f"楼{number}")
        call_out = await opened(call_outs, zhao, what, people, clock)
        await services.asks.open(
            ASK[CallKind.VOLUNTARY],
            call_out,
            [one.person_id for one in people],
            policy="call_out",
            deadline=what.report_at,
        )
        await call_outs.answer(call_out, people[0], Answer.YES)
        gone, others = people[:3], people[3:]
        await asyncio.gather(
            *(leaving.end(one.person_id, "system") for one in gone),
            *(call_outs.answer(call_out, one, Answer.YES) for one in others),
        )
        view = await call_outs.view(call_out)
        places = await db.fetch(
            "SELECT person_id FROM call_answers WHERE call_out_id = $1 AND state = 'yes'", call_out
        )
        assert len(places) == view.taken <= 3
        assert not {row["person_id"] for row in places} & {one.person_id for one in gone}
        await call_outs.cancel(zhao, call_out)


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
    said = await call_outs.answer(second, one, Answer.YES)
    assert said.state is AnswerState.BARRED
    assert said.barred == Barred(Excluded.BUSY, place="楼东")
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
        report_at=soon.ends_at + timedelta(hours=12),
        ends_at=soon.ends_at + timedelta(hours=16),
    )
    for what in (soon, later):
        call_out = await opened(call_outs, zhao, what, [one], clock)
        assert (await call_outs.answer(call_out, one, Answer.YES)).state is AnswerState.YES
    drill = await opened(call_outs, zhao, wish(clock, place="楼北"), [one], clock)
    await db.execute("UPDATE call_outs SET kind = $2 WHERE id = $1", drill, CallKind.DRILL)
    assert (await call_outs.answer(drill, one, Answer.YES)).state is AnswerState.YES


async def test_words_without_a_card_mean_what_is_needed_before_a_drill(
    services: Services, clock: ManualClock
) -> None:
    """A full drill of the same day must not swallow the yes to a real call-out."""
    call_outs, zhao, (one,) = services.call_outs.call_outs, await actor("zhao"), await crowd(1)
    drill = await opened(call_outs, zhao, wish(clock, 1, place="楼北"), [one], clock)
    await db.execute("UPDATE call_outs SET kind = $2 WHERE id = $1", drill, CallKind.DRILL)
    await call_outs.answer(drill, one, Answer.YES)
    for answer in Answer:
        assert await call_outs.answers.latest(one, answer) == drill
    needed = await opened(call_outs, zhao, wish(clock), [one], clock)
    for answer in Answer:
        assert await call_outs.answers.latest(one, answer) == needed
    await call_outs.answer(needed, one, Answer.YES)
    await db.execute("UPDATE call_answers SET asked_at = asked_at + interval '1 hour'")
    another = await opened(call_outs, zhao, wish(clock, place="楼西"), [one], clock)
    assert (
        await call_outs.answers.latest(one, Answer.YES) == another
    )  # the place they have is kept
    assert await call_outs.answers.latest(one, Answer.LATE) == needed
    assert await call_outs.answers.latest(one, Answer.NO) == needed


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
