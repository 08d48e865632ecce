"""What people do with their phones: write, open the app, tap cards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator import render
from simulator.callbacks import Callbacks, Outcome, with_kind
from simulator.hospital import App, Member, app_named
from simulator.inner import Field
from simulator.media import Media
from simulator.phones import Item
from simulator.photos import Photo
from simulator.refusals import CannotTap
from simulator.state import Simulator


@dataclass(slots=True)
class Press:
    """A button that was found: what it sends, or the page it opens."""

    key: str
    event: str = "template_card_event"
    url: str = ""
    answers: dict[str, list[str]] = field(default_factory=dict)


class Hands:
    def __init__(self, sim: Simulator, callbacks: Callbacks) -> None:
        self._sim = sim
        self._callbacks = callbacks

    async def say(self, member: Member, app: App, text: str) -> Outcome:
        self._sim.phones.say(member.userid, app.agentid, text)
        fields: list[Field] = [
            ("MsgType", "text"),
            ("Content", text),
            ("MsgId", self._sim.next_msgid()),
        ]
        return await self._send(app, member.userid, "text", fields, summary=text)

    async def send(self, member: Member, app: App, photo: Photo, *, force: bool) -> Outcome:
        """A picture, and then its words as a message of their own; the app hears of no file.

        The page of callbacks lists no type `file` [D90239]; with `force` it is told all the same.
        """
        media = self._sim.media.keep(photo.kind, photo.name, photo.data)
        self._sim.phones.show(member.userid, app.agentid, photo.kind, photo.body(media.id))
        if photo.kind == "file" and not force:
            return Outcome("unheard", problem="the platform tells an app of no files")
        fields: list[Field] = [
            ("MsgType", photo.kind),
            ("PicUrl" if photo.kind == "image" else "FileName", _address(media)),
            ("MediaId", media.id),
            ("MsgId", self._sim.next_msgid()),
        ]
        outcome = await self._send(app, member.userid, photo.kind, fields, summary=photo.name)
        return await self.say(member, app, photo.caption) if photo.caption else outcome

    async def event(self, who: str, app: App, kind: str, **more: str) -> Outcome:
        fields = with_kind(kind, **({"EventKey": ""} | more))
        return await self._send(app, who, kind, fields)

    async def tap(
        self, item: Item, button: str | int, selected: object = None, *, force: bool = False
    ) -> tuple[Outcome, Press]:
        """Press a button; a grey card only when forced, as an old client could."""
        app = app_named(self._sim.world, item.agentid)
        if item.kind != "template_card" or app is None:
            raise CannotTap(400, "this message has no buttons")
        if (item.closed or item.state == "recalled") and not force:
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
        fields = self._event_fields(item, press)
        self._sim.phones.read(item.owner)
        outcome = await self._send(app, item.owner, press.event, fields, item, press.key)
        return outcome, press

    def _event_fields(self, item: Item, press: Press) -> list[Field]:
        sent = self._sim.outbox.find(item.msgid)
        more: list[Field] = [
            ("MsgType", "event"),
            ("Event", press.event),
            ("EventKey", press.key),
            ("TaskId", str(item.body.get("task_id", ""))),
            ("CardType", str(item.body["card_type"])),
        ]
        if sent:
            more.append(("ResponseCode", self._sim.outbox.issue(sent)))
        if press.answers:
            more.append(("SelectedItems", [_selected(q, ids) for q, ids in press.answers.items()]))
        return more

    async def _send(
        self,
        app: App,
        who: str,
        label: str,
        fields: list[Field],
        item: Item | None = None,
        summary: str = "",
    ) -> Outcome:
        parcel = self._callbacks.parcel(app, who, label, fields, item, summary)
        return await self._callbacks.deliver(parcel)


def _address(media: Media) -> str:
    """A file has its name where a picture has an address."""
    return f"https://p.qpic.cn/pic/{media.id}" if media.kind == "image" else media.filename


def find(card: dict[str, Any], button: str | int, selected: object) -> Press:
    """Find a button by key, by its words or by its number."""
    menu = (card.get("action_menu") or {}).get("action_list") or ()
    rows = [*(card.get("button_list") or ()), *filter(None, [card.get("submit_button")]), *menu]
    wanted = next((b for b in rows if button and b.get("key") == button), None)
    wanted = wanted or next((b for b in rows if b["text"] == button), None)
    if wanted is None and str(button).isdecimal() and int(button) < len(rows):
        wanted = rows[int(button)]
    if wanted is None:
        raise CannotTap(
            404, f"no button {button!r}", "buttons: " + "、".join(b["text"] for b in rows)
        )
    if wanted.get("type", 0) == 1 and wanted.get("url"):
        return Press("", url=str(wanted["url"]))
    if any(wanted is action for action in menu):
        return Press(wanted["key"], "template_card_menu_event")
    return Press(wanted["key"], answers=_answers(card, selected))


def _selected(question: str, ids: list[str]) -> Field:
    options: list[Field] = [("OptionId", option) for option in ids]
    return ("SelectedItem", [("QuestionKey", question), ("OptionIds", options)])


def _answers(card: dict[str, Any], selected: object) -> dict[str, list[str]]:
    answers: dict[str, list[str]] = {}
    allowed: dict[str, list[str]] = {}
    for question in render.selects(card):
        answers[question["question_key"]] = [question["selected_id"]]
        allowed[question["question_key"]] = [o["id"] for o in question["options"]]
    box = card.get("checkbox")
    if box:
        shown = render.options(box)
        answers[box["question_key"]] = [o["id"] for o in shown if o["checked"]]
        allowed[box["question_key"]] = [o["id"] for o in shown]
    for key, ids in _given(selected, allowed).items():
        if key not in allowed or not set(ids) <= set(allowed[key]):
            raise CannotTap(400, f"no such choice: {key}: {ids}", f"choices: {allowed}")
        answers[key] = ids
    if box and box.get("mode") != 1 and len(answers[box["question_key"]]) > 1:
        raise CannotTap(400, "only one choice is allowed")
    return answers


def _given(selected: object, allowed: dict[str, list[str]]) -> dict[str, list[str]]:
    """Read {"question": ["a"]}, {"question": "a"} or, with one question, ["a"] or "a"."""
    if selected is None:
        return {}
    if not isinstance(selected, dict):
        if len(allowed) != 1:
            raise CannotTap(400, "name the question", f"choices: {allowed}")
        selected = {next(iter(allowed)): selected}
    return {
        str(question): [str(i) for i in (ids if isinstance(ids, list) else [ids])]
        for question, ids in selected.items()
    }
