"""Processes that share the work, and processes that die of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.pipeline import CARRIES_REPLY
from bot.wiring import Services
from models import db
from tests.support.ledger import history_of
from tests.support.processes import Town, town
from tests.support.waiting import eventually

DOUBLED = """
SELECT subject_id, person_id FROM deliveries d JOIN messages m ON m.id = d.message_id
 WHERE m.purpose = 'shifts.reminder' GROUP BY 1, 2 HAVING count(*) > 1
"""


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path) as here:
        yield here


async def write(services: Services, count: int, *users: str) -> list[int]:
    """So many different messages to each of these, or to all; the ids of their deliveries."""
    rows = await db.fetch("SELECT person_id, user_id FROM identities ORDER BY person_id")
    for row in rows:
        if not users or row["user_id"] in users:
            for number in range(count):
                text = f"第{number}条，给{row['user_id']}"
                context = {"text": text}
                await services.ledger.notify(
                    CARRIES_REPLY, number, [row["person_id"]], context=context
                )
    found = await db.fetch("SELECT id FROM deliveries ORDER BY id")
    return [row["id"] for row in found]


async def all_accepted() -> bool:
    waiting = "SELECT count(*) FROM deliveries WHERE state <> 'accepted'"
    return int(await db.fetch_value(waiting)) == 0


async def some_accepted() -> bool:
    accepted = "SELECT count(*) FROM deliveries WHERE state = 'accepted'"
    return int(await db.fetch_value(accepted)) >= 20


async def reminders_accepted() -> bool:
    rows = await db.fetch(
        "SELECT d.state FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'shifts.reminder'"
    )
    return len(rows) == 8 and {row["state"] for row in rows} == {"accepted"}


async def test_two_processes_remind_a_ward_once(place: Town) -> None:
    one, two = await asyncio.gather(place.bot(wait=False), place.bot(wait=False))
    await asyncio.gather(place.up(one), place.up(two))
    await eventually(reminders_accepted)
    phones = {user: got for user, got in place.arrived().items() if got}
    assert len(phones) == 8
    assert all(len(got) == 1 for got in phones.values())
    assert await db.fetch(DOUBLED) == []
    assert await one.ended() == 0
    assert await two.ended() == 0
    assert await db.fetch("SELECT id FROM workers") == []


async def test_when_one_of_two_is_killed_the_other_finishes_without_loss(
    place: Town, services: Services
) -> None:
    ids = await write(services, 8)
    place.sim.faults.add({"kind": "slow", "api": "message/send", "ms": 120})
    one, two = await asyncio.gather(place.bot(wait=False), place.bot(wait=False))
    await asyncio.gather(place.up(one), place.up(two))
    await eventually(some_accepted)
    await one.killed()
    place.sim.faults.clear()
    await eventually(all_accepted)
    got = [body for bodies in place.arrived().values() for body in bodies]
    texts = [body for body in got if "第" in body and "条" in body]
    assert len(texts) == len(set(texts)) == len(ids)
    assert await eventually(reminders_accepted)
    assert await db.fetch(DOUBLED) == []


@pytest.mark.parametrize(
    ("fault", "api"),
    [
        ("black_hole", "message/send"),
        ("accepted_then_timeout", "message/send"),
        ("black_hole", "gettoken"),
    ],
    ids=["before the platform has it", "after the platform has it", "while getting a token"],
)
async def test_the_only_worker_killed_in_mid_delivery_loses_and_doubles_nothing(
    place: Town, services: Services, fault: str, api: str
) -> None:
    ids = await write(services, 1)
    place.sim.faults.add({"kind": fault, "api": api})
    worker = await place.bot("worker")

    async def caught() -> bool:
        sending = await db.fetch("SELECT 1 FROM deliveries WHERE state = 'sending'")
        return place.calls(api, fault) >= 1 and bool(sending)

    await eventually(caught)
    await worker.killed()
    place.sim.faults.clear()
    in_flight = [
        row["id"] for row in await db.fetch("SELECT id FROM deliveries WHERE state = 'sending'")
    ]
    assert in_flight
    await place.bot("worker")
    await eventually(all_accepted)
    for delivery in in_flight:
        expected = ["queued", "sending", "unknown", "sending", "accepted"]
        assert await history_of(delivery) == expected
    texts = [body for bodies in place.arrived().values() for body in bodies if "给" in body]
    assert len(texts) == len(set(texts)) == len(ids)


async def test_a_worker_told_to_stop_finishes_what_it_sends(
    place: Town, services: Services
) -> None:
    ids = await write(services, 2)
    place.sim.faults.add({"kind": "slow", "api": "message/send", "ms": 400})
    worker = await place.bot("worker")

    async def busy() -> bool:
        return bool(await db.fetch("SELECT 1 FROM deliveries WHERE state = 'sending'"))

    await eventually(busy)
    assert await worker.ended() == 0
    states = {row["state"] for row in await db.fetch("SELECT DISTINCT state FROM deliveries")}
    assert states <= {"accepted", "queued"}
    assert await db.fetch("SELECT id FROM workers") == []
    place.sim.faults.clear()
    await place.bot("worker")
    await eventually(all_accepted)
    texts = [body for bodies in place.arrived().values() for body in bodies if "给" in body]
    assert len(texts) == len(set(texts)) == len(ids)


async def test_what_was_acknowledged_survives_the_death_of_the_process(place: Town) -> None:
    bot = await place.bot()
    await place.listens(bot)
    done = await place.says("li", "我的班")
    assert done["status"] == "ok"
    await bot.killed()
    rows = await db.fetch("SELECT state, kind FROM inbox")
    assert rows == [{"state": "done", "kind": "TextSaid"}]
