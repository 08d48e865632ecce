"""What the connection hears, handled beside it: in order for each person, never without bound."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable

import structlog

from bot.platforms.metrics import CALLBACKS
from bot.platforms.wecom.robot.connection import PLATFORM
from bot.platforms.wecom.robot.frames import Incoming

log = structlog.get_logger()

LANES = 8
ROOM = 500  # callbacks that may wait in one lane

Handle = Callable[[Incoming], Awaitable[None]]


class Lanes:
    """`handle` must raise nothing but for its own faults; those are logged and the next comes."""

    def __init__(self, handle: Handle, *, count: int = LANES, room: int = ROOM) -> None:
        self._handle = handle
        self._queues: list[asyncio.Queue[Incoming]] = [asyncio.Queue(room) for _ in range(count)]

    def start(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        return [group.create_task(self._work(queue)) for queue in self._queues]

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            self.start(group)

    def put(self, frame: Incoming) -> None:
        """Into the lane of the person who acted; refused, with a log line, when it is full."""
        queue = self._queues[zlib.crc32(_who(frame)) % len(self._queues)]
        try:
            queue.put_nowait(frame)
        except asyncio.QueueFull:
            CALLBACKS.labels(PLATFORM, "overflow").inc()
            log.error("robot_overflow", waiting=queue.qsize())

    async def drained(self) -> None:
        """Return when all that was put in has been handled."""
        for queue in self._queues:
            await queue.join()

    async def _work(self, queue: asyncio.Queue[Incoming]) -> None:
        while True:
            frame = await queue.get()
            try:
                await self._handle(frame)
            except Exception as error:
                CALLBACKS.labels(PLATFORM, "failed").inc()
                log.error("robot_callback_failed", cmd=frame.cmd, exc_info=error)
            finally:
                queue.task_done()


def _who(frame: Incoming) -> bytes:
    sender = frame.body.get("from")
    return str(sender.get("userid") if isinstance(sender, dict) else "").lower().encode()
