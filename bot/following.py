"""The demo's clock: the simulator's, followed step by step. Production has no such thing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

from models.clock import ShiftedClock

log = structlog.get_logger()

POLL = ClientTimeout(total=40)
AGAIN = 0.5  # seconds


async def catch_up(session: ClientSession, url: str, clock: ShiftedClock) -> int:
    """Set our clock before anything is done by it; the revision it was set to."""
    async with session.get(url) as reply:
        state = await reply.json()
    clock.offset = timedelta(seconds=float(state["offset"]))
    return int(state["rev"])


async def follow(
    session: ClientSession,
    url: str,
    clock: ShiftedClock,
    rev: int,
    me: str,
    settle: Callable[[], Awaitable[None]] | None,
) -> None:
    """Move our clock with the one at `url`; a step is confirmed when all that is due is done.

    `me` is the same after a restart, so that nobody waits for the one that died.
    """
    while True:
        try:
            async with session.get(
                f"{url}/follow", params={"id": me, "rev": rev}, timeout=POLL
            ) as reply:
                state = await reply.json()
            clock.offset = timedelta(seconds=float(state["offset"]))
            if state["rev"] != rev and settle is not None:
                await settle()
            rev = state["rev"]
        except (ClientError, TimeoutError, KeyError, ValueError) as error:
            log.warning("clock_not_followed", error=type(error).__name__)
            await asyncio.sleep(AGAIN)
