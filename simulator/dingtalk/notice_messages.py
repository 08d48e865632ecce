"""The message types of work notifications, and what a phone shows of each [S0775]."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from simulator import neutral
from simulator.dingtalk import bodies
from simulator.dingtalk.bodies import Shown
from simulator.dingtalk.errors import OldError
from simulator.dingtalk.memory import StoredFile

Body = dict[str, Any]
Files = Mapping[str, StoredFile]
BYTES = 2048
MARKDOWN, TITLE, SINGLE_URL, BUTTON_URL, BUTTONS = 5000, 20, 500, 700, 1000
FORM_SHOWN = 6
MALFORMED = 40035


def read(raw: object, files: Files) -> tuple[str, Shown]:
    """`msg` as JSON or as a string of JSON: its type, and kind and body for the phones."""
    msg = json.loads(raw) if isinstance(raw, str) else raw
    if not isinstance(msg, dict) or not msg:
        raise _wrong("msg")
    if len(json.dumps(msg, ensure_ascii=False, separators=(",", ":")).encode()) > BYTES:
        raise OldError(MALFORMED, f"msg 最长不超过{BYTES}个字节")
    kind = str(msg.get("msgtype"))
    rule = _RULES.get(kind)
    part = msg.get(kind)
    if rule is None or not isinstance(part, dict):
        raise _wrong("msg.msgtype")
    return kind, rule(part, files)


def _wrong(name: str) -> OldError:
    return OldError(MALFORMED, f"不合法的参数 {name}")


def _field(part: Body, name: str, most: int | None = None) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not value or (most and len(value) > most):
        raise _wrong(name)
    return value


def _text(part: Body, _files: Files) -> Shown:
    return bodies.text(_field(part, "content"))


def _media(kind: str) -> Callable[[Body, Files], Shown]:
    def rule(part: Body, files: Files) -> Shown:
        media_id = _field(part, "media_id")
        if media_id not in files:
            raise _wrong("media_id")
        return bodies.media(kind, media_id, files[media_id].name)

    return rule


def _voice(part: Body, files: Files) -> Shown:
    duration = str(part.get("duration") or "")
    if not duration.isdecimal() or not 0 < int(duration) < 60:
        raise _wrong("duration")
    return _media("voice")(part, files)


def _link(part: Body, _files: Files) -> Shown:
    _field(part, "picUrl")
    return bodies.link(_field(part, "title"), _field(part, "text"), _field(part, "messageUrl"))


def _markdown(part: Body, _files: Files) -> Shown:
    return bodies.markdown(_field(part, "title"), _field(part, "text", MARKDOWN))


def _action_card(part: Body, _files: Files) -> Shown:
    words, title = _field(part, "markdown"), str(part.get("title") or "")
    if part.get("single_title") or part.get("single_url"):
        url = _field(part, "single_url", SINGLE_URL)
        return bodies.action_card(title, words, [(_field(part, "single_title", TITLE), url)])
    rows = part.get("btn_json_list")
    if (
        not isinstance(rows, list)
        or not rows
        or str(part.get("btn_orientation")) not in ("0", "1")
    ):
        raise _wrong("btn_json_list")
    if len(json.dumps(rows, ensure_ascii=False, separators=(",", ":"))) > BUTTONS:
        raise _wrong("btn_json_list")
    buttons = [(_field(b, "title", TITLE), _field(b, "action_url", BUTTON_URL)) for b in rows]
    kind, card = bodies.action_card(title, words, buttons)
    return kind, card | {"vertical": str(part["btn_orientation"]) == "0"}


def _oa(part: Body, _files: Files) -> Shown:
    """The head is replaced by the app's name; a seventh row of the form stays hidden."""
    if not isinstance(part.get("head"), dict) or not isinstance(part.get("body"), dict):
        raise _wrong("oa")
    body, bar = part["body"], part.get("status_bar") or {}
    rich = body.get("rich")
    card = neutral.blank("oa") | {
        "title": str(body.get("title") or ""),
        "desc": str(body.get("content") or ""),
        "facts": [
            {"label": str(f["key"]).rstrip(":："), "value": str(f["value"]), "link": ""}
            for f in (body.get("form") or [])[:FORM_SHOWN]
        ],
        "emphasis": {"title": f"{rich.get('num', '')}{rich.get('unit', '')}"} if rich else None,
        "sub_title_text": str(body.get("author") or ""),
        "jumps": [{"title": "查看详情", "url": _field(part, "message_url")}],
        "status": str(bar.get("status_value") or ""),
    }
    return "card", card


_RULES: dict[str, Callable[[Body, Files], Shown]] = {
    "text": _text,
    "image": _media("image"),
    "voice": _voice,
    "file": _media("file"),
    "link": _link,
    "oa": _oa,
    "markdown": _markdown,
    "action_card": _action_card,
}
