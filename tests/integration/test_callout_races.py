"""Many say yes at the same instant: never a place too many, never one lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.callouts import AnswerState
from models.clock import ManualClock
from services.actors import Actor
from services.callout_answers import Answer
from services.callout_wish import CallWish
from services.callouts import CallOuts
from tests.support.callouts import give_skills, wish
from tests.support.deciding import actor

PLACES, PEOPLE, ROUNDS = 20, 200, 50

_CROWD = """
WITH made AS (
    INSERT INTO persons (staff_no, name, unit_id, skills)
    SELECT $2 || n, '测试' || n, (SELECT min(id) FROM units WHERE kind = 'ward'), '["icu"]'
      FROM generate_series(1, $1::int) n RETURNING id, staff_no, name, unit_id),
licensed AS (
    INSERT INTO licences (person_id, kind, valid_to, created_at)
    SELECT id, 'nurse', '2029-12-31', '2026-01-01' FROM made)
SELECT * FROM made ORDER BY id
"""
_ASKED = """
INSERT INTO call_answers (call_out_id, person_id, wave, asked_at)
SELECT $1, person_id, 1, $3 FROM unnest($2::bigint[]) AS t(person_id)
"""


async def crowd(people: int, numbers: str = "R") -> list[Actor]:
    """So many new people of a ward who may be asked; their staff numbers begin so."""
    rows = await db.fetch(_CROWD, people, numbers)
    return [Actor(row["id"], row["name"], row["staff_no"], row["unit_id"]) for row in rows]


async def opened(
    call_outs: CallOuts, by: Actor, what: CallWish, people: list[Actor], clock: ManualClock
) -> int:
    """A call-out that has asked exactly these."""
    call_out = await call_outs.launch(by, what)
    await db.execute(_ASKED, call_out, [one.person_id for one in people], clock.now())
    return call_out


async def all_say(
    call_outs: CallOuts, call_out: int, people: list[Actor], answer: Answer
) -> Counter[AnswerState]:
    barrier = asyncio.Barrier(len(people))

    async def one(by: Actor) -> AnswerState:
        await barrier.wait()
        return (await call_outs.answer(call_out, by, answer)).state

    return Counter(await asyncio.gather(*(one(by) for by in people)))


async def test_200_accept_at_once_for_20_places_in_50_rounds(
    services: Services, database_url: str, clock: ManualClock
) -> None:
    """Every round ends with exactly twenty places taken, whoever they are."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    people = await crowd(PEOPLE)
    for number in range(ROUNDS):
        what = wish(clock, PLACES, place=f"楼{number}")
        call_out = await opened(call_outs, zhao, what, people, clock)
        states = await all_say(call_outs, call_out, people, Answer.YES)
        assert states == {AnswerState.YES: PLACES, AnswerState.TOO_LATE: PEOPLE - PLACES}
        rows = await db.fetch_one(
            "SELECT c.taken, c.state, (SELECT count(*) FROM call_answers a "
            "WHERE a.call_out_id = c.id AND a.state = 'yes') AS yes FROM call_outs c "
            "WHERE c.id = $1",
            call_out,
        )
        assert rows == {"taken": PLACES, "state": "full", "yes": PLACES}
        await call_outs.cancel(zhao, call_out)  # nobody goes to two places at a time
    full = await db.fetch_value("SELECT count(*) FROM audit_rows WHERE action = 'callout.full'")
    assert full == ROUNDS  # each was full once


async def test_one_person_on_two_phones_takes_one_place(
    services: Services, clock: ManualClock
) -> None:
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    (one,) = await crowd(1)
    call_out = await opened(call_outs, zhao, wish(clock, 5), [one], clock)
    assert await all_say(call_outs, call_out, [one] * 8, Answer.YES) == {AnswerState.YES: 8}
    assert (await call_outs.view(call_out)).taken == 1
    assert await all_say(call_outs, call_out, [one] * 8, Answer.NO) == {AnswerState.LEFT: 8}
    assert (await call_outs.view(call_out)).taken == 0


