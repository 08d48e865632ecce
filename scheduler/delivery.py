"""The delivery worker of one channel: claim, send, write down, until nothing is due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from prometheus_client import Counter, Histogram

from bot.channels import Channel, Failure, SendFailed
from models.cards import Picture, Sendable
from models.clock import Clock
from models.policies import Budgets
from scheduler import outcomes
from scheduler.claiming import Batch, Claimer
from scheduler.moves import Outcome
from scheduler.parcels import Parcel
from scheduler.pictures import Pictures
from scheduler.repeating import Repeater
from scheduler.workers import WorkerLease
from services.reach import Ladder

log = structlog.get_logger()

SENT = Counter("wardbell_deliveries", "Deliveries by outcome", ["channel", "outcome"])
LAG = Histogram(
    "wardbell_delivery_seconds",
    "From claimed to recorded",
    ["channel"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

BATCH = 2000  # deliveries per claim
CALLS = 64  # calls in flight per worker
LOOPS = 2  # one claims while another sends
AFTER_ERROR = 0.5  # seconds
SEND_LIMIT = 15.0  # seconds; the client gives up earlier
FILE_LIMIT = 50.0  # seconds, with the file on its way to the platform first


class DeliveryWorker:
    """Woken by jobs and ticks; what it works on lies in the database, so a wake-up may be lost."""

    def __init__(
        self,
        channel: Channel,
        claimer: Claimer,
        repeater: Repeater,
        ladder: Ladder,
        budgets: Budgets,
        lease: WorkerLease,
        clock: Clock,
        pictures: Pictures,
    ) -> None:
        self.channel = channel
        self._pictures = pictures
        self._claimer = claimer
        self._repeater = repeater
        self._ladder = ladder
        self._budgets = budgets
        self._lease = lease
        self._clock = clock
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._busy = 0
        self.wakings = 0
        self._stopping = False
        self._lost: list[int] = []
        self._calls = asyncio.Semaphore(CALLS)

    def wake(self) -> None:
        self.wakings += 1
        self._idle.clear()
        self._woken.set()

    def stop(self) -> None:
        """Take no new work; what is being sent is finished and written down."""
        self._stopping = True
        self._woken.set()

    async def idle(self) -> None:
        """Return once nothing is due any more."""
        await self._idle.wait()

    async def run(self) -> None:
        """Work until stopped."""
        async with asyncio.TaskGroup() as group:
            for _ in range(LOOPS):
                group.create_task(self._loop())

    async def _loop(self) -> None:
        while not self._stopping:
            await self._woken.wait()
            self._woken.clear()
            self._busy += 1
            try:
                await self._drain()
            except Exception as error:
                # The rows stay as they are; the next tick wakes us again, but not at once.
                log.error("delivery_failed", channel=self.channel.name, exc_info=error)
                await asyncio.sleep(AFTER_ERROR)
            finally:
                self._busy -= 1
                if not self._busy and not self._woken.is_set():
                    self._idle.set()

    async def _drain(self) -> None:
        while not self._stopping and self.channel.ready:
            await self._settle_lost()
            repeats = await self._repeater.claim(self.channel, self._lease.worker_id, BATCH)
            await self._send_all(repeats)
            batch = await self._claimer.claim(self.channel, self._lease.worker_id, BATCH)
            if batch.more:
                self._woken.set()  # the other loop claims the next batch while this one sends
            await self._send_all(batch)
            if not batch.parcels and not batch.more and not repeats.more:
                return

    async def _send_all(self, batch: Batch) -> None:
        if not batch.parcels:
            return
        recorder = _Recorder(self)
        try:
            with LAG.labels(self.channel.name).time():
                async with asyncio.TaskGroup() as group:
                    for parcel, content in batch.parcels:
                        await self._calls.acquire()
                        group.create_task(self._send(parcel, content, recorder))
            await recorder.flush()
        except Exception:
            self._lost += [parcel.send_id for parcel, _ in batch.parcels]
            self.wake()
            raise

    async def _settle_lost(self) -> None:
        """Sends whose outcome could not be written down must not stay `sending` for ever."""
        if self._lost:
            lost = list(self._lost)
            await outcomes.presume_lost(lost, self._clock.now())
            del self._lost[: len(lost)]

    async def _send(self, parcel: Parcel, content: Sendable, recorder: _Recorder) -> None:
        try:
            outcome = await self._call(parcel, content)
        finally:
            self._calls.release()
        await recorder.add(parcel, outcome)

    async def _call(self, parcel: Parcel, content: Sendable) -> Outcome:
        try:
            async with asyncio.timeout(FILE_LIMIT if _is_file(content) else SEND_LIMIT):
                return await self._speak(parcel, content)
        except SendFailed as failed:
            log.warning(
                "send_failed",
                channel=self.channel.name,
                code=failed.code,
                failure=failed.failure,
                reason=failed.reason,
            )
            return failed
        except TimeoutError:
            return SendFailed(Failure.UNKNOWN, reason="no reply in time")
        except Exception as error:
            # A fault of ours, and nobody knows how far the call got.
            log.error("send_broke", channel=self.channel.name, exc_info=error)
            return SendFailed(Failure.UNKNOWN, reason=type(error).__name__)

    async def _speak(self, parcel: Parcel, content: Sendable) -> Outcome:
        if isinstance(content, Picture):
            return await self._pictures.send(self.channel, content, parcel)
        return await self.channel.send(
            content, parcel.addresses, key=parcel.task_id, again=parcel.repeat
        )

    async def record(self, results: Sequence[tuple[Parcel, Outcome]]) -> None:
        await outcomes.write(results, self.channel, self._ladder, self._budgets, self._clock.now())
        for parcel, outcome in results:
            if isinstance(outcome, SendFailed):
                SENT.labels(self.channel.name, str(outcome.failure)).inc(len(parcel.deliveries))
                continue
            refused = len(outcome.refused)
            SENT.labels(self.channel.name, "accepted").inc(len(parcel.deliveries) - refused)
            SENT.labels(self.channel.name, "refused").inc(refused)


def _is_file(content: Sendable) -> bool:
    return isinstance(content, Picture)


class _Recorder:
    """Group commit: outcomes that come while one batch is being written form the next."""

    def __init__(self, worker: DeliveryWorker) -> None:
        self._worker = worker
        self._waiting: list[tuple[Parcel, Outcome]] = []
        self._writing = asyncio.Lock()

    async def add(self, parcel: Parcel, outcome: Outcome) -> None:
        self._waiting.append((parcel, outcome))
        if not self._writing.locked():
            await self.flush()

    async def flush(self) -> None:
        async with self._writing:
            while self._waiting:
                results, self._waiting = self._waiting, []
                await self._worker.record(results)
