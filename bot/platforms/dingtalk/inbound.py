"""What comes in, by whichever transport: taken once it is durable, then answered in time.

The platform waits 3 s for a message or an event (2.5 s over HTTP) and 2 s for a tap (S1435,
C1-0007). Nothing is acknowledged as taken before it is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.channels import SendFailed
from bot.events import Event, Reply
from bot.intake import BudgetedIntake, NotStored
from bot.platforms.dingtalk.decode import (
    PLATFORM,
    Happening,
    Persons,
    decode_event,
    decode_http_event,
    decode_message,
)
from bot.platforms.dingtalk.frames import CARD_TOPIC, ROBOT_TOPIC, Ack, Frame, FrameType
from bot.platforms.dingtalk.meanwhile import within
from bot.platforms.dingtalk.reading import Json, digest, instant_of, text_of
from bot.platforms.dingtalk.replies import Answers, card_answer
from bot.platforms.dingtalk.taps import decode_tap
from bot.platforms.metrics import FRAMES
from bot.platforms.rare_log import RareLog
from bot.platforms.refusal import Refused
from bot.tasks import Nursery
from models.clock import Clock

_TAKEN = {"status": "SUCCESS"}
_LATER = {"status": "LATER", "message": "not stored yet"}


@dataclass(frozen=True, slots=True)
class Budgets:
    """Seconds: what a handler gets, and until when after arrival something must be answered."""

    message: float = 1.5
    message_answer: float = 2.0
    tap: float = 1.2
    tap_answer: float = 1.8
    events: float = 2.2


@dataclass(slots=True)
class _Taken:
    """What became of a tap that may outlast our patience with it."""

    reply: Reply | None = None
    error: Exception | None = None
    late: bool = False


class Inbound:
    """Robot messages, taps and events to `intake`; their replies to `answers`.

    `handle` serves Stream frames; the other methods serve the HTTP doors and raise Refused for
    what makes no sense and NotStored (or whatever else went wrong) for what must come again.
    """

    def __init__(
        self,
        intake: BudgetedIntake,
        answers: Answers,
        persons: Persons,
        clock: Clock,
        nursery: Nursery,
        *,
        budgets: Budgets | None = None,
    ) -> None:
        self._intake = intake
        self._answers = answers
        self._persons = persons
        self._clock = clock
        self._nursery = nursery
        self._budgets = budgets or Budgets()
        self._rarely = RareLog("frame_refused", PLATFORM, clock)

    async def handle(self, frame: Frame, arrived: float) -> Ack | None:
        """The acknowledgement of a frame; None when it shall come again. Never raises."""
        ack: Ack | None
        try:
            result, ack = await self._answered(frame, arrived)
        except Refused as refused:
            result, ack = refused.label, self._nonsense(frame)
            self._rarely.note(refused.label)
        except Exception as error:
            expected = isinstance(error, NotStored | TimeoutError)
            result, ack = "not_stored", self._not_taken(frame)
            self._rarely.note(result, error=type(error).__name__, expected=expected)
        FRAMES.labels(PLATFORM, result).inc()
        return ack

    async def _answered(self, frame: Frame, arrived: float) -> tuple[str, Ack]:
        sent = instant_of(frame.headers.get("time"), self._clock.now())
        if frame.type is FrameType.EVENT:
            about = Happening(
                kind=text_of(frame.headers, "eventType"),
                event_id=text_of(frame.headers, "eventId"),
                corp_id=text_of(frame.headers, "eventCorpId"),
                at=instant_of(frame.headers.get("eventBornTime"), sent),
            )
            events = decode_event(frame.data, self._persons, about)
            await self._take_all(events)
            return "ok" if events else "foreign", Ack(data=_TAKEN)
        if frame.topic == ROBOT_TOPIC:
            await self._message(frame.data, sent, arrived)
            return "ok", Ack(data={"response": None})
        if frame.topic == CARD_TOPIC:
            event = decode_tap(frame.data, self._persons, push_id=frame.message_id, at=sent)
            return "ok", Ack(data={"response": await self._tap(event, arrived)})
        return "unknown_topic", Ack(404, message="unknown topic")

    @staticmethod
    def _nonsense(frame: Frame) -> Ack:
        """To repeat what cannot be read would not make it readable."""
        if frame.type is FrameType.EVENT:
            return Ack(data=_TAKEN)
        return Ack(400, message="not understood")

    @staticmethod
    def _not_taken(frame: Frame) -> Ack | None:
        if frame.type is FrameType.EVENT:
            return Ack(data=_LATER)
        if frame.topic == ROBOT_TOPIC:
            return None  # a message without an answer is what the platform delivers again
        return Ack(500, message="not taken")

    async def message(self, body: bytes) -> None:
        """A robot message over HTTP; its reply goes to its webhook."""
        arrived = asyncio.get_running_loop().time()
        await self._message(body, self._clock.now(), arrived)

    async def tap(self, body: bytes, stamp: str, at: datetime) -> Json:
        """A tap over HTTP and its answer; `stamp` is the signed header that came with it."""
        arrived = asyncio.get_running_loop().time()
        event = decode_tap(body, self._persons, push_id=digest(stamp, body), at=at)
        return await self._tap(event, arrived)

    async def events(self, plaintext: bytes) -> None:
        """Events over HTTP, decrypted."""
        await self._take_all(decode_http_event(plaintext, self._persons, self._clock.now()))

    async def _message(self, data: str | bytes, now: datetime, arrived: float) -> None:
        said = decode_message(data, self._persons, now)
        reply = await self._intake(said.event, self._budgets.message)
        if reply is not None:
            await self._answers.give(said, reply, arrived + self._budgets.message_answer)

    async def _take_all(self, events: Sequence[Event]) -> None:
        async with asyncio.timeout(self._budgets.events):
            for event in events:
                await self._intake(event, self._budgets.message)

    async def _tap(self, event: Event, arrived: float) -> Json:
        """The card as the tapper sees it now. Raises NotStored when that is not yet certain."""
        taken = _Taken()
        deadline = arrived + self._budgets.tap_answer
        if not await within(self._nursery, deadline, self._take(event, taken), "dingtalk.tap"):
            taken.late = True
            raise NotStored("late")
        if taken.error is not None:
            raise taken.error
        return self._drawn(taken.reply)

    async def _take(self, event: Event, taken: _Taken) -> None:
        try:
            taken.reply = await self._intake(event, self._budgets.tap)
        except Exception as error:
            taken.error = error
        if taken.late and taken.reply is not None:
            await self._answers.late(event, taken.reply)

    def _drawn(self, reply: Reply | None) -> Json:
        try:
            return card_answer(reply)
        except SendFailed as failed:
            # The tap is stored and stays so; only what would have been shown at once is lost.
            self._rarely.note("reply_unfit", reason=failed.reason)
            return {}
