"""(d) Ten thousand reminders that fall due at one instant: how late is each?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import asyncpg

from bot import database
from tests.benchmarks import rows
from tests.benchmarks.deliveries import STUB, Stub, stub_process, worker
from tests.benchmarks.machine import Machine, answers, until
from tests.benchmarks.report import Line

COUNT = 10_000
AHEAD = timedelta(seconds=30)
_PLANNED = "SELECT count(*) = $1 FROM deliveries"
_LATE = """
SELECT percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP (
           ORDER BY extract(epoch FROM e.at - d.not_before))
  FROM deliveries d JOIN delivery_events e ON e.delivery_id = d.id AND e.state = 'accepted'
"""


async def measure(machine: Machine) -> tuple[list[Line], float]:
    """The lines, and the worker's resident MB afterwards."""
    url = await machine.empty()
    connection = await database.connect(url)
    await rows.people(connection, COUNT)
    with stub_process(machine):
        await answers(f"http://127.0.0.1:{STUB}/stub/count")
        with worker(machine, url) as process:
            await process.said("started")
            due = datetime.now(UTC) + AHEAD
            await rows.shifts(connection, due, due + timedelta(hours=12), 1)
            await until(connection, _PLANNED, "the reminders planned", COUNT)
            await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
            await until(connection, rows.SETTLED, "every reminder accepted")
            size = process.resident()
        async with aiohttp.ClientSession() as session:
            calls = int(await Stub(session).get("count"))
    line = await _line(connection, calls)
    await connection.close()
    await machine.drop(url)
    return [line], size


async def _line(connection: asyncpg.Connection, calls: int) -> Line:
    p50, p99 = await connection.fetchval(_LATE)
    return Line(
        f"(d) 10,000 reminders at one instant ({calls} calls)",
        f"p50 {p50:.2f} s, p99 {p99:.2f} s",
        "the worker looks once a second",
    )
