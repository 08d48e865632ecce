"""One access token per app for all replicas: fetched once, early, and never in a loop.

WeCom D91039, DingTalk S0033: both hand the same token out again while it lives, and throttle who
asks often. What a platform says of its refusals is its own; it is handed in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.channels import Failure, SendFailed
from models.clock import Clock

EARLY = timedelta(minutes=5)
_PAUSE_SECONDS = 30.0  # a token handed out again near its end is used this long before asking
_MOST_RENEWALS = 3  # in one process and minute, however often the platform calls tokens stale
_MINUTE_SECONDS = 60.0
_FIRST_REST = timedelta(seconds=60)
_LONGEST_REST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Token:
    """`generation` tells two fetches apart even when the platform returns the same value."""

    value: str = field(repr=False)
    generation: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """The platform's answer to the call for a token."""

    value: str = field(repr=False)
    lifetime: timedelta


Fetch = Callable[[], Awaitable[Fetched]]
"""Asks the platform for a token. Raises SendFailed."""


class TokenStore(Protocol):
    """Where replicas share tokens. Both raise SendFailed."""

    async def get(self, app: str) -> Token | None:
        """The token as stored, perhaps expired; None before the first."""
        ...

    async def refresh(self, app: str, seen: int, fetch: Fetch) -> Token:
        """A token newer than generation `seen`; of all callers in all replicas one fetches.

        A CONFIGURATION failure is remembered, and raised again without fetching while it rests.
        """
        ...


def rest_after(refusals: int) -> timedelta:
    """How long nobody asks again after so many refusals in a row: 1, 2, 4, 8, then 10 minutes."""
    return min(_FIRST_REST * (1 << min(max(refusals, 1) - 1, 10)), _LONGEST_REST)


class TokenSource:
    """One app's token in this process, in front of the shared store.

    `worn_out` words the failure when one new token after another is called stale.
    """

    def __init__(
        self,
        app: str,
        store: TokenStore,
        fetch: Fetch,
        clock: Clock,
        worn_out: Callable[[], SendFailed],
    ) -> None:
        self._app = app
        self._store = store
        self._fetch = fetch
        self._clock = clock
        self._refused = worn_out
        self._held: Token | None = None
        self._renewals: deque[float] = deque(maxlen=_MOST_RENEWALS)
        self._lock = asyncio.Lock()

    async def current(self) -> Token:
        """A token with at least five minutes to live, if there is one. Raises SendFailed."""
        held = self._held
        if held is not None and self._good(held):
            return held
        async with self._lock:
            if self._held is None or not self._good(self._held):
                self._held = await self._store.get(self._app)
            if self._held is None or not self._good(self._held):
                await self._renew(0 if self._held is None else self._held.generation)
            assert self._held is not None
            return self._held

    async def after(self, stale: Token) -> Token:
        """A newer token than one the platform has just called invalid. Raises SendFailed."""
        async with self._lock:
            if self._held is None or self._held.generation <= stale.generation:
                self._held = await self._store.get(self._app)
            if self._held is None or self._held.generation <= stale.generation:
                if self._worn_out():
                    raise self._refused()  # more would only burn quota
                await self._renew(stale.generation)
            assert self._held is not None
            return self._held

    async def _renew(self, seen: int) -> None:
        self._held = await self._store.refresh(self._app, seen, self._fetch)
        self._renewals.append(self._clock.monotonic())

    def _good(self, token: Token) -> bool:
        # Close to its end the platform may hand out the same token again: then it is used up.
        left = token.expires_at - self._clock.now()
        return left > EARLY or (left > timedelta() and self._just_renewed())

    def _just_renewed(self) -> bool:
        return bool(self._renewals) and self._ago(self._renewals[-1]) < _PAUSE_SECONDS

    def _worn_out(self) -> bool:
        full = len(self._renewals) == _MOST_RENEWALS
        return full and self._ago(self._renewals[0]) < _MINUTE_SECONDS

    def _ago(self, instant: float) -> float:
        return self._clock.monotonic() - instant


def resting(code: int, until: datetime, now: datetime, cure: str) -> SendFailed:
    """What callers get while a refusal rests."""
    seconds = max(int((until - now).total_seconds()), 1)
    return SendFailed(
        Failure.CONFIGURATION,
        code=code,
        reason=f"refused before, next try in {seconds} s",
        cure=cure,
        wait=until - now,
    )
