"""Work that goes on when nobody can wait for its end any longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from bot.tasks import Nursery


async def within(nursery: Nursery, deadline: float, work: Awaitable[None], name: str) -> bool:
    """Run `work` to its end in the nursery; whether it ended by `deadline` (loop time).

    `work` must not raise: an error of a task ends the process.
    """
    done = asyncio.Event()

    async def run() -> None:
        try:
            await work
        finally:
            done.set()

    nursery.start(run(), name)
    try:
        async with asyncio.timeout_at(deadline):
            await done.wait()
    except TimeoutError:
        return False
    return True
