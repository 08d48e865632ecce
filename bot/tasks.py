"""The one place that owns background tasks: named, watched, and ended together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger()


class Nursery:
    """Tasks of one process. A task that dies is logged and ends the nursery's `failed` event.

    Nothing may be started from inside a database transaction: a task inherits the connection.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._endless: set[asyncio.Task[Any]] = set()
        self.failed = asyncio.Event()

    def start(self, work: Coroutine[Any, Any, Any], name: str, *, endless: bool = False) -> None:
        """Run `work`. What is `endless` never ends by itself and is cancelled first."""
        task = asyncio.create_task(work, name=name)  # noqa: TID251
        (self._endless if endless else self._tasks).add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._endless.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_died", task=task.get_name(), exc_info=error)
            self.failed.set()

    async def close(self, *, grace: float = 10) -> None:
        """Let running tasks finish for `grace` seconds, then cancel the rest."""
        for task in list(self._endless):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._endless, return_exceptions=True)
