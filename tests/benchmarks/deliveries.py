"""(b) Deliveries a second through the whole worker: ledger, claim, render, HTTP, recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import asyncpg

from bot import database
from bot.app import read_rules
from bot.wiring import build
from models import db, sealed
from models.clock import SystemClock
from tests.benchmarks import rows
from tests.benchmarks.machine import (
    Child,
    Machine,
    answers,
    bot_environment,
    child,
    median,
    output_of,
    until,
)
from tests.benchmarks.report import Line
from tests.support.hospital import RING, settings

COUNT = 20_000
ROUNDS = 3
STUB = 18803
WORKER = 18804


@dataclass
class Stub:
    """The platform's process, as asked over HTTP."""

    session: aiohttp.ClientSession

    async def get(self, what: str) -> Any:
        async with self.session.get(f"http://127.0.0.1:{STUB}/stub/{what}") as reply:
            return await reply.json()


@contextmanager
def stub_process(machine: Machine) -> Iterator[Child]:
    with child(machine, "tests.benchmarks.stub", str(STUB)) as process:
        yield process


@contextmanager
def worker(machine: Machine, url: str) -> Iterator[Child]:
    env = bot_environment(machine, url, WORKER, f"http://127.0.0.1:{STUB}")
    with child(machine, "bot", "worker", env=env) as process:
        yield process


async def measure(machine: Machine) -> tuple[list[Line], float]:
    """The lines, and the worker's resident MB after all of it."""
    url = await machine.empty()
    connection = await database.connect(url)
    await rows.people(connection, COUNT)
    apart: list[float] = []
    alike: list[float] = []
    bare: list[float] = []
    with stub_process(machine):
        await answers(f"http://127.0.0.1:{STUB}/stub/count")
        async with aiohttp.ClientSession() as session:
            stub = Stub(session)
            with worker(machine, url) as process:
                await process.said("started")
                for _ in range(ROUNDS):
                    bare.append(float(await _bare(COUNT // 2, 1)))
                    apart.append(await _different(connection, stub))
                    # The members' budget of a minute is not what is measured here.
                    await connection.execute("UPDATE deliveries SET claimed_at = NULL")
                    alike.append(await _alike(connection, url, stub))
                    await connection.execute("UPDATE deliveries SET claimed_at = NULL")
                    await connection.execute("DELETE FROM channel_usage")
                size = process.resident()
            grouped = float(await _bare(COUNT // 1000, 1000)) * 1000
    await connection.close()
    await machine.drop(url)
    return _lines(median(apart), median(alike), median(bare), grouped), size


async def _bare(calls: int, receivers: int) -> str:
    out = await output_of("tests.benchmarks.bare_posts", str(STUB), str(calls), str(receivers))
    return out.decode()


async def _different(connection: asyncpg.Connection, stub: Stub) -> float:
    await stub.get("reset")
    async with connection.transaction():
        await rows.different(connection, COUNT, datetime.now(UTC))
        await rows.wake(connection)
    return await _rate(connection, stub, time.monotonic())


async def _alike(connection: asyncpg.Connection, url: str, stub: Stub) -> float:
    """One notice to everybody, said through the ledger."""
    await stub.get("reset")
    sealed.install(RING)
    people = [row["id"] for row in await connection.fetch("SELECT id FROM persons")]
    async with database.opened(url, pool=2, shared=False):
        ledger = build(read_rules(settings(url)), SystemClock()).ledger
        async with db.transaction():
            await ledger.notify("replies.late", 0, people, context={"text": "明早停水,请提前备水"})
        started = time.monotonic()
        return await _rate(connection, stub, started)


async def _rate(connection: asyncpg.Connection, stub: Stub, started: float) -> float:
    ended = await until(connection, rows.SETTLED, "every delivery accepted")
    summary = await stub.get("summary")
    assert summary["reached"] == COUNT, summary
    assert not summary["doubled"], summary
    return COUNT / (ended - started)


def _lines(apart: float, alike: float, bare: float, grouped: float) -> list[Line]:
    return [
        Line(
            "(b) 20,000 different messages",
            f"{apart:,.0f}/s = {apart / bare:.2f} × bare",
            f"{bare:,.0f}/s bare posts, no database",
            "≥ 2,000/s",
            apart >= 2000,
        ),
        Line(
            "(b) one content to 20,000 people",
            f"{alike:,.0f}/s",
            f"{grouped:,.0f}/s bare posts of 1,000 receivers",
            "≥ 20,000/s",
            alike >= 20_000,
        ),
    ]
