"""What people do in the robot's chat: write, come in, tap cards, judge an answer."""

from __future__ import annotations

import asyncio
from typing import Any

from simulator.callbacks import Outcome
from simulator.calls import Call
from simulator.clock import monotonic
from simulator.hands import Press, find
from simulator.hospital import Member
from simulator.phones import Item
from simulator.photos import Photo
from simulator.refusals import CannotTap
from simulator.robot.memory import Asked, Line
from simulator.robot.settings import ROBOT
from simulator.state import Simulator

Body = dict[str, Any]


class RobotHands:
    def __init__(self, sim: Simulator) -> None:
        self._sim = sim

    async def say(self, member: Member, text: str) -> Outcome:
        robot = self._sim.world.robot
        name = robot.name if robot else ""
        self._sim.phones.say(member.userid, ROBOT, text, app_name=name)
        self._sim.robot.chats.written.add(member.userid)
        body = {"chattype": "single", "msgtype": "text", "text": {"content": text}}
        return await self._tell("message", "text", member.userid, member.userid, body)

    async def send(self, member: Member, photo: Photo) -> Outcome:
        """A picture or file; with words in the same message when there are some."""
        robot, media = self._sim.world.robot, self._sim.media
        stored = media.keep(photo.kind, photo.name, photo.data)
        self._sim.phones.show(
            member.userid,
            ROBOT,
            photo.kind,
            photo.body(stored.id),
            app_name=robot.name if robot else "",
        )
        self._sim.robot.chats.written.add(member.userid)
        part = self._sim.robot.parked.park(photo.data)
        if photo.kind == "file":
            part |= {"filename": photo.name}
        body: Body = {"chattype": "single", "msgtype": photo.kind, photo.kind: part}
        if photo.caption:
            words = {"msgtype": "text", "text": {"content": photo.caption}}
            items = [words, {"msgtype": photo.kind, photo.kind: part}]
            body = {"chattype": "single", "msgtype": "mixed", "mixed": {"msg_item": items}}
        return await self._tell("message", photo.kind, member.userid, member.userid, body)

    async def say_in_group(self, member: Member, chat: str, text: str) -> Outcome:
        """Mention the robot in a group; `chat` comes into being with the first word."""
        robot = self._sim.world.robot
        self._sim.robot.chats.groups.setdefault(chat, [])
        self._sim.robot.chats.written.add(chat)
        words = f"@{robot.name if robot else ''} {text}"
        body = {
            "chattype": "group",
            "chatid": chat,
            "msgtype": "text",
            "text": {"content": words},
        }
        return await self._tell("message", "text", member.userid, chat, body)

    async def enter(self, member: Member) -> Outcome:
        if not self._sim.robot.chats.enters(member.userid):
            return Outcome("ok", problem="the chat was opened before on this day")
        return await self._event("enter_chat", member.userid, {})

    async def feedback(self, member: Member, kind: int, text: str) -> Outcome:
        """Thumbs up (1), down (2) or taken back (3); nothing may be answered."""
        fields = {"id": "feedback", "type": kind, "content": text}
        return await self._event("feedback_event", member.userid, fields)

    async def tap(
        self, item: Item, button: str | int, selected: object = None, *, force: bool = False
    ) -> tuple[Outcome, Press]:
        if item.kind != "template_card":
            raise CannotTap(400, "this message has no buttons")
        if item.closed and not force:
            raise CannotTap(409, "the card is closed", 'send "force": true to tap it anyway')
        try:
            press = find(item.body, button, selected)
        except CannotTap:
            # An old client still shows the card as it was first sent.
            if not force or item.first is None:
                raise
            press = find(item.first, button, selected)
        if press.url:
            return Outcome("link"), press
        self._sim.phones.read(item.owner)
        fields = _tapped(item, press)
        return await self._event("template_card_event", item.owner, fields, item), press

    async def _event(
        self, kind: str, userid: str, fields: Body, item: Item | None = None
    ) -> Outcome:
        nested: Body = fields if self._sim.robot.flat_events else {kind: fields}
        event = {"eventtype": kind, **nested}
        body = {"chattype": "single", "msgtype": "event", "event": event}
        return await self._tell(kind, kind, userid, userid, body, item)

    async def _tell(
        self,
        kind: str,
        label: str,
        userid: str,
        chat: str,
        body: Body,
        item: Item | None = None,
    ) -> Outcome:
        line, robot = self._sim.robot.live, self._sim.world.robot
        if line is None or robot is None:
            return Outcome("unheard", problem="the robot has no live connection")
        asked = self._sim.robot.ask(line, kind, userid, chat, item)
        head = {
            "msgid": str(self._sim.next_msgid()),
            "create_time": self._sim.clock.unix(),
            "aibotid": robot.bot_id,
            "from": {"userid": userid},
        }
        cmd = "aibot_event_callback" if body["msgtype"] == "event" else "aibot_msg_callback"
        frame = {"cmd": cmd, "headers": {"req_id": asked.req_id}, "body": {**head, **body}}
        twice = bool(self._sim.faults.take(("callback_duplicate",), label))
        outcome = await self._deliver(asked, line, frame, copies=2 if twice else 1)
        self._log(label, asked, outcome)
        return outcome

    async def _deliver(self, asked: Asked, line: Line, frame: Body, copies: int) -> Outcome:
        for _ in range(copies):
            if not await line.send(frame):
                return Outcome("unreachable", 1, problem="the connection is gone")
        if asked.kind == "feedback_event":
            return Outcome("ok", 1)
        try:
            async with asyncio.timeout(self._sim.pace.timeout):
                await asked.done.wait()
        except TimeoutError:
            return Outcome("timeout", 1, problem="no answer in time")
        if asked.lost:
            return Outcome("unreachable", 1, problem="the connection went before an answer came")
        return Outcome("ok", 1, asked.reply)

    def _log(self, label: str, asked: Asked, outcome: Outcome) -> None:
        outcome.took_ms = round((monotonic() - asked.started) * 1000, 2)
        fine = outcome.status == "ok"
        self._sim.counters["callbacks"] += 1
        self._sim.calls.add(
            Call(
                api=label,
                direction="callback",
                app=ROBOT,
                who=asked.userid,
                errcode=0 if fine else -1,
                errmsg="" if fine else outcome.problem,
                http=200 if fine else 0,
                took_ms=outcome.took_ms,
            )
        )


def _tapped(item: Item, press: Press) -> Body:
    fields: Body = {
        "card_type": item.body["card_type"],
        "event_key": press.key,
        "task_id": str(item.body.get("task_id") or ""),
    }
    if press.answers:
        chosen = [
            {"question_key": question, "option_ids": {"option_id": ids}}
            for question, ids in press.answers.items()
        ]
        fields["selected_items"] = {"selected_item": chosen}
    return fields
