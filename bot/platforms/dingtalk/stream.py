"""Our own client for DingTalk's Stream mode: sockets that are opened, watched and replaced.

Why not the official package: docs/adr/0012-own-stream-client.md. Facts: dingtalk.md §2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import SystemRandom

from aiohttp import ClientError, ClientSession, ClientWSTimeout
from yarl import URL

from bot.platforms.dingtalk.connection import Connection, Handle, Shared
from bot.platforms.dingtalk.decode import PLATFORM
from bot.platforms.dingtalk.gateway import Gateway, GatewayDown, GatewayRefused
from bot.platforms.dingtalk.words import words
from bot.platforms.rare_log import RareLog
from bot.tasks import Nursery
from models.clock import Clock

_LARGEST_READ = 1 << 20  # what is over a frame's limit is read, ignored and the socket kept
_RANDOM = SystemRandom()

OnRefused = Callable[[str, str], Awaitable[None]]
"""Told when the platform refuses us: its code, and in Chinese what the engineer should do."""


@dataclass(frozen=True, slots=True)
class Pace:
    """All waiting times, in seconds."""

    backoff: float = 1.0  # ceiling of the first pause after a fault; doubles, a random part of it
    backoff_most: float = 60.0
    rest: float = 60.0  # first pause after a refusal; doubles
    rest_most: float = 600.0
    steady: float = 10.0  # a connection that lived as long counts as a success
    heartbeat: float = 30.0  # our ping after silence; the pong has half as long
    connect: float = 10.0
    drain: float = 15.0  # the platform closes a disconnected socket after ten
    closing: float = 1.0  # for the peer's part of the closing handshake
    grace: float = 5.0  # for frames in work when we stop


class Pauses:
    """How long to wait before the next opening, after what happened before."""

    def __init__(self, pace: Pace, random: Callable[[], float]) -> None:
        self._pace = pace
        self._random = random
        self._faults = 0
        self._refusals = 0
        self._free = True

    def fault(self) -> None:
        self._faults += 1
        self._refusals = 0

    def refusal(self) -> None:
        self._refusals += 1

    def ended_after(self, seconds: float, *, announced: bool = False) -> None:
        """A connection was there; one that ended at once counts as a fault.

        Unless the platform announced it: then one replacement is made without a pause, because
        it delivers nothing more on the old connection.
        """
        self._refusals = 0
        if seconds >= self._pace.steady:
            self._faults, self._free = 0, True
        elif announced and self._free:
            self._free = False
        else:
            self._faults += 1

    def next(self) -> float:
        pace = self._pace
        if self._refusals:
            return min(_doubled(pace.rest, self._refusals), pace.rest_most)
        if not self._faults:
            return 0.0
        return self._random() * min(_doubled(pace.backoff, self._faults), pace.backoff_most)


def _doubled(first: float, times: int) -> float:
    return first * float(1 << min(times - 1, 20))


class StreamClient:
    """Holds `connections` sockets of one app open, from `run` until `stop`.

    `handle` gets every EVENT and CALLBACK frame (`inbound.Inbound.handle`); it must not raise, and
    what it does is cut off only by `stop`, after `pace.grace`. At most `at_once` frames are in
    work; then reading waits. Several processes with one client id share the traffic at random.
    """

    def __init__(
        self,
        session: ClientSession,
        gateway: Gateway,
        handle: Handle,
        clock: Clock,
        *,
        on_refused: OnRefused,
        connections: int = 1,
        at_once: int = 64,
        pace: Pace | None = None,
        random: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._session = session
        self._gateway = gateway
        self._on_refused = on_refused
        self._lines = connections
        self._pace = pace or Pace()
        self._nursery = Nursery()
        self._rarely = RareLog("stream_trouble", PLATFORM, clock)
        places = asyncio.Semaphore(at_once)
        self._shared = Shared(handle, self._nursery, places, self._rarely)
        self._pauses = Pauses(self._pace, random)
        self._opening = asyncio.Lock()
        self._open: set[Connection] = set()
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether events can come in now."""
        return any(not connection.leaving.is_set() for connection in self._open)

    async def run(self) -> None:
        """Returns after `stop`. Raises RuntimeError if a line died, which would be a bug."""
        for number in range(self._lines):
            self._nursery.start(self._line(), f"dingtalk.stream.{number}", endless=True)
        await self._over.wait()
        if not self._stopping.is_set():
            raise RuntimeError("a Stream connection is not kept any more")

    async def stop(self) -> None:
        """No new frames; those in work have `pace.grace` seconds; then everything is closed."""
        self._stopping.set()
        for connection in tuple(self._open):
            self._nursery.start(connection.finish(), "dingtalk.finish")
        await self._nursery.close(grace=self._pace.grace)
        self._over.set()

    async def _line(self) -> None:
        """Keep one connection; its replacement is open before it is let go."""
        try:
            old = None
            while True:
                fresh = await self._opened()
                if old is not None:
                    self._nursery.start(
                        old.drain(self._pace.drain), "dingtalk.drain", endless=True
                    )
                await fresh.leaving.wait()
                lived = asyncio.get_running_loop().time() - fresh.since
                self._pauses.ended_after(lived, announced=not fresh.ended.is_set())
                old = fresh
        finally:
            self._over.set()

    async def _opened(self) -> Connection:
        """The next connection, however long it takes; one opening at a time."""
        async with self._opening:
            while True:
                await self._pause(self._pauses.next())
                try:
                    return await self._connect(await self._gateway.ticket())
                except GatewayRefused as refused:
                    self._pauses.refusal()
                    await self._tell(refused.code)
                except (GatewayDown, ClientError, TimeoutError, OSError) as error:
                    self._pauses.fault()
                    # Nothing of the error itself: it may quote the address with the ticket.
                    self._rarely.note("not_connected", error=type(error).__name__)

    async def _connect(self, address: URL) -> Connection:
        async with asyncio.timeout(self._pace.connect):
            ws = await self._session.ws_connect(
                address,
                heartbeat=self._pace.heartbeat,
                max_msg_size=_LARGEST_READ,
                timeout=ClientWSTimeout(ws_close=self._pace.closing),
            )
        connection = Connection(ws, self._shared)
        self._open.add(connection)
        self._nursery.start(self._run(connection), "dingtalk.connection")
        return connection

    async def _run(self, connection: Connection) -> None:
        try:
            await connection.run()
        finally:
            self._open.discard(connection)

    async def _tell(self, code: str) -> None:
        texts = words("stream")
        self._rarely.note("refused", code=code)
        try:
            await self._on_refused(code, texts.get(code, texts["refused"]))
        except Exception as error:
            self._rarely.note("not_told", error=type(error).__name__)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)
