"""A delivery worker over a platform whose every answer the test decides."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.app import read_rules
from bot.channels import Channel, SendFailed, Sent
from bot.wiring import Services
from models.cards import Card, Content
from models.clock import ManualClock
from models.policies import Policies
from scheduler.claiming import Claimer
from scheduler.delivery import DeliveryWorker
from scheduler.pictures import Pictures
from scheduler.rendering import Renderer
from scheduler.repeating import Repeater
from scheduler.workers import WorkerLease
from services.ledger import Ledger
from services.purposes import Purposes
from services.quotas import Quotas
from tests.support.hospital import settings
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Call:
    """What the platform was asked to do."""

    content: Content
    to: tuple[str, ...]
    key: str


@dataclass
class Platform:
    """A channel whose answers are laid out beforehand; when none is left it accepts."""

    name: str = "wecom_app"
    batch: int = 1000
    repeats: bool = True
    ready: bool = True
    member_per_minute: int = 30
    member_per_hour: int = 1000
    answers: deque[Sent | SendFailed] = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)

    def repeatable(self, content: Content) -> bool:
        return self.repeats

    async def send(
        self, content: Content, to: Sequence[str], *, key: str, again: bool = False
    ) -> Sent:
        self.calls.append(Call(content, tuple(to), key))
        answer = self.answers.popleft() if self.answers else Sent(f"m{len(self.calls)}")
        if isinstance(answer, SendFailed):
            raise answer
        return answer

    async def redraw(self, card: Card, to: Sequence[str], *, response_code: str, key: str) -> str:
        return ""

    async def recall(self, message_id: str) -> None:
        return


@dataclass
class Post:
    """The worker at work, told when to look."""

    platform: Platform
    worker: DeliveryWorker
    renderer: Renderer
    clock: ManualClock

    async def works(self) -> None:
        """Send what is due at this instant."""
        self.worker.wake()
        await asyncio.wait_for(self.worker.idle(), 30)

    async def calls(self, count: int) -> list[Call]:
        """Wait until the platform was called so often."""

        async def enough() -> bool:
            return len(self.platform.calls) >= count

        await eventually(enough)
        return self.platform.calls


@asynccontextmanager
async def post_office(
    url: str,
    services: Services,
    clock: ManualClock,
    policies: Policies | None = None,
    channel: str = "wecom_app",
    through: Channel | None = None,
) -> AsyncIterator[Post]:
    """`through` is a real channel to work on instead of the platform of the test's making."""
    rules = read_rules(settings(url))
    chosen = policies or rules.policies
    quotas = Quotas(Ledger(Purposes([]), services.ledger.ladder, clock), chosen, clock)
    renderer = Renderer(services.ledger.purposes, rules.catalogue)
    claimer = Claimer(renderer, chosen, quotas, services.ledger.ladder, clock)
    platform = Platform(channel)
    async with WorkerLease(url, clock) as lease:
        worker = DeliveryWorker(
            through or platform,
            claimer,
            Repeater(renderer, clock),
            services.ledger.ladder,
            chosen.budgets,
            lease,
            clock,
            Pictures(services.evidence.to_send),
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(worker.run())
            yield Post(platform, worker, renderer, clock)
            worker.stop()
            for _ in range(2):
                worker.wake()
                await asyncio.sleep(0)
