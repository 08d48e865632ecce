"""Which sending processes live. A worker holds an advisory lock; a lock that is free is a death.

The kernel closes a killed process's connection at once, so a death is known in about a second,
without heartbeats and without waiting for a lease to run out.
"""

from __future__ import annotations

import os
import socket
import uuid
from types import TracebackType
from typing import Self

import asyncpg

from bot.database import connect
from models.clock import Clock

LOCK_CLASS = 0x57B1  # the first half of the lock key; the worker's id is the second

_FREE_JOBS = """
UPDATE pgqueuer SET status = 'queued', queue_manager_id = NULL
 WHERE status = 'picked'
   AND queue_manager_id = (SELECT engine_id FROM workers WHERE id = $1)
"""
_ENTER = """
INSERT INTO workers (name, engine_id, started_at) VALUES ($1, $2, $3) RETURNING id
"""
# Whoever leaves in the middle of a send stays listed, so that somebody settles it.
_LEAVE = """
DELETE FROM workers WHERE id = $1 AND NOT EXISTS (
    SELECT 1 FROM deliveries WHERE claimed_by = $1 AND state = 'sending')
"""


class WorkerLease:
    """This process's claim to be alive, on a connection of its own."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._connection: asyncpg.Connection | None = None
        self.worker_id = 0
        self.engine_id = uuid.uuid4()

    async def __aenter__(self) -> Self:
        await self.hold()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.execute(_LEAVE, self.worker_id)
            await self._connection.close()

    async def hold(self) -> None:
        """Take a lease, or a new one when the database dropped the old connection."""
        if self._connection is not None and not self._connection.is_closed():
            return
        connection = await connect(self._url)
        name = f"{socket.gethostname()}:{os.getpid()}"
        # Locked before anybody can see the row: a listed worker without its lock is a dead one.
        async with connection.transaction():
            worker_id = await connection.fetchval(
                _ENTER, name[:128], self.engine_id, self._clock.now()
            )
            await connection.execute("SELECT pg_advisory_lock($1, $2)", LOCK_CLASS, worker_id)
        self.worker_id = worker_id
        self._connection = connection

    async def the_dead(self) -> list[int]:
        """Ids of workers that hold their lock no longer. They stay listed until `bury`."""
        await self.hold()
        assert self._connection is not None
        rows = await self._connection.fetch(
            "SELECT id FROM workers WHERE id <> $1 ORDER BY id", self.worker_id
        )
        return [row["id"] for row in rows if await self._is_free(row["id"])]

    async def _is_free(self, worker_id: int) -> bool:
        assert self._connection is not None
        free = await self._connection.fetchval(
            "SELECT pg_try_advisory_lock($1, $2)", LOCK_CLASS, worker_id
        )
        if free:
            await self._connection.execute(
                "SELECT pg_advisory_unlock($1, $2)", LOCK_CLASS, worker_id
            )
        return bool(free)

    async def bury(self, worker_id: int) -> None:
        """Forget a dead worker; the jobs it had picked may be picked again at once."""
        assert self._connection is not None
        await self._connection.execute(_FREE_JOBS, worker_id)
        await self._connection.execute("DELETE FROM workers WHERE id = $1", worker_id)
