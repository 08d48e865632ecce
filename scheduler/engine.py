"""The work engine: PGQueuer on a connection of its own, running our few kinds of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog
from pgqueuer import Queries
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueManagerId

from bot.database import connect

log = structlog.get_logger()

Work = Callable[[str], Awaitable[object]]

BATCH = 20
POLL = timedelta(seconds=5)  # NOTIFY wakes us; this is only for a lost one
STALE = timedelta(seconds=4)  # a job whose worker has been silent this long is picked again
RETRY_AFTER = timedelta(seconds=10)
RETRIES = 5
RECONNECT_AFTER = 1.0  # seconds


class Engine:
    """Runs jobs until stopped, over lost connections too."""

    def __init__(self, url: str, engine_id: UUID, work: Mapping[str, Work]) -> None:
        self._url = url
        self._engine_id = engine_id
        self._work = work
        self._manager: QueueManager | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._run_once()
                if not self._stopping.is_set():
                    log.warning("engine_lost_database", error="ConnectionLost")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("engine_lost_database", error=type(error).__name__)
                await self._pause()

    async def _run_once(self) -> None:
        connection = await connect(self._url)
        try:
            self._manager = manager = QueueManager(Queries(AsyncpgDriver(connection)))
            manager.queue_manager_id = QueueManagerId(self._engine_id)
            # Else a server that was restarted is missed only when the next poll is due.
            connection.add_termination_listener(lambda _: manager.shutdown.set())
            if self._stopping.is_set():
                return
            for name, work in self._work.items():
                manager.entrypoint(name)(self._job(work))
            await manager.run(
                dequeue_timeout=POLL,
                batch_size=BATCH,
                heartbeat_timeout=STALE,
                shutdown_on_listener_failure=True,
                log_aggregation_interval=timedelta(0),
            )
        finally:
            self._manager = None
            await connection.close()

    def _job(self, work: Work) -> Callable[[Job], Awaitable[None]]:
        async def run(job: Job) -> None:
            try:
                await work((job.payload or b"").decode())
            except Exception as error:
                log.warning("job_failed", job=job.entrypoint, attempt=job.attempts, exc_info=error)
                if job.attempts + 1 < RETRIES:
                    raise RetryRequested(delay=RETRY_AFTER, reason=type(error).__name__) from error
                raise

        return run

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(RECONNECT_AFTER):
                await self._stopping.wait()
        except TimeoutError:
            return
