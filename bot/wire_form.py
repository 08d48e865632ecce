"""Events and replies as JSON, for the inbox: what was taken in can be handled again later."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

import orjson

from bot import events
from bot.events import CardUpdate, Event, Reply
from models import sealed
from models.cards import Button, ButtonStyle, Card, Fact, Link, Option, Select, Text
from services.guests import PLATFORM, index_of

PAYLOAD, REPLY = "inbox.payload", "inbox.reply"  # where each is sealed
KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        events.TextSaid,
        events.CardTapped,
        events.MenuTapped,
        events.MediaSent,
        events.AppEntered,
        events.MemberChanged,
        events.MessageRead,
        events.KfRang,
        events.LinkEntered,
        events.ChatMoved,
        events.Other,
    )
}


def sender(event: Event) -> str:
    """What orders events: one person on one platform. Of people outside only a keyed hash."""
    if event.platform == PLATFORM:
        return f"{PLATFORM}:{index_of(event.user)}"
    return f"{event.platform}:{event.user.lower()}"[:96]


def seal_event(event: Event) -> str:
    return sealed.ring().seal(PAYLOAD, event_to_json(event))


def open_event(kind: str, payload: str) -> Event:
    return event_from_json(kind, sealed.open_sealed(PAYLOAD, payload))


def seal_reply(reply: Reply) -> str:
    return sealed.ring().seal(REPLY, reply_to_json(reply))


def open_reply(body: str) -> Reply:
    return reply_from_json(sealed.open_sealed(REPLY, body))


def event_to_json(event: Event) -> str:
    return orjson.dumps(event, default=str).decode()


def event_from_json(kind: str, text: str) -> Event:
    body: dict[str, Any] = orjson.loads(text)
    body["at"] = datetime.fromisoformat(body["at"])
    if "selected" in body:
        body["selected"] = {key: tuple(ids) for key, ids in body["selected"].items()}
    if "message_ids" in body:
        body["message_ids"] = tuple(body["message_ids"])
    known = {field.name for field in fields(KINDS[kind])}
    return KINDS[kind](**{key: value for key, value in body.items() if key in known})


def reply_to_json(reply: Reply) -> str:
    kind = "text" if isinstance(reply, Text) else "card"
    return orjson.dumps({"kind": kind, "body": reply}).decode()


def reply_from_json(text: str) -> Reply:
    stored = orjson.loads(text)
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
