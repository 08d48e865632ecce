"""Pulls what candidates did when the doorbell rings (D94670): in order, and nothing is lost.

Nothing is deduplicated here: after a crash or a lost answer the same entries come again, and the
handler knows them by their `msgid`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.channels import Failure, SendFailed
from bot.platforms.wecom.errors import KF_TOKEN_BAD
from bot.platforms.wecom.kf.client import KfClient, Page
from bot.platforms.wecom.kf.events import KfEvent
from models.clock import Clock

UNTOKENED_SECONDS = 10.0  # between two pulls without a token; the platform names no number
_EMPTY_SECONDS = 1.0
_MOST_EMPTY = 10  # pages in a row that bring nothing and do not move the cursor

Handle = Callable[[Sequence[KfEvent]], Awaitable[None]]
"""Takes one page in order, in one transaction if it can. It must know a `msgid` it has seen, and
raise only when it could not store: the page then comes again, before anything newer."""


class CursorStore(Protocol):
    """Where replicas share how far each account has been pulled."""

    async def get(self, open_kfid: str) -> str:
        """Empty before the first pull."""
        ...

    async def set(self, open_kfid: str, cursor: str, *, seen: str) -> bool:
        """Move on from `seen`; False when another process has moved on meanwhile."""
        ...


@dataclass(slots=True)
class _Flight:
    """`rung` counts rings; a pull that began after ring n answers all up to n."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rung: int = 0
    answered: int = 0
    token: str = field(default="", repr=False)
    failed: Exception | None = None
    untokened_at: float = float("-inf")


class Puller:
    """One per process. Two processes at once cost double work, not a lost or a doubled message."""

    def __init__(
        self,
        client: KfClient,
        cursors: CursorStore,
        handle: Handle,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._cursors = cursors
        self._handle = handle
        self._clock = clock
        self._sleep = sleep
        self._flights: dict[str, _Flight] = {}

    async def rang(self, open_kfid: str, token: str = "") -> None:
        """Pull until nothing is left; without `token` slowly, for a look from time to time.

        Rings during a pull share the next one, and its failure. Raises SendFailed and whatever
        the handler and the store raise; ring again then.
        """
        flight = self._flights.setdefault(open_kfid, _Flight())
        flight.rung += 1
        mine, flight.token = flight.rung, token or flight.token
        async with flight.lock:
            if flight.answered < mine:
                await self._answer(open_kfid, flight)
            elif flight.failed is not None:
                raise flight.failed

    async def _answer(self, open_kfid: str, flight: _Flight) -> None:
        """Cancelled, it has answered nobody: the next in line pulls."""
        number = flight.rung
        try:
            await self._pull(open_kfid, flight)
        except Exception as error:
            flight.answered, flight.failed = number, error
            raise
        flight.answered, flight.failed = number, None

    async def _pull(self, open_kfid: str, flight: _Flight) -> None:
        cursor, empty = await self._cursors.get(open_kfid), 0
        while True:
            page = await self._page(open_kfid, cursor, flight)
            if page.events:
                await self._handle(page.events)
            if page.cursor != cursor:
                moved = await self._cursors.set(open_kfid, page.cursor, seen=cursor)
                # Another process was faster: go on from there, as it may have died since.
                cursor = page.cursor if moved else await self._cursors.get(open_kfid)
                empty = 0
            elif page.more:
                empty = await self._nothing_moved(empty)
            if not page.more:
                return

    async def _page(self, open_kfid: str, cursor: str, flight: _Flight) -> Page:
        if token := flight.token:
            try:
                return await self._client.sync(open_kfid, cursor=cursor, token=token)
            except SendFailed as failed:
                if failed.code != KF_TOKEN_BAD:
                    raise
            if flight.token == token:
                flight.token = ""
        await self._slowly(flight)
        return await self._client.sync(open_kfid, cursor=cursor)

    async def _slowly(self, flight: _Flight) -> None:
        wait = flight.untokened_at + UNTOKENED_SECONDS - self._clock.monotonic()
        if wait > 0:
            await self._sleep(wait)
        flight.untokened_at = self._clock.monotonic()

    async def _nothing_moved(self, empty: int) -> int:
        """An empty page may say that there is more, but not for ever."""
        if empty >= _MOST_EMPTY:
            raise SendFailed(Failure.RETRY, reason="the same page says again and again: more")
        await self._sleep(_EMPTY_SECONDS)
        return empty + 1
