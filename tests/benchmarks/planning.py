"""(c) Planning the reminders of 100,000 shifts, and planning again when nothing changed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import asyncpg

from bot import database
from bot.app import read_rules
from bot.wiring import build
from models import sealed
from models.clock import SystemClock
from tests.benchmarks import rows
from tests.benchmarks.machine import Machine
from tests.benchmarks.report import Line
from tests.support.hospital import RING, settings

PEOPLE, EACH = 20_000, 5
COUNT = PEOPLE * EACH


async def measure(machine: Machine) -> list[Line]:
    url = await machine.empty()
    connection = await database.connect(url)
    await rows.people(connection, PEOPLE)
    now = datetime.now(UTC)
    made = await rows.shifts(
        connection, now + timedelta(minutes=30), now + timedelta(hours=12), EACH
    )
    assert made == COUNT, made
    bare = COUNT / await _bare(connection)
    sealed.install(RING)
    async with database.opened(url, pool=2, shared=False):
        reminders = build(read_rules(settings(url)), SystemClock()).reminders
        started = time.perf_counter()
        assert await reminders.plan() == COUNT
        first = time.perf_counter() - started
        started = time.perf_counter()
        assert await reminders.plan() == 0
        second = time.perf_counter() - started
    await connection.close()
    await machine.drop(url)
    return _lines(COUNT / first, second, bare)


async def _bare(connection: asyncpg.Connection) -> float:
    await connection.execute("CREATE TABLE two (a bigint, b timestamptz)")
    started = time.perf_counter()
    await connection.execute(
        "INSERT INTO two SELECT n, now() FROM generate_series(1, $1::bigint) n", COUNT
    )
    return time.perf_counter() - started


def _lines(rate: float, second: float, bare: float) -> list[Line]:
    return [
        Line(
            "(c) planning 100,000 shifts",
            f"{rate:,.0f}/s",
            f"{bare:,.0f}/s INSERT … SELECT of two columns",
            "≥ 10,000/s",
            rate >= 10_000,
        ),
        Line(
            "(c) planning again, nothing changed",
            f"{second * 1000:.1f} ms",
            "",
            "< 2 s",
            second < 2,
        ),
    ]
