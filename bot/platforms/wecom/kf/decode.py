"""Entries of kf/sync_msg to neutral events (D94670). Never raises: no entry stops the pulling."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict

import orjson

from bot.platforms.fitting import clean
from bot.platforms.wecom.errors import cure, send_fail
from bot.platforms.wecom.kf.events import (
    KfEntered,
    KfEvent,
    KfMediaSent,
    KfOther,
    KfRecalled,
    KfSaid,
    KfSendFailed,
    KfSessionChanged,
)

_CUSTOMER, _SYSTEM, _SERVICER = 3, 4, 5
_ORIGINS = {_SYSTEM: "system", _SERVICER: "servicer"}
_MEDIA = frozenset({"image", "voice", "video", "file"})
_LATEST = 1 << 33  # seconds; what lies beyond is no instant of a message
_Part = Mapping[str, Any]


class _Head(TypedDict):
    msgid: str
    open_kfid: str
    user: str
    at: datetime


def decode_entry(entry: object, *, open_kfid: str) -> KfEvent:
    """One entry of `msg_list`, pulled for this account."""
    if not isinstance(entry, dict):
        return KfOther(**_head({}, {}, open_kfid, entry), kind="unreadable")
    kind = _text(entry, "msgtype")
    event = _part(entry, "event") if kind == "event" else {}
    head = _head(entry, event, open_kfid, entry)
    origin = entry.get("origin")
    if kind == "event" and origin == _SYSTEM:
        name = _text(event, "event_type")
        return _EVENTS.get(name, _other)(head, f"event.{name}", event)
    if origin != _CUSTOMER:
        # Words of a colleague or of the system must never pass for the candidate's.
        named = _ORIGINS.get(origin, "unknown") if isinstance(origin, int) else "unknown"
        return _other(head, f"{named}.{kind}", _part(entry, kind))
    return _message(head, kind, _part(entry, kind))


def _head(entry: _Part, event: _Part, open_kfid: str, raw: object) -> _Head:
    user = _text(entry, "external_userid") or _text(event, "external_userid")
    return _Head(
        msgid=_text(entry, "msgid") or _digest(raw),
        open_kfid=open_kfid,
        user=user,
        at=_instant(entry.get("send_time")),
    )


def _digest(raw: object) -> str:
    return hashlib.sha256(orjson.dumps(raw, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _instant(seconds: object) -> datetime:
    """The epoch where the platform gave no sensible time."""
    sound = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 <= seconds < _LATEST
    return datetime.fromtimestamp(seconds if sound else 0, UTC)  # type: ignore[arg-type]


def _text(part: _Part, name: str) -> str:
    value = part.get(name)
    return clean(value) if isinstance(value, str) else ""


def _number(part: _Part, name: str) -> int:
    value = part.get(name)
    return value if isinstance(value, int) else 0


def _part(entry: _Part, name: str) -> _Part:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def _message(head: _Head, kind: str, part: _Part) -> KfEvent:
    if kind == "text":
        return KfSaid(**head, text=_text(part, "content"), menu_id=_text(part, "menu_id"))
    if kind in _MEDIA:
        return KfMediaSent(**head, kind=kind, media_id=_text(part, "media_id"))
    return _other(head, kind or "unreadable", part)


def _other(head: _Head, kind: str, part: _Part) -> KfEvent:
    return KfOther(**head, kind=kind, data=dict(part))


def _entered(head: _Head, _: str, event: _Part) -> KfEvent:
    return KfEntered(
        **head,
        scene=_text(event, "scene"),
        scene_param=_text(event, "scene_param"),
        welcome_code=_text(event, "welcome_code"),
    )


def _failed(head: _Head, _: str, event: _Part) -> KfEvent:
    kind = _number(event, "fail_type")
    what = send_fail(kind)
    return KfSendFailed(
        **head,
        fail_msgid=_text(event, "fail_msgid"),
        fail_type=kind,
        failure=what.failure,
        cure=cure(what.cure),
    )


def _recalled(head: _Head, _: str, event: _Part) -> KfEvent:
    return KfRecalled(**head, recalled_msgid=_text(event, "recall_msgid"))


def _session(head: _Head, _: str, event: _Part) -> KfEvent:
    return KfSessionChanged(
        **head,
        change=_number(event, "change_type"),
        servicer=_text(event, "new_servicer_userid") or _text(event, "old_servicer_userid"),
        msg_code=_text(event, "msg_code"),
    )


_EVENTS: Mapping[str, Callable[[_Head, str, _Part], KfEvent]] = {
    "enter_session": _entered,
    "msg_send_fail": _failed,
    "user_recall_msg": _recalled,
    "session_status_change": _session,
}
