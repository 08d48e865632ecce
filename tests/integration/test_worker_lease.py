"""Who is alive, who is dead, and what the dead leave behind."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

from bot import database
from models import db
from models.clock import ManualClock
from scheduler import upkeep
from scheduler.workers import WorkerLease
from tests.support.ledger import one_delivery


async def test_a_worker_that_has_just_arrived_is_never_taken_for_dead(
    database_url: str, clock: ManualClock
) -> None:
    async with WorkerLease(database_url, clock) as watcher:
        arrived, looked = asyncio.Event(), asyncio.Event()

        async def come_and_stay() -> None:
            async with AsyncExitStack() as leases:
                for _ in range(10):
                    await leases.enter_async_context(WorkerLease(database_url, clock))
                arrived.set()
                await looked.wait()  # who leaves while it is looked at is found gone, and rightly

        async with asyncio.TaskGroup() as group:
            group.create_task(come_and_stay())
            found = []
            while not arrived.is_set():
                found += await watcher.the_dead()
            looked.set()
        assert found == []


async def test_the_lease_is_gone_when_its_connection_is(
    database_url: str, clock: ManualClock
) -> None:
    async with WorkerLease(database_url, clock) as watcher:
        victim = WorkerLease(database_url, clock)
        await victim.hold()
        connection = await database.connect(database_url)
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_locks "  # ms; returns when it is gone
            "WHERE locktype = 'advisory' AND objid = $1 AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())",
            victim.worker_id,
        )
        await connection.close()
        assert await watcher.the_dead() == [victim.worker_id]


async def test_what_was_being_sent_when_a_worker_left_is_settled_by_the_next(
    database_url: str, clock: ManualClock
) -> None:
    async with WorkerLease(database_url, clock) as leaving:
        delivery = await one_delivery("sending", clock.now(), claimed_by=leaving.worker_id)
    async with WorkerLease(database_url, clock) as following:
        assert await upkeep.take_over(following, clock) == 1
        assert await following.the_dead() == []
    row = await db.fetch_one("SELECT state, repeat_until FROM deliveries WHERE id = $1", delivery)
    assert row is not None
    assert row["state"] == "unknown"
    assert row["repeat_until"] > clock.now() + timedelta(minutes=20)


async def test_a_worker_with_nothing_in_hand_leaves_no_trace(
    database_url: str, clock: ManualClock
) -> None:
    async with WorkerLease(database_url, clock):
        pass
    assert await db.fetch("SELECT id FROM workers") == []
