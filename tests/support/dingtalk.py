"""The inbound half around a scripted pipeline, for tests that need no database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.events import Event, Reply
from bot.platforms.dingtalk.decode import Persons, Said
from bot.platforms.dingtalk.inbound import Budgets, Inbound
from bot.tasks import Nursery
from models.clock import ManualClock
from tests.dingtalk import CORP, NOW
from tests.support.unhurried import LONG


@dataclass
class Taker:
    """Stands where the pipeline stands: takes, refuses or hangs as the test says."""

    taken: list[Event] = field(default_factory=list)
    reply: Reply | None = None
    error: Exception | None = None
    gate: asyncio.Event | None = None
    budgets: list[float | None] = field(default_factory=list)

    async def take(self, event: Event, budget: float | None = None) -> Reply | None:
        self.budgets.append(budget)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.taken.append(event)
        return self.reply


@dataclass
class Given:
    """Notes which replies would have gone out, and how."""

    at_once: list[tuple[str, Reply]] = field(default_factory=list)
    later: list[tuple[str, Reply]] = field(default_factory=list)
    deadlines: list[float] = field(default_factory=list)

    async def give(self, said: Said, reply: Reply, deadline: float) -> None:
        self.at_once.append((said.event.event_id, reply))
        self.deadlines.append(deadline)

    async def late(self, event: Event, reply: Reply) -> None:
        self.later.append((event.event_id, reply))


@dataclass
class Inside:
    """An Inbound with its surroundings."""

    taker: Taker = field(default_factory=Taker)
    given: Given = field(default_factory=Given)
    nursery: Nursery = field(default_factory=Nursery)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    budgets: Budgets = field(default_factory=lambda: Budgets(tap_answer=LONG, events=LONG))

    def inbound(self) -> Inbound:
        return Inbound(
            self.taker.take,
            self.given,
            Persons(CORP),
            self.clock,
            self.nursery,
            budgets=self.budgets,
        )
