"""Decrypted callback XML to neutral events (D90239, D90240, D90970, D94670).

Whatever we do not act on becomes Other with all its fields. Only malformed XML is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypedDict
from xml.etree.ElementTree import Element

from bot.events import (
    AppEntered,
    CardTapped,
    Event,
    KfRang,
    MediaSent,
    MemberChanged,
    MenuTapped,
    Other,
    TextSaid,
)
from bot.platforms.refusal import Refused
from bot.platforms.wecom.upstream import message_field
from bot.platforms.wecom.xml import flat, parse, text_of, tree

PLATFORM = "wecom"
_SYSTEM = "sys"
_SECONDS = re.compile(r"[0-9]{1,10}")
_MESSAGE_ID = re.compile(r"[0-9A-Za-z_\-]{1,64}")
_MEDIA = frozenset({"image", "voice", "video", "shortvideo", "file"})
_MEMBER_CHANGES = {
    "create_user": "created",
    "update_user": "updated",
    "delete_user": "deleted",
}


class _Head(TypedDict):
    platform: str
    app: str
    event_id: str
    user: str
    at: datetime


def decode(plaintext: bytes, *, app: str) -> Event:
    """One event. Raises Refused(400) when it is not a WeCom message at all."""
    root = parse(plaintext)
    kind = text_of(root, "MsgType").strip().lower()
    if not kind:
        raise Refused(400, "kind")
    user = text_of(root, "FromUserName")
    head = _Head(
        platform=PLATFORM,
        app=app,
        event_id=f"{PLATFORM}:{app}:{_identity(root, kind, plaintext)}",
        user="" if user == _SYSTEM else user,
        at=_instant(text_of(root, "CreateTime")),
    )
    return _happening(head, root) if kind == "event" else _message(head, kind, root)


def _identity(root: Element, kind: str, plaintext: bytes) -> str:
    # Events carry no MsgId, and sender plus second collides for the events of `sys`.
    given = text_of(root, "MsgId") if kind != "event" else ""
    if _MESSAGE_ID.fullmatch(given):
        return given
    return hashlib.sha256(plaintext).hexdigest()


def _instant(seconds: str) -> datetime:
    if not _SECONDS.fullmatch(seconds):
        raise Refused(400, "time")
    return datetime.fromtimestamp(int(seconds), UTC)


def _message(head: _Head, kind: str, root: Element) -> Event:
    if kind == "text":
        return TextSaid(**head, text=message_field(kind, flat(root), "content"))
    if kind in _MEDIA:
        media_id, name = text_of(root, "MediaId"), text_of(root, "FileName", "Title")
        return MediaSent(**head, kind=kind, media_id=media_id, filename=name)
    return _other(head, kind, root)


def _happening(head: _Head, root: Element) -> Event:
    kind = text_of(root, "Event").strip().lower()
    if not kind:
        raise Refused(400, "kind")
    return _HAPPENINGS.get(kind, _other)(head, kind, root)


def _other(head: _Head, kind: str, root: Element) -> Event:
    fields = tree(root)
    return Other(**head, kind=kind, data=fields if isinstance(fields, dict) else {})


def _entered(head: _Head, kind: str, _: Element) -> Event:
    return AppEntered(**head, first=kind == "subscribe")


def _left(head: _Head, _: str, __: Element) -> Event:
    return MemberChanged(**head, change="out_of_range", member=head["user"])


def _clicked(head: _Head, _: str, root: Element) -> Event:
    return MenuTapped(**head, key=text_of(root, "EventKey"))


def _tapped(head: _Head, _: str, root: Element) -> Event:
    return CardTapped(
        **head,
        verb=text_of(root, "EventKey"),
        task_id=text_of(root, "TaskId"),
        response_code=text_of(root, "ResponseCode"),
        selected=_selected(root),
    )


def _selected(root: Element) -> Mapping[str, tuple[str, ...]]:
    return {
        text_of(item, "QuestionKey"): tuple(
            option.text or "" for option in item.iterfind("OptionIds/OptionId")
        )
        for item in root.iterfind("SelectedItems/SelectedItem")
    }


def _directory_changed(head: _Head, kind: str, root: Element) -> Event:
    change = text_of(root, "ChangeType")
    if change not in _MEMBER_CHANGES:
        return _other(head, f"{kind}.{change}", root)
    return MemberChanged(
        **head,
        change=_MEMBER_CHANGES[change],
        member=text_of(root, "UserID"),
        new_member=text_of(root, "NewUserID"),
    )


def _kf_rang(head: _Head, kind: str, root: Element) -> Event:
    open_kfid = text_of(root, "OpenKfId")
    if not open_kfid:
        return _other(head, kind, root)
    return KfRang(**head, open_kfid=open_kfid, token=text_of(root, "Token"))


_HAPPENINGS: Mapping[str, Callable[[_Head, str, Element], Event]] = {
    "subscribe": _entered,
    "enter_agent": _entered,
    "unsubscribe": _left,
    "click": _clicked,
    "template_card_event": _tapped,
    "template_card_menu_event": _tapped,
    "change_contact": _directory_changed,
    "kf_msg_or_event": _kf_rang,
}
