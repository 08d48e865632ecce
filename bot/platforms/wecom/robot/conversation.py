"""From a callback to its event, and from the reply back onto the same request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Protocol

import structlog

from bot.channels import Failure, SendFailed
from bot.events import AppEntered, Event, Reply
from bot.intake import Intake, NotStored
from bot.platforms.metrics import CALLBACKS
from bot.platforms.wecom.errors import ROBOT_EXPIRED, ROBOT_LIMIT, ROBOT_REPEATED
from bot.platforms.wecom.robot import bodies, frames
from bot.platforms.wecom.robot.chats import Chats
from bot.platforms.wecom.robot.connection import PLATFORM
from bot.platforms.wecom.robot.decode import decode, group_of
from bot.platforms.wecom.robot.frames import Body, Incoming
from models.cards import Text
from models.clock import Clock

log = structlog.get_logger()

# The platform delivers a callback once. While the database is away we try again ourselves.
_STORE_AGAIN = (0.5, 1, 2, 4, 8, 15)  # seconds


class Line(Protocol):
    """What is needed of the connection."""

    @property
    def ready(self) -> bool: ...

    async def ask(
        self, cmd: str, body: Body, req_id: str = "", patience: float = 0.0
    ) -> Mapping[str, Any]:
        """Raises SendFailed."""
        ...


class Conversation:
    """`in_group` is all that is ever said in a group; `is_new` tells whom to welcome.

    `late` brings a reply by the ledger when it could not be sent here.
    """

    def __init__(
        self,
        line: Line,
        intake: Intake,
        chats: Chats,
        clock: Clock,
        *,
        in_group: str,
        is_new: Callable[[str], Awaitable[bool]],
        late: Callable[[Event, Reply], Awaitable[object]],
        corp_id: str = "",
        store_again: Sequence[float] = _STORE_AGAIN,
    ) -> None:
        self._line = line
        self._intake = intake
        self._chats = chats
        self._clock = clock
        self._in_group = in_group
        self._is_new = is_new
        self._late = late
        self._corp_id = corp_id
        self._store_again = store_again

    async def heard(self, frame: Incoming) -> None:
        """Take one callback in and answer it. Raises NotStored when it could not be kept."""
        group = group_of(frame.body)
        if frame.cmd == frames.MESSAGE and group:
            await self._point_to_private(frame, group)
            return
        event = await self._decoded(frame)
        reply = await self._taken(event)
        CALLBACKS.labels(PLATFORM, "ok").inc()
        if reply is not None and event.user:
            await self._reply(frame, event, reply)

    async def _decoded(self, frame: Incoming) -> Event:
        event = decode(frame.body, now=self._clock.now(), corp_id=self._corp_id)
        if isinstance(event, AppEntered) and event.user and await self._is_new(event.user):
            return replace(event, first=True)
        return event

    async def _taken(self, event: Event) -> Reply | None:
        for pause in self._store_again:
            try:
                return await self._intake(event)
            except NotStored:
                CALLBACKS.labels(PLATFORM, "not_stored").inc()
                log.warning("robot_event_not_stored", kind=type(event).__name__)
            await asyncio.sleep(pause)
        return await self._intake(event)

    async def _point_to_private(self, frame: Incoming, group: str) -> None:
        """Everybody in a group reads along, so that nothing about anybody is said there."""
        CALLBACKS.labels(PLATFORM, "group").inc()
        body = bodies.finished_stream(self._in_group, frame.req_id)
        await self._say(frames.RESPOND, body, frame.req_id, group)

    async def _reply(self, frame: Incoming, event: Event, reply: Reply) -> None:
        """On the same request; when its moment has passed in words; at last by the ledger."""
        try:
            answer = bodies.answer(event, reply)
            said = _Said.TOO_LATE
            if answer is not None:
                cmd, body = answer
                said = await self._say(cmd, body, frame.req_id, event.user)
            if said is _Said.TOO_LATE:
                words = Text(bodies.reply_words(reply))
                body = bodies.send_body(words, event.user, key="")
                said = await self._say(frames.SEND, body, "", event.user)
        except SendFailed as failed:
            log.warning("robot_reply_unfit", reason=failed.reason)
            return
        if said is _Said.NOT_SENT:
            await self._late(event, reply)

    async def _say(self, cmd: str, body: Body, req_id: str, chat: str) -> _Said:
        try:
            await self._line.ask(cmd, body, req_id)
        except SendFailed as failed:
            if failed.code == ROBOT_REPEATED:
                return _Said.DONE
            CALLBACKS.labels(PLATFORM, "unanswered").inc()
            log.warning("robot_reply_failed", cmd=cmd, code=failed.code, reason=failed.reason)
            if failed.code in ROBOT_EXPIRED and cmd != frames.SEND:
                return _Said.TOO_LATE
            again = failed.failure in (Failure.RETRY, Failure.WINDOW)
            return _Said.NOT_SENT if again or failed.code == ROBOT_LIMIT else _Said.DONE
        self._chats.count(chat)
        return _Said.DONE


class _Said(StrEnum):
    """What became of something said; what may have arrived counts as done."""

    DONE = "done"
    TOO_LATE = "too late"
    NOT_SENT = "not sent"
