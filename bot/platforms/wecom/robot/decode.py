"""Callback bodies of the long connection to neutral events (D101463, D101027).

Nothing is refused: what cannot be read becomes Other. An address and a key of media go only into
the event, which hides them and is stored sealed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict

import orjson

from bot.events import AppEntered, CardTapped, Event, MediaSent, Other, TextSaid
from bot.platforms.fitting import clean

PLATFORM = "wecom"
APP = "robot"
_MESSAGE_ID = re.compile(r"[0-9A-Za-z_\-]{1,100}")
_USER_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-@.]{0,63}")
_MEDIA = frozenset({"image", "voice", "video", "file"})
_SECONDS = re.compile(r"[0-9]{1,10}")
_KEPT_BYTES = 4096  # of an event nobody acts on

Json = Mapping[str, Any]


class _Head(TypedDict):
    platform: str
    app: str
    event_id: str
    user: str
    at: datetime


def decode(body: Json, *, now: datetime, corp_id: str = "") -> Event:
    """One event. `now` stands in for a time that is not given; `corp_id` is ours, if we know it.

    Somebody of another corp gets a user id that nobody here has: theirs may equal one of ours.
    """
    head = _Head(
        platform=PLATFORM,
        app=APP,
        event_id=f"{PLATFORM}:{APP}:{_identity(body)}",
        user=_user(body, corp_id),
        at=_instant(body.get("create_time"), now),
    )
    kind = _text(body, "msgtype").lower()
    if kind == "event":
        return _happening(head, _object(body, "event"))
    return _message(head, kind, body)


def group_of(body: Json) -> str:
    """The chat's id when this was said in a group; empty in a single chat."""
    if _text(body, "chattype") == "single":
        return ""
    return _text(body, "chatid") or ("?" if _text(body, "chattype") == "group" else "")


def _identity(body: Json) -> str:
    given = body.get("msgid")
    if isinstance(given, str) and _MESSAGE_ID.fullmatch(given):
        return given
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _user(body: Json, corp_id: str) -> str:
    sender = _object(body, "from")
    user, corp = _text(sender, "userid"), _text(sender, "corpid")
    if not _USER_ID.fullmatch(user):
        return ""
    return f"{user}/{corp}"[:128] if corp and corp_id and corp != corp_id else user


def _instant(given: object, now: datetime) -> datetime:
    """Seconds as a number or as text; both are seen."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        return now
    seconds = int(given) if _SECONDS.fullmatch(str(given)) else 0
    return datetime.fromtimestamp(seconds, UTC) if seconds else now


def _message(head: _Head, kind: str, body: Json) -> Event:
    group = group_of(body)
    if kind == "text":
        words = _text(_object(body, "text"), "content")
        return TextSaid(**head, text=words, group=group)
    if kind == "mixed":
        return _mixed(head, body, group)
    if kind in _MEDIA:
        said = _object(body, kind)
        return _sent(head, kind, said, _text(said, "content"))
    return Other(**head, kind=kind)


def _sent(head: _Head, kind: str, part: Json, caption: str = "") -> MediaSent:
    return MediaSent(
        **head,
        kind=kind,
        media_id="",
        caption=caption,
        filename=_text(part, "filename"),
        url=_text(part, "url"),
        aes_key=_text(part, "aeskey"),
    )


def _mixed(head: _Head, body: Json, group: str) -> Event:
    """Words and pictures of one message: its first picture with the words, or the words alone."""
    items = _object(body, "mixed").get("msg_item")
    rows = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    words = [_text(_object(row, "text"), "content") for row in rows]
    said = "\n".join(word for word in words if word)
    parts = [(kind, _object(row, kind)) for row in rows for kind in ("image", "file")]
    kind, part = next(((kind, part) for kind, part in parts if part), ("image", {}))
    if said and (group or not part):
        return TextSaid(**head, text=said, group=group)
    return _sent(head, kind, part, said)


def _happening(head: _Head, event: Json) -> Event:
    kind = _text(event, "eventtype").lower()
    # Types of the official SDK show the fields beside eventtype, the pages below its name.
    fields = _object(event, kind) or event
    return _HAPPENINGS.get(kind, _other)(head, kind, fields)


def _entered(head: _Head, _: str, __: Json) -> Event:
    return AppEntered(**head)


def _tapped(head: _Head, _: str, fields: Json) -> Event:
    return CardTapped(
        **head,
        verb=_text(fields, "event_key"),
        task_id=_text(fields, "task_id"),
        selected=_selected(fields),
    )


def _selected(fields: Json) -> Mapping[str, tuple[str, ...]]:
    return {
        _text(item, "question_key"): tuple(
            option
            for option in _list(_object(item, "option_ids").get("option_id"))
            if isinstance(option, str)
        )
        for item in _list(_object(fields, "selected_items").get("selected_item"))
        if isinstance(item, dict)
    }


def _other(head: _Head, kind: str, fields: Json) -> Event:
    small = len(orjson.dumps(fields)) <= _KEPT_BYTES
    return Other(**head, kind=kind, data=dict(fields) if small else {})


_HAPPENINGS: Mapping[str, Callable[[_Head, str, Json], Event]] = {
    "enter_chat": _entered,
    "template_card_event": _tapped,
    "template_card_menu_event": _tapped,
}


def _text(fields: Json, name: str) -> str:
    value = fields.get(name)
    return clean(value) if isinstance(value, str) else ""


def _object(fields: Json, name: str) -> Json:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    """One element may stand where many do."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
