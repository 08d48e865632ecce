"""How many bodies are read at a time: few of one person; a slow line holds up only its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """At most `each` of one key and at most `most` altogether; further ones wait.

    Who waits for a turn of their own key takes none of the common ones.
    """

    def __init__(self, each: int, most: int) -> None:
        self._each = each
        self._all = asyncio.Semaphore(most)
        self._own: dict[int, asyncio.Semaphore] = {}
        self._here: dict[int, int] = {}

    @asynccontextmanager
    async def of(self, key: int) -> AsyncIterator[None]:
        own = self._own.setdefault(key, asyncio.Semaphore(self._each))
        self._here[key] = self._here.get(key, 0) + 1
        try:
            async with own, self._all:
                yield
        finally:
            self._here[key] -= 1
            if not self._here[key]:
                del self._here[key], self._own[key]
