"""Call-outs and leaving when the only bot is killed (kill -9) in the middle of them.

Each death happens at a known point: another connection holds a lock until the bot waits for it
with half of its transaction written, or the platform holds the call that the bot waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.wiring import Services
from models import db
from models.callouts import AnswerState
from models.clock import ManualClock
from services.actors import Actor
from services.callout_answers import Answer
from tests.support.callouts import answered, asked, give_skills, wish
from tests.support.deciding import actor
from tests.support.hospital import START
from tests.support.processes import Process, Town, town
from tests.support.waiting import eventually

# Who waits for a lock here: the server's other databases, of tests beside this one, are clones of
# the same tables by the same numbers.
_WAITING = """
SELECT waits.pid FROM pg_locks waits
 WHERE NOT waits.granted AND EXISTS (
       SELECT 1 FROM pg_locks has JOIN pg_database d ON d.oid = has.database
        WHERE has.pid = waits.pid AND d.datname = current_database())
"""
# ... and has already written to this table, without having committed.
_HALF_DONE = f"""
SELECT count(*) FROM pg_locks has
 WHERE has.granted AND has.relation = $1::regclass AND has.mode = 'RowExclusiveLock'
   AND has.pid IN ({_WAITING})
"""
_REDRAWS = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'redraw'"
_STATES = """
SELECT state, count(*) AS people FROM call_answers WHERE call_out_id = $1 GROUP BY state
"""


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path, START.isoformat()) as here:
        yield here


async def held(statement: str, *args: Any, until_written: str, bot: Process) -> None:
    """Kill the bot when it waits for what this statement locks, having written to a table."""
    async with db.transaction():
        await db.fetch(statement, *args)

        async def halfway() -> bool:
            return bool(await db.fetch_value(_HALF_DONE, until_written))

        await eventually(halfway)
        await bot.killed()


async def killed_in_call(place: Town, bot: Process, api: str, fault: str) -> None:
    """Kill the bot while it waits for the platform's answer to a call."""

    async def called() -> bool:
        return place.calls(api, fault) > 0

    await eventually(called)
    await bot.killed()
    place.sim.faults.clear()


async def nobody_waits() -> None:
    """The database has noticed that the dead are dead: what they had not committed is gone."""

    async def quiet() -> bool:
        return not await db.fetch(_WAITING)

    await eventually(quiet)


async def all_sent() -> None:
    """Every message that is due has arrived, and every card looks as it should."""

    async def done() -> bool:
        waiting = await db.fetch_value(
            "SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending', 'unknown')"
        )
        return not waiting and not await db.fetch_value(_REDRAWS)

    await eventually(done)


async def messages(place: Town, user: str, words: str) -> list[dict[str, Any]]:
    """What has come to a phone and shows these words now."""
    found = await place.get(f"/sim/phones/{user}/messages")
    return [one for one in found if one["direction"] == "in" and words in one["text"]]


async def users_of(people: Sequence[int]) -> list[str]:
    rows = await db.fetch(
        "SELECT person_id, user_id FROM identities WHERE person_id = ANY($1)", list(people)
    )
    found = {row["person_id"]: row["user_id"] for row in rows}
    return [found[person] for person in people]


async def tap(place: Town, user: str, button: str) -> None:
    """Press a button of the newest card that asks them; also one that is grey by now."""
    (card,) = await messages(place, user, "到楼东")
    body = {"seq": card["seq"], "button": button, "force": True}
    await place.post(f"/sim/phones/{user}/tap", body)


async def states(call_out: int) -> dict[str, int]:
    rows = await db.fetch(_STATES, call_out)
    return {row["state"]: row["people"] for row in rows}


async def launched(services: Services, clock: ManualClock, places: int) -> int:
    await give_skills()
    return await services.call_outs.call_outs.launch(await actor("zhao"), wish(clock, places))


async def test_killed_while_a_wave_is_written_and_while_it_is_sent_nobody_is_asked_twice(
    place: Town, services: Services, clock: ManualClock
) -> None:
    call_out = await launched(services, clock, 2)
    first = await place.bot("worker", wait=False)
    lock = "LOCK TABLE asks IN SHARE ROW EXCLUSIVE MODE"
    await held(lock, until_written="call_answers", bot=first)
    await nobody_waits()
    assert await states(call_out) == {}  # half a wave is no wave
    for fault in ("black_hole", "accepted_then_timeout"):
        place.sim.faults.add({"kind": fault, "api": "message/send"})
        bot = await place.bot("worker", wait=False)
        await killed_in_call(place, bot, "message/send", fault)
    await place.bot("worker")
    await all_sent()
    people = await asked(call_out)
    assert len(people) >= 3
    for user in await users_of(people):
        assert len(await messages(place, user, "16:00到楼东")) == 1
    assert len(await messages(place, "zhao", "楼东：")) == 1
    waves = await db.fetch(
        "SELECT detail->>'asked' AS asked FROM audit_rows WHERE action = 'callout.wave'"
    )
    assert [int(row["asked"]) for row in waves] == [len(people)]
    view = await services.call_outs.call_outs.view(call_out)
    assert (view.wave, view.asked, view.taken) == (1, len(people), 0)


