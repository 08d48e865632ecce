"""One Stream socket: reads frames, has them handled, and acknowledges them on itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import ClientWebSocketResponse, WSMessage, WSMsgType

from bot.platforms.dingtalk.decode import PLATFORM
from bot.platforms.dingtalk.frames import (
    DISCONNECT,
    PING,
    Ack,
    Frame,
    FrameType,
    ack_text,
    parse_frame,
    pong,
)
from bot.platforms.metrics import FRAMES, STREAMS
from bot.platforms.rare_log import RareLog
from bot.platforms.refusal import Refused
from bot.tasks import Nursery

Handle = Callable[[Frame, float], Awaitable[Ack | None]]
"""Takes a frame and the event loop's time at which it arrived; None leaves it unacknowledged."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all connections of a client have in common; `places` bounds frames in work."""

    handle: Handle
    nursery: Nursery
    places: asyncio.Semaphore
    rarely: RareLog


class Connection:
    """`leaving` is set when another connection is needed, `ended` when this one is gone."""

    def __init__(self, ws: ClientWebSocketResponse, shared: Shared) -> None:
        self._ws = ws
        self._shared = shared
        self._taking = True
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.leaving = asyncio.Event()
        self.ended = asyncio.Event()
        self.since = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Read until the socket ends; never raises."""
        STREAMS.labels(PLATFORM).inc()
        try:
            while await self._read_one():
                pass
        except Exception as error:
            self._shared.rarely.note("broken", error=type(error).__name__)
        finally:
            STREAMS.labels(PLATFORM).dec()
            self.leaving.set()
            self.ended.set()
            await self._ws.close()

    async def finish(self) -> None:
        """Take nothing more, let what is in work be acknowledged, then close."""
        self._taking = False
        await self._idle.wait()
        await self._ws.close()

    async def drain(self, seconds: float) -> None:
        """A replacement is open: leave this one to the platform, which soon closes it."""
        try:
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        except TimeoutError:
            await self.finish()

    async def _read_one(self) -> bool:
        """Whether there may be more to read."""
        message = await self._ws.receive()
        if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
            return False
        if message.type is WSMsgType.ERROR:  # no pong came, or what came was no WebSocket
            self._shared.rarely.note("broken", error=type(message.data).__name__)
            return False
        try:
            await self._take(message)
        except Refused as refused:
            FRAMES.labels(PLATFORM, refused.label).inc()
            self._shared.rarely.note(refused.label)
        return True

    async def _take(self, message: WSMessage) -> None:
        arrived = asyncio.get_running_loop().time()
        if message.type is not WSMsgType.TEXT:
            raise Refused(400, "binary")
        frame = parse_frame(message.data)
        if frame.type is FrameType.SYSTEM:
            await self._obey(frame)
        elif self._taking:
            await self._shared.places.acquire()
            self._running += 1
            self._idle.clear()
            self._shared.nursery.start(self._work(frame, arrived), "dingtalk.frame")

    async def _obey(self, frame: Frame) -> None:
        FRAMES.labels(PLATFORM, "system").inc()
        if frame.topic == PING:
            await self._send(frame, pong(frame))
        elif frame.topic == DISCONNECT:
            self.leaving.set()

    async def _work(self, frame: Frame, arrived: float) -> None:
        try:
            ack = await self._shared.handle(frame, arrived)
            if ack is not None:
                await self._send(frame, ack)
        except Exception as error:
            self._shared.rarely.note("failed", error=type(error).__name__)
        finally:
            self._shared.places.release()
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def _send(self, frame: Frame, ack: Ack) -> None:
        """Always on the socket the frame came from; a socket that is gone needs no answer."""
        try:
            await self._ws.send_str(ack_text(frame, ack))
        except (ConnectionError, RuntimeError):
            FRAMES.labels(PLATFORM, "not_acknowledged").inc()
