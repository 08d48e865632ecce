"""A counter one can wait on: every change bumps it and wakes all who look on."""

from __future__ import annotations

import asyncio


class Pulse:
    """Monotonic revision number with waiting; nobody polls and no queue can overflow."""

    def __init__(self) -> None:
        self.rev = 0
        self.closed = False
        self._changed = asyncio.Event()

    def bump(self) -> int:
        self.rev += 1
        self._wake()
        return self.rev

    def close(self) -> None:
        """Let all waiters go, so that a stopping server is not held by long polls."""
        self.closed = True
        self._wake()

    async def beyond(self, rev: int, timeout: float) -> bool:
        """Wait at most `timeout` real seconds for a revision above `rev`."""
        try:
            async with asyncio.timeout(timeout):
                while self.rev <= rev and not self.closed:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return self.rev > rev

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
