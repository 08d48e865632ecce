"""Keeps one subscribed connection: backs off when it is lost, rests when it is not wanted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from prometheus_client import Counter, Gauge

from bot.channels import SendFailed
from bot.platforms.wecom.errors import cure
from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.connection import Connection, Ending, Pace, not_connected
from bot.platforms.wecom.robot.frames import Body
from bot.platforms.wecom.robot.lanes import Lanes
from models.clock import Clock

log = structlog.get_logger()

CONNECTED = Gauge("wardbell_robot_connected", "1 while this process is the subscribed robot")
ENDINGS = Counter("wardbell_robot_endings_total", "Ends of the robot's connection", ["ending"])
TAKEN = 0  # stands where a code of the platform stands: it sends none with the event
_NO_CONNECTION = (aiohttp.ClientError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Account:
    """The robot as the admin console shows it."""

    bot_id: str
    secret: str = field(repr=False)
    url: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an operator should know: the code, and in Chinese what to do; it rests `seconds`."""

    code: int
    reason: str
    cure: str
    seconds: float


class Watcher:
    """Is told of troubles and of their end; this one does nothing."""

    async def trouble(self, trouble: Trouble) -> None:
        """The robot will not be connected for a while."""

    async def well(self) -> None:
        """It is subscribed."""


class RobotLine:
    """The one connection of this process, while `run` runs. Only a lease's holder may run it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: Account,
        clock: Clock,
        watcher: Watcher | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._session = session
        self._account = account
        self._clock = clock
        self._watcher = watcher or Watcher()
        self._pace = pace or Pace()
        self._connection: Connection | None = None
        self._losses = 0
        self._thefts = 0

    @property
    def ready(self) -> bool:
        return self._connection is not None and self._connection.trusted

    async def ask(
        self, cmd: str, body: Body, req_id: str = "", patience: float = 0.0
    ) -> Mapping[str, Any]:
        """Send a request and wait for its ack; what it carries. Raises SendFailed."""
        if self._connection is None or not self.ready:
            raise not_connected()
        return await self._connection.ask(cmd, body, req_id, patience)

    async def run(self, lanes: Lanes, stop: asyncio.Event) -> None:
        """Stay connected until `stop` is set; then finish what was heard, and close.

        `lanes` are at work already, and go on when this is cancelled: what ends the lease may be
        the very restart of the database for which what was heard has to wait.
        """

        async def leave() -> None:
            await stop.wait()
            try:
                async with asyncio.timeout(self._pace.drain):
                    await lanes.drained()
            except TimeoutError:
                log.warning("robot_not_drained")

        while not stop.is_set():
            began = self._clock.monotonic()
            ending, refusal = await self._connected(lanes, leave)
            ENDINGS.labels(ending).inc()
            rest = await self._rest(ending, refusal, self._clock.monotonic() - began)
            await _pause(stop, rest)
        await leave()

    async def probe(self) -> tuple[Ending, SendFailed | None]:
        """Subscribe once and close: STOPPED when that went well. It throws out whoever is on."""

        async def at_once() -> None:
            return

        return await self._connected(Lanes(_passed_over), at_once)

    async def _connected(
        self, lanes: Lanes, leave: Callable[[], Awaitable[None]]
    ) -> tuple[Ending, SendFailed | None]:
        """One connection from its beginning to its end."""
        try:
            ws = await self._open()
        except _NO_CONNECTION as error:
            # Neither address nor body may get into a log: only the name of the class goes on.
            log.warning("robot_not_reached", error=type(error).__name__)
            return Ending.LOST, None
        connection = Connection(ws, lanes.put, self._clock, self._pace)
        subscription: Body = {"bot_id": self._account.bot_id, "secret": self._account.secret}
        subscribed = asyncio.Event()

        async def stay() -> None:
            await _safely(self._watcher.well())
            await leave()

        def ready() -> None:
            subscribed.set()
            self._connection = connection
            CONNECTED.set(1)
            log.info("robot_subscribed")

        try:
            ending = await connection.run(subscription, ready, stay)
        finally:
            self._connection = None
            CONNECTED.set(0)
        log.info("robot_disconnected", ending=ending, subscribed=subscribed.is_set())
        return ending, connection.refusal

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        async with asyncio.timeout(self._pace.connect):
            return await self._session.ws_connect(
                self._account.url,
                max_msg_size=frames.FRAME_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=self._pace.close),
            )

    async def _rest(self, ending: Ending, refusal: SendFailed | None, lasted: float) -> float:
        """Seconds until the next try."""
        self._losses = 0 if lasted >= self._pace.lasting else self._losses
        self._thefts = 0 if lasted >= self._pace.contested else self._thefts
        match ending:
            case Ending.STOPPED:
                return 0
            case Ending.REFUSED:
                assert refusal is not None
                rest = self._pace.refused
                await self._tell(Trouble(refusal.code, refusal.reason, refusal.cure, rest))
                return rest
            case Ending.TAKEN:
                rest = min(self._pace.taken * (1 << self._thefts), self._pace.refused)
                self._thefts = min(self._thefts + 1, 10)
                reason = "another connection took over"
                await self._tell(Trouble(TAKEN, reason, cure("robot_taken"), rest))
                return rest
            case Ending.LOST:
                ceiling = min(self._pace.shortest * (1 << self._losses), self._pace.longest)
                self._losses = min(self._losses + 1, 10)
                return random.uniform(ceiling / 2, ceiling)  # noqa: S311 -- not a secret

    async def _tell(self, trouble: Trouble) -> None:
        log.error("robot_rests", code=trouble.code, reason=trouble.reason, seconds=trouble.seconds)
        await _safely(self._watcher.trouble(trouble))


async def _passed_over(_: frames.Incoming) -> None:
    return


async def _safely(telling: Awaitable[None]) -> None:
    """Whoever is told may have troubles of their own; the connection does not end for that."""
    try:
        await telling
    except Exception as error:
        log.warning("robot_watcher_failed", error=type(error).__name__)


async def _pause(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
