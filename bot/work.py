"""The working half of a process: engine, ticks, one delivery worker per channel, the lease."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import structlog

from bot.channels import Channel
from bot.kf import KfDesk
from bot.rules import Rules
from bot.tasks import Nursery
from bot.wiring import Services
from models import db
from models.clock import Clock
from scheduler import upkeep
from scheduler.claiming import Claimer
from scheduler.delivery import DeliveryWorker
from scheduler.engine import Engine
from scheduler.pictures import Pictures
from scheduler.receipts import ReceiptAsker
from scheduler.redrawing import Redrawer
from scheduler.rendering import Renderer
from scheduler.repeating import Repeater
from scheduler.stuck import move_on
from scheduler.ticks import Tick, Ticks
from scheduler.workers import WorkerLease
from services import audit, jobs
from services.todos import TodoList

log = structlog.get_logger()

WATCH_EVERY = 1.0  # seconds between looks for dead workers
SETTLE_EVERY = 0.02
KF_EVERY = 300  # seconds between looks at customer service for rings that were lost
_POSTS = "SELECT EXISTS (SELECT 1 FROM postings)"
PENDING_JOBS = """
SELECT count(*) FROM pgqueuer
 WHERE status IN ('queued', 'picked') AND execute_after <= now() AND entrypoint <> 'tick'
