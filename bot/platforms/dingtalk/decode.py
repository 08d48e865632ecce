"""DingTalk's robot messages and directory events as neutral events (G0078, S0699, E0077–E0112).

Whatever we do not act on becomes Other with all its fields. Only what is no JSON object, or has
an impossible time, is refused. Taps on cards: taps.py.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypedDict

from bot.events import Event, MediaSent, MemberChanged, MessageRead, Other, TextSaid
from bot.platforms.dingtalk.reading import (
    Json,
    digest,
    folded,
    id_of,
    instant_of,
    parse,
    plain_id,
    text_of,
    texts_of,
)
from bot.platforms.refusal import Refused

PLATFORM = "dingtalk"
APP = "main"
QUOTA_EXHAUSTED = "quota_exhausted"
_EXHAUSTED = "20001"
_GROUP = "2"
_LONG_AGO = datetime.fromtimestamp(0, UTC)
_USER = re.compile(r"[0-9A-Za-z][\x21-\x7e]{0,63}")
_MEDIA = {"picture": "image", "audio": "voice", "video": "video", "file": "file"}
_MEMBER_CHANGES = {
    "user_add_org": "created",
    "user_modify_org": "updated",
    "user_leave_org": "deleted",
}
_DEPARTMENT_CHANGES = frozenset({"org_dept_create", "org_dept_modify", "org_dept_remove"})


class Head(TypedDict):
    platform: str
    app: str
    event_id: str
    user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a robot message can be answered until `expires`; the address is a secret."""

    url: str = field(repr=False)
    expires: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """A robot message: what it means, where it can be answered and whether others listen."""

    event: Event
    webhook: Webhook | None = None
    in_group: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """What the platform says about an event apart from its data; empty where it says nothing."""

    kind: str
    event_id: str
    corp_id: str
    at: datetime


class Persons:
    """Whom a user id means, for one organisation. Raises ValueError without a corp id.

    A user id is unique within one organisation only. Whoever is not proven to be of ours gets a
    name that no member can have, so that the bot is polite to them and tells them nothing.
    """

    def __init__(self, corp_id: str) -> None:
        if not corp_id:
            raise ValueError(
                "the corp id of DingTalk is missing: set WARDBELL_DINGTALK_CORP_ID "
                "(CorpId on the developer console's first page)"
            )
        self._corp_id = corp_id

    def name(self, user: str, *corp_ids: str, alias: str = "") -> str:
        """`user` if one of `corp_ids` is ours and none is another's, else an outsider's name."""
        given = [corp for corp in corp_ids if corp]
        ours = bool(given) and all(corp == self._corp_id for corp in given)
        if ours and _USER.fullmatch(user):
            return user
        whole = "\n".join((*corp_ids, user, alias)).encode(errors="surrogatepass")
        return f"outside:{hashlib.sha256(whole).hexdigest()[:32]}"

    def ours(self, corp_id: str) -> bool:
        """Whether an event is about our organisation; it may leave that out."""
        return corp_id in ("", self._corp_id)


def decode_message(data: str | bytes, persons: Persons, now: datetime) -> Said:
    """One robot message, over Stream or HTTP. Raises Refused(400)."""
    body = parse(data)
    head = Head(
        platform=PLATFORM,
        app=APP,
        event_id=f"{PLATFORM}:msg:{plain_id(text_of(body, 'msgId') or digest(data))}",
        user=persons.name(
            id_of(body, "senderStaffId"),
            id_of(body, "senderCorpId"),
            id_of(body, "chatbotCorpId"),
            alias=id_of(body, "senderId"),
        ),
        at=instant_of(body.get("createAt"), now),
    )
    in_group = text_of(body, "conversationType") == _GROUP
    return Said(_message(head, body, in_group=in_group), _webhook(body), in_group)


def _webhook(body: Json) -> Webhook | None:
    url = text_of(body, "sessionWebhook")
    try:
        expires = instant_of(body.get("sessionWebhookExpiredTime"), _LONG_AGO)
    except Refused:
        return None  # the words still count when the way back is unclear
    return Webhook(url, expires) if url else None


