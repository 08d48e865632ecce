"""Owns every background task of the simulator, so that none is lost and all end on stop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Tasks:
    """Starts background work and cancels what is left when the simulator stops."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[object, object, None]) -> None:
        # The product's task owner is out of reach here on purpose: nothing of it is imported.
        task = asyncio.create_task(work)  # noqa: TID251
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def stop(self) -> None:
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
