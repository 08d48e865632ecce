"""One of many acts; and it stops before the next one begins."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest

from bot import database
from bot.leases import LEASE_CLASS, Lease, LeasePace, if_free
from tests.support.waiting import eventually

# Nobody loses it because the machine is busy; `HASTY` is for answers that never come.
PACE = LeasePace(again=0.05, settle=0.1, probe=0.05, patience=60)
HASTY = replace(PACE, patience=1)


class Actor:
    """Notes when it begins and ends to act, and whom it found on the stage."""

    def __init__(self, url: str, stage: list[str], name: str, pace: LeasePace = PACE) -> None:
        self.name = name
        self.stage = stage
        self.lease = Lease(url, "a play", pace)
        self.begun = 0
        self.met: list[str] = []  # who still acted; raised here it would only be logged
        self.stop = asyncio.Event()

    async def act(self) -> None:
        self.met += self.stage
        self.stage.append(self.name)
        self.begun += 1
        try:
            await self.stop.wait()
        finally:
            self.stage.remove(self.name)

    async def run(self) -> None:
        await self.lease.run(self.act, self.stop)


@asynccontextmanager
async def company(url: str, *names: str, pace: LeasePace = PACE) -> AsyncIterator[list[Actor]]:
    stage: list[str] = []
    actors = [Actor(url, stage, name, pace) for name in names]
    async with asyncio.TaskGroup() as group:
        for actor in actors:
            group.create_task(actor.run())
        yield actors
        for actor in actors:
            actor.stop.set()
    assert stage == []
    assert not any(actor.met for actor in actors), "two acted at once"


async def on_stage(actors: list[Actor], other_than: str = "") -> str:
    async def somebody() -> str:
        return next((n for n in actors[0].stage if n != other_than), "")

    return await eventually(somebody)


async def holders(url: str) -> list[int]:
    """Process ids of the server's side of the connections that hold a lease."""
    connection = await database.connect(url)
    rows = await connection.fetch(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = $1 "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        LEASE_CLASS,
    )
    await connection.close()
    return [row["pid"] for row in rows]


async def cut(url: str) -> int:
    """End the connections of the lease's holders, as a restarting server does."""
    pids = await holders(url)
    connection = await database.connect(url)
    for pid in pids:
        await connection.execute("SELECT pg_terminate_backend($1, 30000)", pid)
    await connection.close()
    return len(pids)


async def test_one_of_three_acts(empty_url: str) -> None:
    async with company(empty_url, "甲", "乙", "丙") as actors:
        first = await on_stage(actors)
        await asyncio.sleep(0.4)  # several tries of the others
        assert actors[0].stage == [first]
        assert sum(actor.begun for actor in actors) == 1
        assert [actor.lease.held for actor in actors].count(True) == 1


async def test_when_one_leaves_the_next_follows(empty_url: str) -> None:
    async with company(empty_url, "甲", "乙") as actors:
        first = await on_stage(actors)
        next(actor for actor in actors if actor.name == first).stop.set()
        assert await on_stage(actors, other_than=first) != first


async def test_whoever_loses_the_connection_stops_and_one_of_all_follows(empty_url: str) -> None:
    # A server's process frees the lock a moment before its connection ends.
    async with company(empty_url, "甲", "乙", pace=replace(PACE, settle=0.5)) as actors:
        for turn in range(1, 4):
            await on_stage(actors)
            assert await cut(empty_url) == 1

            async def next_turn(turns: int = turn) -> bool:
                return sum(actor.begun for actor in actors) > turns

            await eventually(next_turn)


async def test_whoever_gets_no_answer_stops_before_the_lock_is_free(empty_url: str) -> None:
    """The server's side of the connection is frozen: to the holder like a cable pulled out."""
    async with company(empty_url, "甲", "乙", pace=HASTY) as actors:
        await on_stage(actors)
        [pid] = await eventually(lambda: holders(empty_url))
        os.kill(pid, signal.SIGSTOP)
        try:

            async def empty() -> bool:
                return actors[0].stage == []

            await eventually(empty)
            await asyncio.sleep(0.3)
            assert actors[0].stage == []  # the other one cannot have it yet
        finally:
            os.kill(pid, signal.SIGCONT)
        await on_stage(actors)
        assert sum(actor.begun for actor in actors) >= 2


async def test_a_holder_that_fails_is_logged_and_gives_way(
    empty_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0
    stop = asyncio.Event()

    async def fail_first() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ValueError("a fault of ours")

    await asyncio.wait_for(Lease(empty_url, "a play", PACE).run(fail_first, stop), 30)
    assert tries == 2
    assert "lease_holder_failed" in caplog.text


async def test_who_is_told_to_stop_while_waiting_never_acts(empty_url: str) -> None:
    async with company(empty_url, "甲") as actors:
        await on_stage(actors)
        late = Actor(empty_url, actors[0].stage, "乙")
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(late.run())
            await asyncio.sleep(0.2)
            late.stop.set()
            await asyncio.wait_for(waiting, 20)
        assert late.begun == 0


async def test_the_doctor_sees_whether_it_is_free_and_keeps_it_meanwhile(empty_url: str) -> None:
    async with if_free(empty_url, "a play") as free:
        assert free
        async with if_free(empty_url, "a play") as twice, if_free(empty_url, "other") as other:
            assert (twice, other) == (False, True)
    async with if_free(empty_url, "a play") as again:
        assert again


async def test_a_database_that_is_away_is_asked_again(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first connection fails; nothing is held, and the second one works."""
    real, calls = database.connect, 0

    async def connect(url: str, *, timeout: float = 10) -> asyncpg.Connection:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionRefusedError
        return await real(url, timeout=timeout)

    monkeypatch.setattr("bot.leases.connect", connect)
    async with company(empty_url, "甲") as actors:
        await on_stage(actors)
    assert calls >= 2
