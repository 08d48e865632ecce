"""(f) 5,000 queued, the worker killed after 1,500: what a new process makes of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import aiohttp

from bot import database
from tests.benchmarks import rows
from tests.benchmarks.deliveries import STUB, Stub, stub_process, worker
from tests.benchmarks.machine import Machine, answers, until
from tests.benchmarks.report import Line

COUNT, KILL_AFTER = 5000, 1500
_IN_FLIGHT = "SELECT count(*) FROM deliveries WHERE state = 'sending'"


async def measure(machine: Machine) -> list[Line]:
    url = await machine.empty()
    connection = await database.connect(url)
    await rows.people(connection, COUNT)
    with stub_process(machine):
        await answers(f"http://127.0.0.1:{STUB}/stub/count")
        async with aiohttp.ClientSession() as session:
            stub = Stub(session)
            with worker(machine, url) as first:
                await first.said("started")
                async with connection.transaction():
                    await rows.different(connection, COUNT, datetime.now(UTC))
                    await rows.wake(connection)
                while int(await stub.get("count")) < KILL_AFTER:
                    await asyncio.sleep(0.002)
                first.kill()
            in_flight = await connection.fetchval(_IN_FLIGHT)
            with worker(machine, url) as second:
                up = await second.said("started")
                ended = await until(connection, rows.SETTLED, "every message accepted")
                work = ended - second.started - up
            summary = await stub.get("summary")
    await connection.close()
    await machine.drop(url)
    return _lines(up, work, COUNT - summary["reached"], summary["doubled"], in_flight)


def _lines(up: float, work: float, lost: int, doubled: int, in_flight: int) -> list[Line]:
    return [
        Line(
            "(f) kill -9 after 1,500 of 5,000: until all are accepted",
            f"{work:.1f} s after start-up of {up:.1f} s",
            "PGQueuer alone: 30 s until a death is noticed",
            "≤ 3 s",
            work <= 3,
        ),
        Line("(f) lost", str(lost), "", "0", lost == 0),
        Line(
            "(f) arrived twice at the stub",
            str(doubled),
            f"{in_flight:,} claimed and not yet recorded",
            "≤ in flight",
            doubled <= in_flight,
        ),
    ]