async def test_killed_among_the_yeses_and_in_the_stand_down_the_quota_is_exact(
    place: Town, services: Services, clock: ManualClock
) -> None:
    call_out = await launched(services, clock, 3)
    bot = await place.bot()
    await place.listens(bot)

    async def all_asked() -> bool:
        return bool(await asked(call_out))

    await eventually(all_asked)
    await all_sent()
    a, b, c, d, *silent = users = await users_of(await asked(call_out))
    assert silent
    await tap(place, a, "可以参加")
    await tap(place, b, "可以参加")
    row = "SELECT id FROM call_outs WHERE id = $1 FOR UPDATE"
    async with asyncio.TaskGroup() as group:
        for user in (c, d):
            group.create_task(tap(place, user, "可以参加"))
        await held(row, call_out, until_written="inbox", bot=bot)
    await nobody_waits()
    asking = len(silent) + 2
    assert await states(call_out) == {"yes": 2, "asked": asking}  # kept, and no half of a yes
    place.sim.faults.add({"kind": "black_hole", "api": "message/update_template_card"})
    bot = await place.bot()
    await place.listens(bot)
    for user in (c, d):  # nobody had answered them, so they tap again
        await tap(place, user, "可以参加")
    await killed_in_call(place, bot, "message/update_template_card", "black_hole")
    done = {"yes": 3, "too_late": 1, "stood_down": len(silent)}
    assert await states(call_out) == done
    place.sim.faults.add({"kind": "accepted_then_timeout", "api": "message/update_template_card"})
    bot = await place.bot("worker", wait=False)
    await killed_in_call(place, bot, "message/update_template_card", "accepted_then_timeout")
    bot = await place.bot()
    await place.listens(bot)
    await all_sent()
    assert await states(call_out) == done
    assert len(await messages(place, "zhao", "人数已够：3/3人")) == 1
    for user in users:
        assert len(await messages(place, user, "到楼东")) == 1
    for user in silent:
        assert len(await messages(place, user, "人已齐，不用来了，谢谢")) == 1
    view = await services.call_outs.call_outs.view(call_out)
    assert (view.taken, view.too_late, view.silent, view.state) == (3, 1, len(silent), "full")
    full = await db.fetch_value("SELECT count(*) FROM audit_rows WHERE action = 'callout.full'")
    assert full == 1


async def test_killed_in_the_middle_of_leaving_access_ends_whole_and_once(
    place: Town, services: Services, clock: ManualClock
) -> None:
    """Rights are taken away, the place in a call-out not yet: all of it or nothing is true."""
    call_out = await launched(services, clock, 1)
    call_outs, leaver = services.call_outs.call_outs, await actor("li")
    await call_outs.run_due()
    await ask_too(call_out, leaver, clock)
    await db.execute("DELETE FROM roster_cells WHERE person_id = $1", leaver.person_id)  # free
    done = await answered(call_outs, call_out, leaver.person_id, Answer.YES)
    assert done.state is AnswerState.YES, done
    await db.execute(
        "INSERT INTO grants (person_id, role, unit_id) VALUES ($1, 'manager', $2)",
        leaver.person_id,
        leaver.unit_id,
    )
    day_before = date(2026, 12, 6)
    await db.execute(
        "UPDATE persons SET leaves_on = $2 WHERE id = $1", leaver.person_id, day_before
    )
    bot = await place.bot("worker", wait=False)
    row = "SELECT id FROM asks WHERE person_id = $1 FOR UPDATE"
    await held(row, leaver.person_id, until_written="grants", bot=bot)
    await nobody_waits()
    assert await standing(leaver, call_out) == (True, 1, 1, 0)
    await place.bot("worker")

    async def gone() -> bool:
        return (await standing(leaver, call_out))[3] > 0

    await eventually(gone)
    await all_sent()
    active, grants, _, left = await standing(leaver, call_out)
    assert (active, grants, left) == (False, 0, 1)
    assert (await states(call_out))["left"] == 1
    assert len(await messages(place, "zhao", "李小样来不了了")) == 1


async def ask_too(call_out: int, person: Actor, clock: ManualClock) -> None:
    """Somebody is among those asked, with an open question to answer."""
    await db.execute(
        "INSERT INTO call_answers (call_out_id, person_id, wave, asked_at) VALUES ($1, $2, 1, $3) "
        "ON CONFLICT DO NOTHING",
        call_out,
        person.person_id,
        clock.now(),
    )


async def standing(person: Actor, call_out: int) -> tuple[bool, int, int, int]:
    """(works here, rights, places taken, times they were said to have left)."""
    row = await db.fetch_one(
        "SELECT p.active, (SELECT count(*) FROM grants WHERE person_id = p.id) AS grants, "
        "(SELECT taken FROM call_outs WHERE id = $2) AS taken, "
        "(SELECT count(*) FROM audit_rows WHERE action = 'person.left' "
        "AND subject = 'persons:' || p.id) AS left FROM persons p WHERE p.id = $1",
        person.person_id,
        call_out,
    )
    assert row is not None
    return row["active"], row["grants"], row["taken"], row["left"]
