"""One live connection: requests and their acks, pings, and how it ends (D101463)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import aiohttp
import structlog

from bot.channels import Failure, SendFailed
from bot.platforms.metrics import CALL_SECONDS, CALLS
from bot.platforms.wecom.errors import ROBOT_NOT_SUBSCRIBED, cure, send_failed
from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.frames import Body, Incoming
from models.clock import Clock

log = structlog.get_logger()

PLATFORM = "wecom_robot"  # of metrics
_AGAIN = timedelta(seconds=2)
_MOST_MISSED = 2
_SENDING_FAILED = (ConnectionError, aiohttp.ClientError)


class Ending(StrEnum):
    """Why there is no connection any more."""

    LOST = "lost"  # cut, silent or never made: come again soon
    REFUSED = "refused"  # bot id or secret wrong: rest long, tell the operator
    TAKEN = "taken"  # another connection of the same bot took over: do not fight
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `shortest` to `longest` is the rest after a loss, `lasting` what clears it."""

    connect: float = 10.0
    ping: float = 30.0
    ack: float = 5.0
    close: float = 2.0
    shortest: float = 1.0
    longest: float = 30.0
    lasting: float = 60.0
    refused: float = 600.0
    taken: float = 60.0
    contested: float = 600.0  # after so long a theft is not held against the thief
    drain: float = 5.0


class Connection:
    """`heard` takes every callback and must not wait."""

    def __init__(
        self,
        ws: aiohttp.ClientWebSocketResponse,
        heard: Callable[[Incoming], None],
        clock: Clock,
        pace: Pace,
    ) -> None:
        self.refusal: SendFailed | None = None
        self._ws = ws
        self._heard = heard
        self._clock = clock
        self._pace = pace
        self._waiting: dict[str, asyncio.Future[Incoming]] = {}
        self._doubt = asyncio.Event()
        self._over = False
        self._taken = False

    @property
    def trusted(self) -> bool:
        """Whether it may be used: not over, and no ack is overdue."""
        return not self._over and not self._ws.closed and not self._doubt.is_set()

    async def run(
        self, subscription: Body, ready: Callable[[], None], stop: Callable[[], Awaitable[None]]
    ) -> Ending:
        """Subscribe and live until the end. When `stop` returns, the connection is closed."""
        stopping = False
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._read())
            tasks: set[asyncio.Task[None]] = {reading}
            try:
                await self.ask(frames.SUBSCRIBE, subscription)
                ready()
                leaving = group.create_task(_awaited(stop))
                tasks |= {leaving, group.create_task(self._beat())}
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                stopping = leaving.done()
            except SendFailed as failed:
                self.refusal = failed
            finally:
                await self._end()
                for task in tasks:
                    task.cancel()
        return self._ending(stopping)

    async def ask(
        self, cmd: str, body: Body | None = None, req_id: str = "", patience: float = 0.0
    ) -> Mapping[str, Any]:
        """Send and wait for the ack; what it carries. Raises SendFailed: UNKNOWN when none came
        in time, which is `patience` seconds where more is given than usual.
        """
        if self._over or self._ws.closed:
            raise not_connected()
        started, result = self._clock.monotonic(), "unknown"
        try:
            ack = await self._exchange(cmd, body, req_id or frames.new_req_id(), patience)
            result = "ok" if ack.code == 0 else str(ack.code)
        finally:
            CALLS.labels(PLATFORM, cmd, result).inc()
            CALL_SECONDS.labels(PLATFORM, cmd).observe(self._clock.monotonic() - started)
        if ack.code == ROBOT_NOT_SUBSCRIBED:
            self._over = True
            self._doubt.set()
        if ack.code != 0:
            raise send_failed(ack.code, ack.message)
        return ack.body

    async def _exchange(
        self, cmd: str, body: Body | None, req_id: str, patience: float
    ) -> Incoming:
        if req_id in self._waiting:
            raise SendFailed(Failure.REQUEST, reason="this request is being answered already")
        answer: asyncio.Future[Incoming] = asyncio.get_running_loop().create_future()
        self._waiting[req_id] = answer
        try:
            async with asyncio.timeout(max(self._pace.ack, patience)):
                await self._ws.send_str(frames.write(cmd, req_id, body))
                return await answer
        except TimeoutError:
            self._doubt.set()
            raise _unsure("no ack in time") from None
        except _SENDING_FAILED as error:
            raise _unsure(type(error).__name__) from None
        finally:
            self._waiting.pop(req_id, None)

    async def _read(self) -> None:
        try:
            async for message in self._ws:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
                if self._taken:
                    return
        finally:
            self._give_up()

    def _take(self, raw: str) -> None:
        frame = frames.read(raw)
        if frame is None:
            log.warning("robot_frame_unreadable", length=len(raw))
        elif not frame.cmd:
            self._acknowledge(frame)
        elif _is_end(frame):
            self._taken = True
        elif frame.cmd in (frames.MESSAGE, frames.HAPPENING):
            self._heard(frame)

    def _acknowledge(self, ack: Incoming) -> None:
        answer = self._waiting.get(ack.req_id)
        if answer is not None and not answer.done():
            answer.set_result(ack)

    async def _beat(self) -> None:
        """Ping now and then, and at once when an ack is overdue; return when nobody is there."""
        missed = 0
        while missed < _MOST_MISSED and not self._over:
            await self._next_beat()
            try:
                await self.ask(frames.PING)
            except SendFailed as failed:
                missed += 1
                log.warning("robot_ping_failed", code=failed.code, reason=failed.reason)
            else:
                missed = 0
                self._doubt.clear()

    async def _next_beat(self) -> None:
        try:
            async with asyncio.timeout(self._pace.ping):
                await self._doubt.wait()
        except TimeoutError:
            return

    async def _end(self) -> None:
        self._give_up()
        await self._ws.close()

    def _give_up(self) -> None:
        """Whatever still waits for an ack will not get one: it may have arrived or not."""
        self._over = True
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(_unsure("the connection ended"))
                answer.exception()  # somebody may have stopped waiting

    def _ending(self, stopping: bool) -> Ending:
        if self._taken:
            return Ending.TAKEN
        if self.refusal is not None and self.refusal.failure is Failure.CONFIGURATION:
            return Ending.REFUSED
        return Ending.STOPPED if stopping else Ending.LOST


def not_connected() -> SendFailed:
    """Nothing was sent."""
    return SendFailed(
        Failure.RETRY, reason="not connected", cure=cure("robot_not_subscribed"), wait=_AGAIN
    )


def _unsure(reason: str) -> SendFailed:
    return SendFailed(Failure.UNKNOWN, reason=reason, cure=cure("robot_unsure"))


def _is_end(frame: Incoming) -> bool:
    event = frame.body.get("event")
    kind = event.get("eventtype") if isinstance(event, dict) else None
    return frame.cmd == frames.HAPPENING and kind == "disconnected_event"


async def _awaited(stop: Callable[[], Awaitable[None]]) -> None:
    await stop()
