"""The message templates of the robot API and the fields each needs [S0699].

Codes beyond those of S0714 are as listed in developer.aliyun.com/ask/532743.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from simulator.dingtalk import bodies
from simulator.dingtalk.bodies import Shown
from simulator.dingtalk.errors import NewError

Param = dict[str, Any]
MOST_BYTES = 15_000
_VERTICAL = {f"sampleActionCard{n}": n for n in range(2, 6)}


def read(key: object, raw: object) -> Shown:
    """Kind and body for the phones; 400 with the platform's code otherwise."""
    if not key:
        raise NewError(400, "invalidParameter.msgKey.empty")
    if not isinstance(raw, str) or not raw:
        raise _bad("msgParam", "msgParam must be a JSON text")
    if len(raw.encode()) > MOST_BYTES:
        raise NewError(400, "invalidParameter.msgParam.tooLong", f"more than {MOST_BYTES} bytes")
    try:
        param = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _bad("msgParam", "msgParam is not JSON") from None
    if not isinstance(param, dict):
        raise _bad("msgParam", "msgParam is not a JSON object")
    if key in _VERTICAL:
        return _vertical(param, _VERTICAL[str(key)])
    rule = _RULES.get(str(key))
    if rule is None:
        raise _bad("msgKey", f"unknown msgKey {str(key)[:40]!r}")
    return rule(param)


def _bad(name: str, why: str) -> NewError:
    return NewError(400, f"invalidParameter.{name}.invalid", why)


def _field(param: Param, name: str) -> str:
    value = param.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _bad("msgParam", f"msgParam.{name} is missing")
    return value


def _text(param: Param) -> Shown:
    return bodies.text(_field(param, "content"))


def _markdown(param: Param) -> Shown:
    return bodies.markdown(_field(param, "title"), _field(param, "text"))


def _image(param: Param) -> Shown:
    return bodies.media("image", _field(param, "photoURL"))


def _link(param: Param) -> Shown:
    _field(param, "picUrl")
    return bodies.link(*(_field(param, n) for n in ("title", "text", "messageUrl")))


def _single(param: Param) -> Shown:
    button = (_field(param, "singleTitle"), _field(param, "singleURL"))
    return bodies.action_card(_field(param, "title"), _field(param, "text"), [button])


def _vertical(param: Param, count: int) -> Shown:
    rows = [
        (_field(param, f"actionTitle{n}"), _field(param, f"actionURL{n}"))
        for n in range(1, count + 1)
    ]
    return bodies.action_card(_field(param, "title"), _field(param, "text"), rows)


def _side_by_side(param: Param) -> Shown:
    rows = [(_field(param, f"buttonTitle{n}"), _field(param, f"buttonUrl{n}")) for n in (1, 2)]
    return bodies.action_card(_field(param, "title"), _field(param, "text"), rows)


def _audio(param: Param) -> Shown:
    return bodies.media("voice", _field(param, "mediaId"))


def _file(param: Param) -> Shown:
    name, kind = _field(param, "fileName"), _field(param, "fileType")
    if kind not in ("xlsx", "pdf", "zip", "rar", "doc", "docx"):
        raise _bad("msgParam", f"fileType {kind!r} is not allowed")
    return bodies.media("file", _field(param, "mediaId"), name)


def _video(param: Param) -> Shown:
    return bodies.media("video", _field(param, "videoMediaId"))


_RULES: dict[str, Callable[[Param], Shown]] = {
    "sampleText": _text,
    "sampleMarkdown": _markdown,
    "sampleImageMsg": _image,
    "sampleLink": _link,
    "sampleActionCard": _single,
    "sampleActionCard6": _side_by_side,
    "sampleAudio": _audio,
    "sampleFile": _file,
    "sampleVideo": _video,
}
