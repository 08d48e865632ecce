"""Waiting for what other processes do: by asking again until a deadline, never by hoping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
AGAIN = 0.02  # seconds


async def eventually(ask: Callable[[], Awaitable[T]], within: float = 60.0) -> T:
    """The first answer that is not empty or false. Fails after `within` seconds."""
    answer: T | None = None
    try:
        async with asyncio.timeout(within):
            while not (answer := await ask()):
                await asyncio.sleep(AGAIN)
    except TimeoutError:
        raise AssertionError(f"not so within {within} s; the last answer was {answer!r}") from None
    return answer
