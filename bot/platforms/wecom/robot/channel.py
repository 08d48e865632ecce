"""The smart robot as a channel of the ledger: one chat a call, never repeated, never redrawn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta

from bot.channels import Failure, File, Refused, SendFailed, Sent
from bot.platforms.wecom import limits
from bot.platforms.wecom.errors import BAD_CHAT, ROBOT_LIMIT, UNKNOWN_USER, cure
from bot.platforms.wecom.fitting import unfit
from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.bodies import file_body, send_body
from bot.platforms.wecom.robot.chats import Chats
from bot.platforms.wecom.robot.conversation import Line
from bot.platforms.wecom.robot.frames import Body
from bot.platforms.wecom.robot.uploads import kind_of, upload
from models.cards import Card, Content

NAME = "wecom_robot"
_USER_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-@.]{0,63}")
_MINUTE = timedelta(seconds=60)
_SOON = timedelta(seconds=2)
_TURN_SECONDS = 5.0  # with the ack's five less than the worker waits for a send
ON_THE_WAY = 8  # sends without ack at one time


class WeComRobotChannel:
    """Implements bot.channels.Channel over the connection of this process."""

    name = NAME
    batch = 1
    member_per_minute = limits.MEMBER_PER_MINUTE
    member_per_hour = limits.MEMBER_PER_HOUR

    def __init__(self, line: Line, chats: Chats) -> None:
        self._line = line
        self._chats = chats
        # What is on the way when the line goes silent is unknown for ever: let it be few.
        self._turns = asyncio.Semaphore(ON_THE_WAY)

    @property
    def ready(self) -> bool:
        """Only while this process is the subscribed one: elsewhere nothing is claimed."""
        return self._line.ready

    def repeatable(self, content: Content) -> bool:  # noqa: ARG002 -- the port's
        """Never: what got no ack may have arrived, and nothing would drop its twin."""
        return False

    async def send(
        self,
        content: Content,
        to: Sequence[str],
        *,
        key: str,
        again: bool = False,  # noqa: ARG002 -- never true here
    ) -> Sent:
        user = _only(to)
        refused = self._not_now(user)
        return refused or await self._deliver(send_body(content, user, key=key), user)

    async def send_file(
        self,
        file: File,
        to: Sequence[str],
        *,
        key: str,  # noqa: ARG002 -- the port's; only cards have an id of ours
    ) -> Sent:
        user = _only(to)
        refused = self._not_now(user)
        if refused:
            return refused
        media_id = await upload(self._line, file)
        return await self._deliver(file_body(kind_of(file), media_id, user), user)

    def _not_now(self, user: str) -> Sent | None:
        if not _USER_ID.fullmatch(user):
            return _refused(user, UNKNOWN_USER, "robot_chat")
        wait = self._chats.wait(user)
        return None if wait is None else _refused(user, ROBOT_LIMIT, "robot_busy", wait)

    async def _deliver(self, body: Body, user: str) -> Sent:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            return _refused(user, 0, "busy", _SOON)
        try:
            await self._line.ask(frames.SEND, body)
        except SendFailed as failed:
            if failed.code == BAD_CHAT:
                return _refused(user, BAD_CHAT, "robot_chat")
            if failed.code == ROBOT_LIMIT:
                return self._limited(user)
            if failed.failure is Failure.RETRY and not self._line.ready:
                # Not this message's fault, so that no flapping line uses up its tries.
                soon = failed.wait or _SOON
                return Sent(
                    "", refused={user: Refused(failed.code, failed.cure, Failure.WINDOW, soon)}
                )
            raise
        finally:
            self._turns.release()
        self._chats.count(user)
        return Sent("")

    def _limited(self, user: str) -> Sent:
        """One code for two things: whoever has just been written to has surely written to us."""
        if self._chats.crowded(user):
            return _refused(user, ROBOT_LIMIT, "robot_busy", _MINUTE)
        return _refused(user, ROBOT_LIMIT, "robot_unwritten")

    async def redraw(
        self,
        card: Card,  # noqa: ARG002 -- the port's
        to: Sequence[str],  # noqa: ARG002
        *,
        response_code: str,  # noqa: ARG002
        key: str,  # noqa: ARG002
    ) -> str:
        """Only the answer to a tap can redraw a card, and `send` gives no response code."""
        raise unfit("a robot's card is redrawn only in answer to a tap")

    async def recall(self, message_id: str) -> None:  # noqa: ARG002 -- the port's
        raise unfit("a robot's message cannot be taken back")


def _only(to: Sequence[str]) -> str:
    if len(to) != 1:
        raise unfit("the robot speaks to one person at a time")
    return to[0]


def _refused(user: str, code: int, why: str, wait: timedelta | None = None) -> Sent:
    failure = Failure.RECIPIENT if wait is None else Failure.WINDOW
    return Sent("", refused={user: Refused(code, cure(why), failure, wait)})
