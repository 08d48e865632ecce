"""What the bot may ask for on its connection, and the code for each broken rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from simulator import advice, cards, messages
from simulator.calls import Call
from simulator.clock import monotonic
from simulator.errors import WeComError
from simulator.phones import Item
from simulator.render import flat, flat_body
from simulator.robot.memory import Asked, Line
from simulator.robot.settings import ROBOT
from simulator.state import Simulator
from simulator.updating import keep_task

Body = dict[str, Any]
CONTENT_BYTES = 20_480
FEEDBACK_BYTES = 256
REPLY_LIFE = timedelta(hours=24)
STREAM_LIFE = timedelta(minutes=6)
GROUP = 2


class Command:
    """One frame of a subscribed connection; `run` raises WeComError."""

    def __init__(self, sim: Simulator, line: Line, req_id: str, body: Body, call: Call) -> None:
        self.sim = sim
        self.line = line
        self.req_id = req_id
        self.body = body
        self.call = call
        self.answer: Body = {}

    def run(self, cmd: str) -> None:
        action = _ACTIONS.get(cmd)
        if action is None:
            raise WeComError(40066, "unknown cmd")
        action(self)

    def ping(self) -> None:
        self.line.pings += 1

    def respond(self) -> None:
        asked = self._asked("message")
        if self.sim.clock.now() > asked.at + REPLY_LIFE:
            raise WeComError(846604)
        kind = self._kind("stream", "markdown", "template_card")
        if kind == "stream":
            return self._stream(asked)
        if asked.answered or asked.stream:
            raise WeComError(846606)
        content = self._content(kind)
        self._admit(asked.chat)
        self._spend_task(kind, content)
        asked.answered = True
        return self._tell(asked, kind, content)

    def welcome(self) -> None:
        asked = self._in_time("enter_chat")
        kind = self._kind("text", "template_card")
        content = self._content(kind)
        self._spend_task(kind, content)
        asked.answered = True
        self._tell(asked, kind, content)

    def update(self) -> None:
        asked = self._in_time("template_card_event")
        if self.body.get("response_type") != "update_template_card":
            raise WeComError(40058, "invalid parameter: response_type")
        card = cards.check(self.body.get("template_card"), update=True)
        assert asked.item is not None
        task_id = str(asked.item.body.get("task_id") or "")
        if card.get("task_id") != task_id:
            raise WeComError(846625, "task_id is not that of the card")
        self.call.advice = advice.of_card(card)
        self.call.who = asked.userid
        asked.answered = True
        closing = str(card.get("replace_text") or "")
        self.sim.phones.change(asked.item, keep_task(card, task_id), closing)
        asked.reply = flat(asked.item)
        asked.done.set()

    def begin_upload(self) -> None:
        self.answer = self.sim.robot.uploads.begin(self.body)

    def upload(self) -> None:
        self.answer = self.sim.robot.uploads.piece(self.body)

    def end_upload(self) -> None:
        media, self.answer = self.sim.robot.uploads.end(self.body, self.sim.media)
        self.call.summary = f"{media.kind} {media.filename[:60]} {len(media.data)} bytes"

    def send(self) -> None:
        kind = self._kind("markdown", "template_card", "image", "file")
        chat = self._chat()
        content = self._content(kind)
        if chat not in self.sim.robot.chats.written:
            raise WeComError(846607, "the user has not sent a message to the bot")
        self._admit(chat)
        self._spend_task(kind, content)
        self.sim.counters["sends"] += 1
        item = self._show(chat, kind, content)
        tapped = self.sim.robot.waiting_in(chat, "template_card_event")
        if tapped is not None and kind == "markdown" and item is not None:
            tapped.reply = flat(item)
            tapped.done.set()

    def _asked(self, kind: str) -> Asked:
        asked = self.sim.robot.asked.get(self.req_id)
        if asked is None or asked.kind != kind:
            raise WeComError(846605)
        self.call.who = asked.userid
        return asked

    def _in_time(self, kind: str) -> Asked:
        asked = self._asked(kind)
        if asked.answered:
            raise WeComError(846606)
        if monotonic() - asked.started > self.sim.pace.timeout:
            raise WeComError(846604)
        return asked

    def _kind(self, *allowed: str) -> str:
        kind = str(self.body.get("msgtype"))
        if kind not in allowed:
            raise WeComError(40008)
        return kind

    def _content(self, kind: str) -> Body:
        if kind == "template_card":
            card = cards.check(self.body.get("template_card"))
            self.call.advice = advice.of_card(card)
            self.call.summary = f"card: {(card.get('main_title') or {}).get('title', '')}"[:60]
            return card
        if kind in ("image", "file"):
            self.call.summary = kind
            return messages.check(self.body, self.sim.media)[1]
        part = self.body.get(kind)
        content = part.get("content") if isinstance(part, dict) else None
        if not isinstance(content, str) or not content:
            raise WeComError(44004)
        if len(content.encode()) > CONTENT_BYTES:
            raise WeComError(40058, f"{kind}.content exceed max length {CONTENT_BYTES}")
        self.call.summary = f"{kind}: {content}"[:60]
        return {"content": content}

    def _spend_task(self, kind: str, content: Body) -> None:
        """A task id serves once per robot."""
        task_id = str(content.get("task_id") or "") if kind == "template_card" else ""
        if task_id and task_id in self.sim.robot.tasks:
            raise WeComError(846625, "task_id already exists")
        self.sim.robot.tasks.add(task_id)

    def _admit(self, chat: str) -> None:
        if not self.sim.robot.chats.admit(chat):
            raise WeComError(846607, "message frequency limit of the chat exceeded")

    def _chat(self) -> str:
        chat, kind = str(self.body.get("chatid") or ""), self.body.get("chat_type", 0)
        self.call.who = chat[:64]
        if kind == GROUP and chat in self.sim.robot.chats.groups:
            return chat
        member = self.sim.world.member(chat)
        robot = self.sim.world.robot
        if kind == GROUP or member is None or robot is None or not robot.seen_by(member.userid):
            raise WeComError(93006)
        return member.userid

    def _stream(self, asked: Asked) -> None:
        """The whole text so far, again and again until `finish`."""
        part = self.body.get("stream")
        stream = part.get("id") if isinstance(part, dict) else None
        if not isinstance(part, dict) or not isinstance(stream, str) or not stream:
            raise WeComError(40058, "invalid parameter: stream.id")
        if asked.answered or (asked.stream and asked.stream != stream):
            raise WeComError(846606)
        if asked.stream and self.sim.clock.now() > asked.at + STREAM_LIFE:
            raise WeComError(846608)
        _feedback(part)
        content = self._content("stream") if part.get("content") else None
        if not asked.stream:
            self._admit(asked.chat)
        asked.stream = stream
        asked.answered = bool(part.get("finish"))
        self._grow(asked, content)

    def _grow(self, asked: Asked, content: Body | None) -> None:
        if content is not None and asked.shown is None:
            asked.shown = self._show(asked.chat, "markdown", content)
        elif content is not None and asked.shown is not None:
            self.sim.phones.change(asked.shown, content, "")
        if asked.answered:
            asked.reply = str(content["content"]) if content else asked.reply
            asked.done.set()

    def _tell(self, asked: Asked, kind: str, content: Body) -> None:
        self._show(asked.chat, kind, content)
        asked.reply = flat_body(kind, content)
        asked.done.set()

    def _show(self, chat: str, kind: str, content: Body) -> Item | None:
        group = self.sim.robot.chats.groups.get(chat)
        if group is not None:
            group.append({"kind": kind, "text": flat_body(kind, content)})
            return None
        robot = self.sim.world.robot
        name = robot.name if robot else ""
        return self.sim.phones.receive(chat, kind, ROBOT, content, app_name=name)


def _feedback(part: Body) -> None:
    mark = (part.get("feedback") or {}).get("id", "")
    if len(str(mark).encode()) > FEEDBACK_BYTES:
        raise WeComError(40058, "invalid parameter: feedback.id")


_ACTIONS: dict[str, Callable[[Command], None]] = {
    "ping": Command.ping,
    "aibot_respond_msg": Command.respond,
    "aibot_respond_welcome_msg": Command.welcome,
    "aibot_respond_update_msg": Command.update,
    "aibot_send_msg": Command.send,
    "aibot_upload_media_init": Command.begin_upload,
    "aibot_upload_media_chunk": Command.upload,
    "aibot_upload_media_finish": Command.end_upload,
}
