"""Everything that recurs. APScheduler only ticks; a tick is one deduplicated job, run once.

Every replica ticks; the job's key lets one of them through. What a tick finds is decided by
queries over domain rows, so a missed tick costs time, never work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from models import db
from models.clock import Clock
from services import jobs

log = structlog.get_logger()

EVERYTHING = "*"  # the job of a start: one for all ticks, so that forty do not queue up

_RAN = """
INSERT INTO tick_runs (name, last_at) SELECT name, $2 FROM unnest($1::text[]) AS t(name)
ON CONFLICT (name) DO UPDATE SET last_at = excluded.last_at
"""


Question = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Tick:
    """Work that recurs every `every` seconds of real time, and says how much it found to do.

    `where`: asked first; ticks with the same question are left out together.
    """

    name: str
    every: float
    work: Callable[[], Awaitable[int]]
    where: Question | None = None


class Ticks:
    def __init__(self, ticks: list[Tick], clock: Clock) -> None:
        self.ticks = {tick.name: tick for tick in ticks}
        self.clock = clock
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def start(self) -> None:
        """Tick once now, for what became due while nobody worked, and then regularly."""
        for tick in self.ticks.values():
            trigger = IntervalTrigger(seconds=tick.every, timezone="UTC")
            self._scheduler.add_job(self._enqueue, trigger, args=[tick.name], id=tick.name)
        self._scheduler.add_job(self._enqueue, args=[EVERYTHING])
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _enqueue(self, name: str) -> None:
        try:
            await jobs.enqueue(jobs.TICK, name, once=f"tick:{name}")
        except asyncio.CancelledError:
            return  # the scheduler stops; the next process ticks
        except Exception as error:
            log.warning("tick_not_enqueued", tick=name, error=type(error).__name__)

    async def run(self, name: str) -> int:
        """The job of one tick: how much it found to do. An unknown name is an old version's."""
        if name == EVERYTHING:
            return sum([await self._try(tick) for tick in self.ticks])
        tick = self.ticks.get(name)
        if tick is None:
            return 0
        found = await tick.work() if tick.where is None or await tick.where() else 0
        await db.execute(_RAN, [name], self.clock.now())
        return found

    async def _try(self, name: str) -> int:
        """One of all at the start: what fails gets a job of its own, which is repeated."""
        try:
            return await self.run(name)
        except Exception as error:
            log.warning("tick_failed", tick=name, exc_info=error)
            await self._enqueue(name)
            return 0

    async def run_all(self) -> int:
        """Every tick once, in order: what the demo does after its clock was moved."""
        asked = {tick.where for tick in self.ticks.values() if tick.where is not None}
        left_out = {where for where in asked if not await where()}
        found = sum([await t.work() for t in self.ticks.values() if t.where not in left_out])
        await db.execute(_RAN, list(self.ticks), self.clock.now())
        return found
