"""(h) 100,000 licences: writing them down, the first morning, every morning after.

Ends lie evenly over five years, so that a morning finds what it finds in a hospital: the scan asks
an index for what is due and must not read the rest.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import asyncpg

from bot import database
from bot.app import read_rules
from bot.wiring import Services, build
from models import db, sealed
from models.clock import SHANGHAI, ManualClock
from services.licence_records import LicenceFacts
from tests.benchmarks import rows
from tests.benchmarks.machine import Machine
from tests.benchmarks.report import Line
from tests.support.hospital import RING, settings

PEOPLE = 20_000
KINDS = ("nurse", "bls", "acls", "pals", "maternity")
COUNT = PEOPLE * len(KINDS)
DAYS = 5 * 365
BATCH = 5_000
NINE = datetime(2026, 12, 7, 9, tzinfo=SHANGHAI)


async def measure(machine: Machine) -> list[Line]:
    url = await machine.empty()
    connection = await database.connect(url)
    await rows.people(connection, PEOPLE)
    sealed.install(RING)
    clock = ManualClock(NINE)
    async with database.opened(url, pool=2, shared=False):
        services = build(read_rules(settings(url)), clock)
        written = await _write(services)
        await connection.execute("ANALYZE licences")
        backlog, first = await _morning(services)
        clock.advance(timedelta(days=1))
        due, second = await _morning(services)
        clock.advance(timedelta(minutes=1))
        _, again = await _morning(services)
        scan = await _scan(clock)
        whole = await _whole_table(connection)
    await connection.close()
    await machine.drop(url)
    return _lines(COUNT / written, (backlog, first), (due, second), again, scan, whole)


async def _write(services: Services) -> float:
    people = [row["id"] for row in await db.fetch("SELECT id FROM persons ORDER BY id")]
    start = NINE.date()
    batch = [
        LicenceFacts(
            person,
            kind,
            start + timedelta(days=(turn * 7919 + index * 104_729) % DAYS),
            number=f"{turn:06d}{index}",
        )
        for index, kind in enumerate(KINDS)
        for turn, person in enumerate(people)
    ]
    started = time.perf_counter()
    for at in range(0, COUNT, BATCH):
        await services.licences.records.put_many("bench", batch[at : at + BATCH], "名册.xlsx")
    return time.perf_counter() - started


async def _morning(services: Services) -> tuple[int, float]:
    """How many had a step, and the seconds it took."""
    started = time.perf_counter()
    found = await services.licences.reminders.remind()
    return found, time.perf_counter() - started


async def _scan(clock: ManualClock) -> float:
    """Asking what is due when it has all been said: the median of 21."""
    today: date = clock.now().astimezone(SHANGHAI).date()
    taken = []
    for _ in range(21):
        started = time.perf_counter()
        await db.fetch(
            "SELECT id FROM licences WHERE state = 'current' AND next_step_on <= $1", today
        )
        taken.append(time.perf_counter() - started)
    return sorted(taken)[10]


async def _whole_table(connection: asyncpg.Connection) -> float:
    """The same question by reading every row."""
    await connection.execute("SET enable_indexscan = off")
    await connection.execute("SET enable_bitmapscan = off")
    started = time.perf_counter()
    await connection.fetch(
        "SELECT id FROM licences WHERE state = 'current' AND next_step_on <= $1",
        datetime(2026, 12, 8, tzinfo=UTC).date(),
    )
    return time.perf_counter() - started


def _lines(
    rate: float,
    first: tuple[int, float],
    second: tuple[int, float],
    again: float,
    scan: float,
    whole: float,
) -> list[Line]:
    each = second[1] / max(1, second[0]) * 1000
    return [
        Line("(h) writing down 100,000 licences", f"{rate:,.0f}/s", "", "≥ 2,000/s", rate >= 2000),
        Line(
            f"(h) the first morning: {first[0]:,} of them have a step",
            f"{first[1]:.1f} s",
            "",
            "< 60 s",
            first[1] < 60,
        ),
        Line(
            f"(h) an ordinary morning: {second[0]:,} have one",
            f"{second[1]:.2f} s ({each:.1f} ms each)",
            "",
            "< 5 s",
            second[1] < 5,
        ),
        Line("(h) the same once more", f"{again * 1000:.1f} ms", "", "< 0.1 s", again < 0.1),
        Line(
            "(h) scan of 100,000 with nothing due",
            f"{scan * 1000:.2f} ms",
            f"{whole * 1000:.1f} ms reading every row",
            "< 10 ms",
            scan < 0.010,
        ),
    ]
