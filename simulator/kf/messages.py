"""The rules of what may be sent to a customer: byte limits and menus (D94677)."""

from __future__ import annotations

import re
from typing import Any

from simulator.errors import WeComError
from simulator.media import MediaStore

Body = dict[str, Any]
TEXT_BYTES = 2048
URL_BYTES = 2048
HEAD_BYTES = 1024
ENTRY_TEXT_BYTES = 256
CLICK_BYTES = 128
MOST_ENTRIES = 50
MOST_BUTTONS = 10
BUTTONS = ("click", "view", "miniprogram")
_CLICK_ID = re.compile(r"[A-Za-z0-9_]{1,128}")
_MEDIA = ("image", "voice", "video", "file")


def check(body: Body, media: MediaStore, *, entries: int = MOST_ENTRIES) -> tuple[str, Body]:
    """Type and content as the phone shows them, or the refusal."""
    kind = str(body.get("msgtype"))
    part = body.get(kind)
    if kind not in ("text", "msgmenu", "link", *_MEDIA):
        raise WeComError(40008)
    if not isinstance(part, dict):
        raise WeComError(40058, f"invalid parameter: {kind}")
    if kind == "text":
        return kind, {"content": _words(part, "content", TEXT_BYTES)}
    if kind == "msgmenu":
        return kind, _menu(part, entries)
    return kind, _link(part, media) if kind == "link" else _file(kind, part, media)


def _words(part: Body, name: str, most: int, *, needed: bool = True) -> str:
    value = part.get(name, "")
    if not isinstance(value, str) or (needed and not value):
        raise WeComError(40058, f"invalid parameter: {name}")
    if len(value.encode()) > most:
        raise WeComError(40058, f"{name} exceed max length {most}")
    return value


def _url(part: Body) -> str:
    value = _words(part, "url", URL_BYTES)
    if not value.startswith(("http://", "https://")):
        raise WeComError(40058, "invalid parameter: url")
    return value


def _link(part: Body, media: MediaStore) -> Body:
    _stored("image", _words(part, "thumb_media_id", 1024), media)
    return {
        "title": _words(part, "title", 128),
        "description": _words(part, "desc", 512, needed=False),
        "url": _url(part),
    }


def _file(kind: str, part: Body, media: MediaStore) -> Body:
    return _stored(kind, _words(part, "media_id", 1024), media)


def _stored(kind: str, media_id: str, media: MediaStore) -> Body:
    found = media.find(media_id)
    if found is None or found.kind != kind:
        raise WeComError(40007)
    return {"media_id": found.id, "filename": found.filename, "size": len(found.data)}


def _menu(part: Body, most: int) -> Body:
    head = _words(part, "head_content", HEAD_BYTES, needed=False)
    tail = _words(part, "tail_content", HEAD_BYTES, needed=False)
    rows = part.get("list", [])
    if not isinstance(rows, list) or len(rows) > most:
        raise WeComError(95008)
    entries = [_entry(row) for row in rows]
    if sum(e["type"] in BUTTONS for e in entries) > MOST_BUTTONS:
        raise WeComError(95008)
    if not (head or tail or entries):
        raise WeComError(40058, "invalid parameter: msgmenu is empty")
    return {"head_content": head, "list": entries, "tail_content": tail}


def _entry(row: object) -> Body:
    kind = row.get("type") if isinstance(row, dict) else None
    part = row.get(kind) if isinstance(row, dict) and isinstance(kind, str) else None
    if kind not in (*BUTTONS, "text"):
        raise WeComError(95009)
    if not isinstance(part, dict):
        raise WeComError(40058, f"invalid parameter: {kind}")
    if kind == "text":
        newline = {"no_newline": 1} if part.get("no_newline") else {}
        return {"type": kind, "content": _words(part, "content", ENTRY_TEXT_BYTES), **newline}
    return {"type": kind, "content": _words(part, "content", CLICK_BYTES), **_target(kind, part)}


def _target(kind: str, part: Body) -> Body:
    if kind == "view":
        return {"url": _url(part)}
    if kind == "miniprogram":
        return {"appid": _words(part, "appid", 64), "pagepath": _words(part, "pagepath", 1024)}
    value = part.get("id")
    # Without an id of ours the platform makes one up.
    if value is not None and (not isinstance(value, str) or not _CLICK_ID.fullmatch(value)):
        raise WeComError(40058, "invalid parameter: click.id")
    return {"id": value or "auto"}
