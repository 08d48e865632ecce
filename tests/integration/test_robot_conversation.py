"""From callback to answer: kept until stored, in order for each person, private in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels import Failure, SendFailed
from bot.events import AppEntered, CardUpdate, Event, Reply, TextSaid
from bot.intake import NotStored
from bot.platforms.wecom.errors import send_failed
from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.chats import Chats
from bot.platforms.wecom.robot.conversation import Conversation
from bot.platforms.wecom.robot.frames import Body, Incoming
from bot.platforms.wecom.robot.lanes import Lanes
from models.cards import Button, Card, Text
from models.clock import ManualClock
from tests.support.waiting import eventually

NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
GOOD = Text("好")
CARD = CardUpdate(Card("换班", buttons=(Button("同意", "swaps.accept"),), closed="已同意"))


@dataclass
class Wire:
    """Keeps what is said; `refusals` are raised for the first request of each command."""

    said: list[tuple[str, Any, str]] = field(default_factory=list)
    refusals: dict[str, SendFailed] = field(default_factory=dict)
    ready: bool = True

    async def ask(
        self, cmd: str, body: Body, req_id: str = "", patience: float = 0.0
    ) -> Mapping[str, Any]:
        self.said.append((cmd, body, req_id))
        if cmd in self.refusals:
            raise self.refusals.pop(cmd)
        return {}

    @property
    def cmds(self) -> list[str]:
        return [cmd for cmd, _, _ in self.said]


@dataclass
class Office:
    """Takes events in; `away` is how often storing fails first."""

    reply: Reply | None = GOOD
    away: int = 0
    events: list[Event] = field(default_factory=list)
    late: list[Reply] = field(default_factory=list)

    async def take(self, event: Event) -> Reply | None:
        if self.away:
            self.away -= 1
            raise NotStored
        self.events.append(event)
        return self.reply

    async def bring(self, _: Event, reply: Reply) -> bool:
        self.late.append(reply)
        return True


def conversation(
    wire: Wire, office: Office, is_new: Callable[[str], Awaitable[bool]] | None = None
) -> Conversation:
    async def nobody(_: str) -> bool:
        return False

    clock = ManualClock(NOW)
    return Conversation(
        wire,
        office.take,
        Chats(clock),
        clock,
        in_group="请私聊",
        is_new=is_new or nobody,
        late=office.bring,
        store_again=(0, 0),
    )


def said(text: str = "我的班", who: str = "li", **more: Any) -> Incoming:
    body = {"msgid": f"{who}-{text}", "from": {"userid": who}, "chattype": "single"}
    return Incoming(
        frames.MESSAGE, "c1", {**body, "msgtype": "text", "text": {"content": text}, **more}
    )


def happened(kind: str, **fields: Any) -> Incoming:
    event = {"eventtype": kind, kind: fields}
    body = {"msgid": "e1", "from": {"userid": "li"}, "msgtype": "event", "event": event}
    return Incoming(frames.HAPPENING, "c1", {**body, "chattype": "single"})


TAP = happened("template_card_event", event_key="swaps.accept", task_id="t1")


async def test_the_answer_goes_out_on_the_same_request() -> None:
    wire, office = Wire(), Office()
    await conversation(wire, office).heard(said())
    [(cmd, body, req_id)] = wire.said
    assert (cmd, req_id) == (frames.RESPOND, "c1")
    assert body["stream"]["content"] == "好"


async def test_without_an_answer_nothing_is_said() -> None:
    wire, office = Wire(), Office(reply=None)
    await conversation(wire, office).heard(said())
    assert len(office.events) == 1
    assert wire.said == []


async def test_a_tap_redraws_the_card() -> None:
    wire = Wire()
    await conversation(wire, Office(CARD)).heard(TAP)
    [(cmd, body, req_id)] = wire.said
    assert (cmd, req_id) == (frames.UPDATE, "c1")
    assert body["template_card"]["task_id"] == "t1"


async def test_words_to_a_tap_are_a_message_of_their_own() -> None:
    wire = Wire()
    await conversation(wire, Office(Text("已撤回"))).heard(TAP)
    [(cmd, body, req_id)] = wire.said
    assert (cmd, req_id) == (frames.SEND, "")
    assert (body["chatid"], body["markdown"]["content"]) == ("li", "已撤回")


@pytest.mark.parametrize("code", [846604, 846605, 846608])
async def test_a_redraw_that_came_too_late_is_said_in_words(code: int) -> None:
    wire = Wire(refusals={frames.UPDATE: send_failed(code, "late")})
    await conversation(wire, Office(CARD)).heard(TAP)
    assert wire.cmds == [frames.UPDATE, frames.SEND]
    assert wire.said[1][1]["markdown"]["content"] == "换班：已同意"


@pytest.mark.parametrize(
    "failed",
    [
        send_failed(846606, "repeated"),
        SendFailed(Failure.UNKNOWN, reason="no ack"),
        send_failed(40058, "our fault"),
    ],
)
async def test_an_answer_is_never_said_twice(failed: SendFailed) -> None:
    wire, office = Wire(refusals={frames.RESPOND: failed}), Office()
    await conversation(wire, office).heard(said())
    assert wire.cmds == [frames.RESPOND]
    assert office.late == []


@pytest.mark.parametrize(
    "failed",
    [SendFailed(Failure.RETRY, reason="not connected"), send_failed(846607, "too many")],
)
async def test_an_answer_that_was_not_sent_is_brought_by_the_ledger(failed: SendFailed) -> None:
    wire, office = Wire(refusals={frames.RESPOND: failed}), Office()
    await conversation(wire, office).heard(said())
    assert wire.cmds == [frames.RESPOND]
    assert office.late == [GOOD]


async def test_a_message_of_its_own_that_fails_is_not_tried_again() -> None:
    wire = Wire(refusals={frames.SEND: send_failed(846605, "")})
    await conversation(wire, Office(Text("已撤回"))).heard(TAP)
    assert wire.cmds == [frames.SEND]


@pytest.mark.parametrize("more", [{"chattype": "group", "chatid": "wr1"}, {"chattype": "group"}])
async def test_in_a_group_the_event_is_not_even_taken_in(more: dict[str, str]) -> None:
    wire, office = Wire(), Office(Text("您的班：夜班"))
    await conversation(wire, office).heard(said(**more))
    [(cmd, body, _)] = wire.said
    assert (cmd, body["stream"]["content"]) == (frames.RESPOND, "请私聊")
    assert office.events == []


async def test_a_tap_in_a_group_is_answered_in_private() -> None:
    wire = Wire()
    frame = Incoming(TAP.cmd, "c1", {**TAP.body, "chattype": "group", "chatid": "wr1"})
    await conversation(wire, Office(Text("已撤回"))).heard(frame)
    assert [(cmd, body["chatid"]) for cmd, body, _ in wire.said] == [(frames.SEND, "li")]


async def test_nobody_is_not_answered() -> None:
    wire, office = Wire(), Office()
    await conversation(wire, office).heard(said(who="@all"))
    assert [event.user for event in office.events] == [""]
    assert wire.said == []


@pytest.mark.parametrize("new", [True, False])
async def test_whoever_is_new_comes_in_for_the_first_time(new: bool) -> None:
    async def is_new(_: str) -> bool:
        return new

    office = Office(reply=None)
    await conversation(Wire(), office, is_new).heard(happened("enter_chat"))
    [event] = office.events
    assert isinstance(event, AppEntered)
    assert event.first is new


async def test_while_the_database_is_away_the_event_is_kept_and_tried_again() -> None:
    wire, office = Wire(), Office(away=2)
    await conversation(wire, office).heard(said())
    assert len(office.events) == 1
    assert wire.cmds == [frames.RESPOND]


async def test_what_cannot_be_stored_at_all_is_a_loud_failure() -> None:
    with pytest.raises(NotStored):
        await conversation(Wire(), Office(away=3)).heard(said())


async def test_one_person_is_heard_in_order_and_others_beside() -> None:
    release, done = asyncio.Event(), list[str]()

    async def handle(frame: Incoming) -> None:
        event = frame.body["text"]["content"]
        if event == "甲1":
            await release.wait()
        done.append(event)

    lanes = Lanes(handle)
    async with asyncio.TaskGroup() as group:
        workers = lanes.start(group)
        for text, who in (("甲1", "li"), ("甲2", "li"), ("乙1", "wang"), ("甲3", "LI")):
            lanes.put(said(text, who))

        async def other() -> bool:
            return done == ["乙1"]

        await eventually(other)
        release.set()
        await lanes.drained()
        for worker in workers:
            worker.cancel()
    assert done == ["乙1", "甲1", "甲2", "甲3"]


async def test_a_lane_that_is_full_refuses_and_a_fault_does_not_stop_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done = list[str]()

    async def handle(frame: Incoming) -> None:
        done.append(frame.body["text"]["content"])
        raise ValueError("a fault of ours")

    lanes = Lanes(handle, count=1, room=2)
    for number in range(3):
        lanes.put(said(str(number)))
    async with asyncio.TaskGroup() as group:
        workers = lanes.start(group)
        await lanes.drained()
        for worker in workers:
            worker.cancel()
    assert done == ["0", "1"]
    assert "robot_overflow" in caplog.text
    assert "robot_callback_failed" in caplog.text


async def test_what_is_heard_is_what_was_said() -> None:
    office = Office()
    await conversation(Wire(), office).heard(said("换班 1212A 杨"))
    [event] = office.events
    assert isinstance(event, TextSaid)
    assert (event.user, event.text) == ("li", "换班 1212A 杨")