async def test_coming_and_leaving_at_once_leaves_numbers_that_agree(
    services: Services, clock: ManualClock
) -> None:
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    people = await crowd(30)
    call_out = await opened(call_outs, zhao, wish(clock, 10), people, clock)
    await all_say(call_outs, call_out, people[:10], Answer.YES)
    await asyncio.gather(
        all_say(call_outs, call_out, people[:5], Answer.NO),
        all_say(call_outs, call_out, people[10:], Answer.YES),
    )
    view = await call_outs.view(call_out)
    yes = await db.fetch_value(
        "SELECT count(*) FROM call_answers WHERE call_out_id = $1 AND state = 'yes'", call_out
    )
    assert view.taken == yes
    assert 5 <= view.taken <= 10
    assert view.gave_back == 5


async def test_a_cancellation_among_the_answers_tells_everybody_who_had_a_place(
    services: Services, clock: ManualClock
) -> None:
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    people = await crowd(20)
    call_out = await opened(call_outs, zhao, wish(clock, 20), people, clock)

    async def says_yes(by: Actor) -> None:
        await call_outs.answer(call_out, by, Answer.YES)

    results = await asyncio.gather(
        *(says_yes(by) for by in people[:10]),
        call_outs.cancel(zhao, call_out),
        *(says_yes(by) for by in people[10:]),
        return_exceptions=True,
    )
    assert all(str(one) == "callout_cancelled" for one in results if isinstance(one, Exception))
    told = await db.fetch(
        "SELECT d.person_id FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'callouts.cancelled' ORDER BY 1"
    )
    yes = await db.fetch(
        "SELECT person_id FROM call_answers WHERE call_out_id = $1 AND state = 'yes' ORDER BY 1",
        call_out,
    )
    assert told == yes


async def test_two_processes_that_look_at_once_send_one_wave(
    services: Services, clock: ManualClock
) -> None:
    await give_skills()
    call_outs = services.call_outs.call_outs
    call_out = await call_outs.launch(await actor("zhao"), wish(clock))
    await asyncio.gather(*(call_outs.run_due() for _ in range(4)))
    assert (await call_outs.view(call_out)).wave == 1
    waves = await db.fetch_value("SELECT count(*) FROM messages WHERE purpose = 'callouts.ask'")
    assert waves == 1


@pytest.mark.parametrize("crash", ["after_taking", "in_the_hook"])
async def test_a_crash_in_the_middle_of_a_yes_takes_no_place_and_loses_none(
    services: Services, clock: ManualClock, crash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything of an answer commits together: what dies midway was never said, and the
    platform's repeat of the same tap says it."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    (one,) = await crowd(1)
    call_out = await opened(call_outs, zhao, wish(clock, 1), [one], clock)

    async def dies(*_: object, **__: object) -> None:
        raise ConnectionError(crash)

    with monkeypatch.context() as broken:
        if crash == "after_taking":
            broken.setattr(call_outs.answers.asks, "answer", dies)
        else:
            broken.setattr(call_outs.answers, "accepted_hooks", [dies])
        with pytest.raises(ConnectionError):
            await call_outs.answer(call_out, one, Answer.YES)
    view = await call_outs.view(call_out)
    assert (view.taken, view.silent) == (0, 1)
    assert (await call_outs.answer(call_out, one, Answer.YES)).state is AnswerState.YES
    assert (await call_outs.view(call_out)).taken == 1


async def test_a_crash_in_the_middle_of_a_wave_is_made_good_by_the_next_look(
    services: Services, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await give_skills()
    call_outs = services.call_outs.call_outs
    call_out = await call_outs.launch(await actor("zhao"), wish(clock))

    async def dies(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(call_outs.waves, "_looked", dies)
        with pytest.raises(ConnectionError):
            await call_outs.run_due()
    assert await db.fetch_value("SELECT count(*) FROM call_answers") == 0
    assert (
        await db.fetch_value("SELECT count(*) FROM messages WHERE purpose = 'callouts.ask'") == 0
    )
    clock.advance(timedelta(seconds=2))
    await call_outs.run_due()
    view = await call_outs.view(call_out)
    assert (view.wave, view.asked > 0) == (1, True)
