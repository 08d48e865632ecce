"""Not more calls a second than the platform allows, so that it need not refuse them (S1433)."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta

from bot.channels import Failure, SendFailed
from bot.platforms.dingtalk.errors import cure

PER_SECOND = 18  # of one API; the standard edition allows 20, and other processes may call too
LONGEST_WAIT = 2.0  # seconds; whoever would wait longer has surely not been sent


class Pace:
    """One process's starts of calls, by API."""

    def __init__(self, per_second: int = PER_SECOND) -> None:
        self._per_second = per_second
        self._starts: dict[str, deque[float]] = {}

    async def take(self, api: str) -> None:
        """Wait for a place. Raises SendFailed(WINDOW) when too many wait already."""
        now = asyncio.get_running_loop().time()
        starts = self._starts.setdefault(api, deque(maxlen=self._per_second))
        full = len(starts) == self._per_second
        at = max(now, starts[0] + 1.0) if full else now
        if at - now > LONGEST_WAIT:
            wait = timedelta(seconds=at - now)
            raise SendFailed(
                Failure.WINDOW, reason="our own pace", cure=cure("rate_limit"), wait=wait
            )
        starts.append(at)
        if at > now:
            await asyncio.sleep(at - now)
