"""The XML inside callbacks: writing events, reading passive replies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict

Field = tuple[str, "str | int | Sequence[Field]"]

# Characters that XML 1.0 cannot carry at all.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LISTS = {
    "horizontal_content_list",
    "vertical_content_list",
    "jump_list",
    "button_list",
    "select_list",
    "option_list",
    "action_list",
}
_NUMBERS = {"type", "style", "mode", "desc_color"}
_FLAGS = {"is_checked", "disable"}
_NAMES = {
    "key_name": "keyname",
    "user_id": "userid",
    "app_id": "appid",
    "page_path": "pagepath",
    "check_box": "checkbox",
}


class BadXml(ValueError):
    """A reply that is not the XML it should be."""


def write(fields: Sequence[Field], tag: str = "xml") -> str:
    return f"<{tag}>{''.join(_element(name, value) for name, value in fields)}</{tag}>"


def read(text: str) -> dict[str, Any]:
    """Read `<xml>…</xml>`; entities are refused by the parser."""
    try:
        root = xmltodict.parse(text)
    except (ExpatError, ValueError) as problem:
        raise BadXml(str(problem)) from None
    inner = root.get("xml")
    if not isinstance(inner, dict):
        raise BadXml("no <xml> element")
    return inner


def card(raw: dict[str, Any]) -> dict[str, Any]:
    """Turn the CamelCase form of a card into the one of the JSON API."""
    return {name: _value(name, value) for name, value in ((_snake(k), v) for k, v in raw.items())}


def _element(name: str, value: str | int | Sequence[Field]) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, str):
        safe = _FORBIDDEN.sub("", value).replace("]]>", "]]]]><![CDATA[>")
        return f"<{name}><![CDATA[{safe}]]></{name}>"
    return write(value, name)


def _snake(name: str) -> str:
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return _NAMES.get(snake, snake)


def _value(name: str, value: Any) -> Any:
    if name in _LISTS:
        return [card(v) for v in (value if isinstance(value, list) else [value])]
    if isinstance(value, dict):
        return card(value)
    if name in _NUMBERS and value is not None:
        return int(value)
    if name in _FLAGS:
        return str(value).lower() in ("1", "true")
    return value or ""