def _message(head: Head, body: Json, *, in_group: bool) -> Event:
    if text_of(body, "errorCode") == _EXHAUSTED and not (body.get("text") or body.get("content")):
        return Other(**head, kind=QUOTA_EXHAUSTED, data=body)
    kind = text_of(body, "msgtype")
    content = body.get("content")
    words = _words(kind, body, content)
    picture = _picture(content) if kind == "richText" else ""
    if picture and not in_group:
        return MediaSent(**head, kind="image", media_id=picture, caption=words)
    if words or kind == "text":
        group = text_of(body, "conversationId") if in_group else ""
        title = text_of(body, "conversationTitle") if in_group else ""
        return TextSaid(**head, text=words, group=group, group_title=title)
    if kind in _MEDIA:
        name = text_of(content, "fileName")
        code = text_of(content, "downloadCode")
        return MediaSent(**head, kind=_MEDIA[kind], media_id=code, filename=name)
    if picture:
        return MediaSent(**head, kind="image", media_id=picture)
    return Other(**head, kind=f"message.{kind}", data=body)


def _words(kind: str, body: Json, content: object) -> str:
    """What was said, whether typed, in rich text or by voice with the platform's transcript."""
    if kind == "text":
        return text_of(body.get("text"), "content").strip()
    if kind == "audio":
        return text_of(content, "recognition").strip()
    if kind == "richText":
        return "".join(text_of(part, "text") for part in _parts(content)).strip()
    return ""


def _parts(content: object) -> list[object]:
    parts = content.get("richText") if isinstance(content, dict) else None
    return parts if isinstance(parts, list) else []


def _picture(content: object) -> str:
    codes = [text_of(part, "downloadCode") for part in _parts(content)]
    return next((code for code in codes if code), "")


def decode_event(data: str | bytes, persons: Persons, about: Happening) -> tuple[Event, ...]:
    """Nothing, one or several neutral events with ids of their own. Raises Refused(400).

    Nothing when another organisation is meant.
    """
    body = parse(data)
    if not persons.ours(about.corp_id):
        return ()
    fields = folded(body)
    head = Head(
        platform=PLATFORM,
        app=APP,
        event_id=f"{PLATFORM}:event:{plain_id(about.event_id or digest(data))}",
        user="",
        at=about.at,
    )
    if text_of(body, "errorCode") == _EXHAUSTED:
        return (Other(**head, kind=QUOTA_EXHAUSTED, data=body),)
    read = _EVENTS.get(about.kind, _other)
    return read(head, about.kind, fields, body)


def decode_http_event(plaintext: bytes, persons: Persons, now: datetime) -> tuple[Event, ...]:
    """The decrypted body of an HTTP push, which carries what Stream has in its headers (E0004)."""
    body = parse(plaintext)
    about = Happening(
        kind=text_of(body, "EventType"),
        event_id=text_of(body, "eventId", "EventId"),
        corp_id=text_of(body, "CorpId", "corpId"),
        at=instant_of(body.get("EventTime"), now),
    )
    return decode_event(plaintext, persons, about)


def _other(head: Head, kind: str, _: Json, body: Json) -> tuple[Event, ...]:
    return (Other(**head, kind=kind, data=body),)


def _members(head: Head, kind: str, fields: Json, body: Json) -> tuple[Event, ...]:
    members = [m for m in dict.fromkeys(texts_of(fields.get("userid"))) if _USER.fullmatch(m)]
    if not members:
        return _other(head, kind, fields, body)
    return tuple(_member(head, _MEMBER_CHANGES[kind], member) for member in members)


def _member(head: Head, change: str, member: str) -> MemberChanged:
    whole = head["event_id"].removeprefix(f"{PLATFORM}:event:")
    own = Head(**{**head, "event_id": f"{PLATFORM}:event:{plain_id(whole, member)}"})
    return MemberChanged(**own, change=change, member=member)


def _departments(head: Head, _: str, __: Json, ___: Json) -> tuple[Event, ...]:
    """Who sits where changed for nobody in particular: `member` stays empty."""
    return (MemberChanged(**head, change="updated", member=""),)


def _read(head: Head, kind: str, fields: Json, body: Json) -> tuple[Event, ...]:
    user = id_of(fields, "userid")
    keys = texts_of(fields.get("processquerykey"))
    if not keys or not _USER.fullmatch(user):
        return _other(head, kind, fields, body)
    own = Head(**{**head, "user": user})
    return (MessageRead(**own, message_ids=keys),)


_EVENTS: Mapping[str, Callable[[Head, str, Json, Json], tuple[Event, ...]]] = {
    **dict.fromkeys(_MEMBER_CHANGES, _members),
    **dict.fromkeys(_DEPARTMENT_CHANGES, _departments),
    "robot_msg_read": _read,
}