"""


class Workshop:
    """Everything that happens because of time or because a job says so."""

    def __init__(
        self,
        url: str,
        services: Services,
        rules: Rules,
        channels: Mapping[str, Channel],
        clock: Clock,
        todo_list: TodoList | None = None,
        kf: KfDesk | None = None,
    ) -> None:
        self.clock = clock
        self.services = services
        self.channels = channels
        self.todo_list = todo_list
        self.kf = kf
        self.lease = WorkerLease(url, clock)
        renderer = Renderer(services.ledger.purposes, rules.catalogue)
        self.receipts = ReceiptAsker(channels, services.ledger.ladder, clock)
        self.workers = self._workers(rules, renderer)
        self.redrawer = Redrawer(channels, renderer, clock)
        self.ticks = Ticks(self._ticks(), clock)
        self.engine = Engine(
            url,
            self.lease.engine_id,
            {
                jobs.DELIVER: self._deliver,
                jobs.HANDLE: services.pipeline.handle_parked,
                jobs.REDRAW: self._redraw,
                jobs.TODO: self._todos,
                jobs.REFRESH: services.directories.check.refresh,
                jobs.PULL: services.attendance_pull.run,
                jobs.SOLVE: services.drafting.drafts.run,
                jobs.KF: self._kf,
                jobs.CHAT: self._chats,
                jobs.TICK: self.ticks.run,
            },
        )
        self._stopping = asyncio.Event()

    def _workers(self, rules: Rules, renderer: Renderer) -> list[DeliveryWorker]:
        """One for each channel."""
        services, clock, ladder = self.services, self.clock, self.services.ledger.ladder
        claimer = Claimer(renderer, rules.policies, services.quotas, ladder, clock)
        pictures = Pictures(services.evidence.to_send)
        return [
            DeliveryWorker(
                channel,
                claimer,
                Repeater(renderer, clock),
                ladder,
                rules.policies.budgets,
                self.lease,
                clock,
                pictures,
            )
            for channel in self.channels.values()
        ]

    async def _kf(self, payload: str) -> None:
        if self.kf is not None:
            await self.kf.rang(payload)

    async def _chats(self, _payload: str) -> None:
        if self.kf is not None:
            await self.services.recruiting.moves.carry_out(self.kf.sessions)

    def _kf_ticks(self, kf: KfDesk) -> list[Tick]:
        moves = self.services.recruiting.moves
        return [
            Tick("kf.look", KF_EVERY, kf.look),
            Tick("chats.move", 5, in_transaction(moves.wake_for_due)),
        ]

    async def _move_on(self) -> int:
        async with db.transaction():
            return await move_on(self.services.ledger.ladder, self.clock.now())

    def _ticks(self) -> list[Tick]:
        services = self.services
        lists = [Tick("todos.due", 10, in_transaction(services.todos.wake_for_due))]
        return [
            *(lists if self.todo_list is not None else []),
            *(self._kf_ticks(self.kf) if self.kf is not None else []),
            *self._recruiting_ticks(),
            *services.lists.ticks(),
            *services.gaps.ticks(),
            *services.call_outs.ticks(),
            Tick("inbox.parked", 2, lambda: upkeep.wake_parked(self.clock)),
            Tick("reminders.plan", 20, services.reminders.plan),
            Tick("asks.escalate", 5, services.escalation.run_due),
            Tick("approvals.expire", 10, in_transaction(services.approvals.expire_due)),
            Tick("swaps.expire", 10, in_transaction(services.swaps.expire_due)),
            Tick("renewals.forget", 600, in_transaction(services.renewals.renewals.forget_drafts)),
            Tick("drafts.lost", 60, services.drafting.drafts.end_lost),
            Tick("asks.expire", 10, services.asks.expire_due),
            Tick("deliveries.due", 1, self._wake_for_due),
            Tick("groups.failed", 60, in_transaction(services.group_failures.tell)),
            Tick("receipts.ask", 5, self.receipts.run),
            Tick("quotas.warn", 60, services.quotas.warn_due),
            Tick("audit.seal", 5, seal_quietly),
            Tick("uploads.forget", 60, services.uploads.forget_old),
            Tick("records.forget", 600, services.retention.forget_old),
            Tick("evidence.forget", 600, services.evidence.forget_old),
            Tick("directory.compare", 300, services.directories.check.compare_tonight),
            Tick("attendance.compare", 300, services.attendance_compare.compare),
            *services.licences.ticks(),
        ]

    def _recruiting_ticks(self) -> list[Tick]:
        """One question each, and no more, in a hospital that has no post to fill."""
        its = self.services.recruiting
        ticks = [
            Tick("candidates.move_on", 60, self._move_on),
            Tick("slots.tend", 30, its.days.slots.tend),
            Tick("interviews.remind", 30, its.days.reminders.remind),
            Tick("interviews.tell", 60, its.days.interviewers.tell),
            Tick("interviews.end", 30, its.results.ends.tick),
            Tick("results.clock", 30, its.results.clock.tick),
            Tick("outcomes.send", 10, its.results.sender.tick),
            Tick("candidates.unreachable", 60, its.unreachable.tell),
            Tick("recruiting.report", 60, its.reports.tell_due),
            Tick("erasure.finish", 10, its.erasure.finish_due),
            Tick("erasure.vacuum", 300, its.sweep.vacuum),
            Tick("erasure.rewrite", 300, its.sweep.rewrite_tonight),
            Tick("candidates.forget", 600, its.forgetting.forget_due),
            Tick("ratings.ask", 300, its.ratings.ask_due),
            Tick("pool.tell", 60, its.pool.tell_news),
            Tick("interviews.expire", 60, its.invitations.expire_due),
        ]
        return [replace(tick, where=there_are_posts) for tick in ticks]

    async def start(self, nursery: Nursery) -> None:
        """Take over what the dead left, then begin to work."""
        await self.lease.hold()
        await self._take_over()
        await self.services.licences.retune()
        for worker in self.workers:
            nursery.start(worker.run(), f"deliver:{worker.channel.name}")
            worker.wake()
        nursery.start(self.engine.run(), "engine")
        nursery.start(self._watch(), "watch")
        self.ticks.start()

    async def stop(self) -> None:
        """No new ticks, no new claims; what is in flight is finished by the nursery's grace."""
        self._stopping.set()
        self.ticks.stop()
        self.engine.stop()
        for worker in self.workers:
            worker.stop()

    async def close(self) -> None:
        await self.lease.__aexit__(None, None, None)

    async def settle(self) -> None:
        """Return when everything due at this instant is done: for a clock that was moved."""
        await self._quiet_down()  # ticks look at what became of what is being sent
        while await self.ticks.run_all():  # what was done may have made something else due
            await self._quiet_down()
        await self._quiet_down()

    async def _quiet_down(self) -> None:
        while True:
            if await self._is_quiet():
                return
            await asyncio.sleep(SETTLE_EVERY)

    async def _is_quiet(self) -> bool:
        """Whether nothing is due, in work or waiting to be done.

        A job may wake a worker and end between two of these questions: then what is due is
        being sent already, which neither of them sees.
        """
        before = self._wakings()
        for worker in self.workers:
            await worker.idle()
        pending = await db.fetch_value(PENDING_JOBS)
        due = await self._wake_due()
        return not due and not pending and self._wakings() == before

    def _wakings(self) -> int:
        return sum(worker.wakings for worker in self.workers)

    async def _deliver(self, _payload: str) -> None:
        await self._wake_due()

    async def _wake_due(self) -> int:
        """Wake the workers of those channels that have something to send; how many."""
        due = await upkeep.due_channels(self._ready(), self.clock)
        for worker in self.workers:
            if worker.channel.name in due:
                worker.wake()
        return len(due)

    async def _redraw(self, payload: str) -> None:
        message_id, _, how = payload.partition(" ")
        await self.redrawer.redraw(int(message_id), spend=how == jobs.SPEND)

    async def _todos(self, _payload: str) -> None:
        if self.todo_list is not None:
            await self.services.todos.reconcile(self.todo_list)

    async def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._take_over()
                await self._wake_own()
            except Exception as error:
                log.warning("watch_failed", error=type(error).__name__)
            try:
                async with asyncio.timeout(WATCH_EVERY):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _take_over(self) -> None:
        await upkeep.take_over(self.lease, self.clock)

    async def _wake_own(self) -> None:
        """A channel may live in one process only: others get its jobs and cannot use them."""
        await self._wake_due()

    def _ready(self) -> list[str]:
        return [name for name, channel in self.channels.items() if channel.ready]

    async def _wake_for_due(self) -> int:
        return await upkeep.wake_for_due(self._ready(), self.clock)


async def seal_quietly() -> int:
    """Seal the audit log; it makes nothing else due, however much there was."""
    await audit.seal()
    return 0


def in_transaction(work: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
    """The same work, committed or rolled back as a whole."""

    async def run() -> int:
        async with db.transaction():
            return await work()

    return run


async def there_are_posts() -> bool:
    """Whether the hospital has ever recruited for anything."""
    return bool(await db.fetch_value(_POSTS))
