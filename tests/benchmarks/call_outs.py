"""(g) A call-out in a house of 5,000: who may be asked, and how soon the first wave has its card.

The cards go through the whole worker to the simulator's WeCom, each to a phone of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import asyncpg

from bot import database, sample_platforms
from bot.app import read_rules
from bot.wiring import build
from models import db, sealed
from models.callouts import CallKind
from models.clock import SHANGHAI, SystemClock
from services.actors import Actor
from services.callout_wish import CallWish
from services.callouts import CallOuts
from tests.benchmarks.machine import Child, Machine, answers, bot_environment, child, until
from tests.benchmarks.report import Line
from tests.support import pool
from tests.support.hospital import RING, settings

STAFF = 5_000
SIMULATOR, WORKER = 18805, 18806
SIM = f"http://127.0.0.1:{SIMULATOR}"
PROMISED = 60.0  # seconds from the launch until everybody of the first wave has a card

_HEAD = """
WITH made AS (INSERT INTO persons (staff_no, name) VALUES ('H1', '事小主') RETURNING id)
INSERT INTO grants (person_id, role) SELECT id, 'hr_head' FROM made RETURNING person_id
"""
_ASKED = "SELECT EXISTS (SELECT 1 FROM call_answers WHERE call_out_id = $1)"
# Whoever has answered or was stood down is not waited for.
_REACHED = """
SELECT NOT EXISTS (
    SELECT 1 FROM deliveries d JOIN messages m ON m.id = d.message_id
     WHERE m.subject_id = $1 AND m.purpose = 'callouts.ask' AND d.state IN ('queued', 'sending'))
"""
_TIMES = """
SELECT count(*) AS cards, min(e.at) AS first, max(e.at) AS last, c.launched_at
  FROM call_outs c JOIN messages m ON m.subject_id = c.id AND m.purpose = 'callouts.ask'
  JOIN deliveries d ON d.message_id = m.id
  JOIN delivery_events e ON e.delivery_id = d.id AND e.state = 'accepted'
 WHERE c.id = $1 GROUP BY c.launched_at
"""
_SOMEBODY = """
SELECT lower(p.staff_no) FROM call_answers a JOIN persons p ON p.id = a.person_id
 WHERE a.call_out_id = $1 ORDER BY a.id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Launched:
    """Seconds from the launch to the first and the last of so many cards."""

    cards: int
    first: float
    last: float


async def measure(machine: Machine) -> list[Line]:
    url = await machine.empty()
    connection = await database.connect(url)
    now = datetime.now(SHANGHAI)
    sealed.install(RING)
    async with database.opened(url, pool=2, shared=False):
        await pool.fill(STAFF, now.date(), now)
        head = Actor(await db.fetch_value(_HEAD), "事小主", "H1", None, hr_head=True)
        calls = build(read_rules(settings(url)), SystemClock()).call_outs.call_outs
        planning = await _planning(calls, head)
        with _simulator(machine), _worker(machine, url) as process:
            await answers(f"{SIM}/sim/phones")
            await process.said("started")
            wave = await _launched(connection, calls, head, _wish("楼东", 200, 120, "icu"))
            everybody = await _launched(connection, calls, head, _wish("急诊", 500, 40, ""))
    await connection.close()
    await machine.drop(url)
    return [_planned(*planning), *_lines("first wave", wave), *_lines("everybody", everybody)]


def _wish(place: str, needed: int, minutes: int, skill: str) -> CallWish:
    """Wanted so soon that everybody is asked at once, or in two hours."""
    at = SystemClock().now() + timedelta(minutes=minutes)
    return CallWish(CallKind.VOLUNTARY, place, needed, at, at + timedelta(hours=8), skill)


async def _planning(calls: CallOuts, head: Actor) -> tuple[float, int, int]:
    """Seconds, statements and people that may be asked; the second look, with caches warm."""
    wish = _wish("楼西", 200, 120, "icu")
    await calls.preview(head, wish)
    async with _counted() as statements:
        started = time.perf_counter()
        found = await calls.preview(head, wish)
        seconds = time.perf_counter() - started
    return seconds, len(statements), found.eligible


@asynccontextmanager
async def _counted() -> AsyncIterator[list[None]]:
    """One entry for each time a connection is taken for a statement."""
    usual = db.connection
    taken: list[None] = []

    @asynccontextmanager
    async def counting() -> AsyncIterator[Any]:
        taken.append(None)
        async with usual() as borrowed:
            yield borrowed

    db.connection = counting
    try:
        yield taken
    finally:
        db.connection = usual


@contextmanager
def _simulator(machine: Machine) -> Iterator[Child]:
    """The simulated WeCom with everybody of the pool on it."""
    hospital = sample_platforms.simulated("http://127.0.0.1:9/unset", show=("p00000",))
    hospital["members"] = [
        {"userid": f"p{number:05}", "name": f"池{number}", "departments": [1]}
        for number in range(STAFF)
    ]
    hospital["groups"] = []
    path = machine.folder / "hospital.json"
    path.write_text(json.dumps(hospital), "utf-8")
    with child(machine, "simulator", "--port", str(SIMULATOR), "--hospital", str(path)) as process:
        yield process


@contextmanager
def _worker(machine: Machine, url: str) -> Iterator[Child]:
    env = bot_environment(machine, url, WORKER, SIM)
    with child(machine, "bot", "worker", env=env) as process:
        yield process


async def _launched(
    connection: asyncpg.Connection, calls: CallOuts, head: Actor, wish: CallWish
) -> Launched:
    call_out = await calls.launch(head, wish)
    await until(connection, _ASKED, "the first wave", call_out)
    await until(connection, _REACHED, "every card accepted", call_out)
    row = await connection.fetchrow(_TIMES, call_out)
    assert row is not None
    assert await _has_card(await connection.fetchval(_SOMEBODY, call_out), wish.place)
    await calls.cancel(head, call_out)
    first, last = (
        (row[which] - row["launched_at"]).total_seconds() for which in ("first", "last")
    )
    return Launched(row["cards"], first, last)


async def _has_card(userid: str, place: str) -> bool:
    """Whether the one who was asked last sees it on the phone."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{SIM}/sim/phones/{userid}/messages") as reply,
    ):
        messages = await reply.json()
    return any(message["card"] and place in message["text"] for message in messages)


def _planned(seconds: float, statements: int, people: int) -> Line:
    return Line(
        f"(g) whom a call-out may ask: {people:,} of {STAFF:,} ({statements} statements)",
        f"{seconds:.2f} s",
        "",
        "< 10 s",
        seconds < 10,
    )


def _lines(what: str, found: Launched) -> list[Line]:
    return [
        Line(
            f"(g) call-out, {what}: launch to first / last of {found.cards:,} cards",
            f"{found.first:.1f} / {found.last:.1f} s",
            "the worker looks every 2 s",
            f"last ≤ {PROMISED:.0f} s",
            found.last <= PROMISED,
        )
    ]
