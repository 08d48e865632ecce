"""Events and replies as JSON, for the inbox: what was taken in can be handled again later."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from bot import events
from bot.events import CardUpdate, Event, Reply
from models.cards import Button, ButtonStyle, Card, Fact, Link, Option, Select, Text

KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        events.TextSaid,
        events.CardTapped,
        events.MenuTapped,
        events.MediaSent,
        events.AppEntered,
        events.MemberChanged,
        events.Other,
    )
}


def event_to_json(event: Event) -> str:
    body = asdict(event) | {"at": event.at.isoformat()}
    return json.dumps(body, ensure_ascii=False, default=str)


def event_from_json(kind: str, text: str) -> Event:
    body: dict[str, Any] = json.loads(text)
    body["at"] = datetime.fromisoformat(body["at"])
    if "selected" in body:
        body["selected"] = {key: tuple(ids) for key, ids in body["selected"].items()}
    known = {field.name for field in fields(KINDS[kind])}
    return KINDS[kind](**{key: value for key, value in body.items() if key in known})


def reply_to_json(reply: Reply | None) -> str | None:
    if reply is None:
        return None
    kind = "text" if isinstance(reply, Text) else "card"
    return json.dumps({"kind": kind, "body": asdict(reply)}, ensure_ascii=False)


def reply_from_json(text: str | None) -> Reply | None:
    if text is None:
        return None
    stored = json.loads(text)
    if stored["kind"] == "text":
        return Text(**stored["body"])
    return CardUpdate(_card(stored["body"]["card"]))


def _card(body: dict[str, Any]) -> Card:
    return Card(
        title=body["title"],
        body=body["body"],
        source=body["source"],
        closed=body["closed"],
        facts=tuple(Fact(**fact) for fact in body["facts"]),
        buttons=tuple(
            Button(button["text"], button["verb"], ButtonStyle(button["style"]))
            for button in body["buttons"]
        ),
        selects=tuple(
            Select(
                select["key"],
                select["title"],
                tuple(Option(**option) for option in select["options"]),
                select["chosen"],
                select["many"],
            )
            for select in body["selects"]
        ),
        link=Link(**body["link"]) if body["link"] else None,
    )
