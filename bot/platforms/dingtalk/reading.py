"""Wary reading of DingTalk's JSON: types are what they should be, or the value is absent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from bot.platforms.fitting import clean
from bot.platforms.refusal import Refused

Json = dict[str, Any]
_DEEPEST = 24
_MILLISECONDS = re.compile(r"[0-9]{13}")
_PLAIN_ID = re.compile(r"[\x21-\x7e]{1,120}")


def parse(data: str | bytes) -> Json:
    """A JSON object of reasonable depth. Raises Refused(400)."""
    try:
        value = orjson.loads(data)
    except ValueError:
        raise Refused(400, "json") from None
    if not isinstance(value, dict):
        raise Refused(400, "json")
    if _deeper_than(value, _DEEPEST):
        raise Refused(400, "deep")
    return value


def _deeper_than(value: object, levels: int) -> bool:
    layer: Sequence[object] = [value]
    for _ in range(levels):
        layer = [child for each in layer for child in _children(each)]
        if not layer:
            return False
    return True


def _children(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def text_of(body: object, *names: str) -> str:
    """The first of `names` that holds text or a whole number; "" when none does."""
    if isinstance(body, dict):
        for name in names:
            if (text := as_text(body.get(name))) != "":
                return text
    return ""


def as_text(value: object) -> str:
    """Text without what neither a database nor a screen can show."""
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def id_of(body: object, name: str) -> str:
    """Exactly what stands there, for what is compared and not shown; "" when it is no text."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else as_text(value)


def texts_of(value: object) -> tuple[str, ...]:
    """One text or a list of them."""
    values = value if isinstance(value, list) else [value]
    return tuple(text for each in values if (text := as_text(each)))


def folded(body: Json) -> Json:
    """By lower-case names: over HTTP some fields are spelt differently (E0112)."""
    return {name.lower(): value for name, value in body.items()}


def instant_of(value: object, otherwise: datetime) -> datetime:
    """Milliseconds since 1970 as UTC; `otherwise` when absent. Raises Refused(400)."""
    text = as_text(value)
    if value is None or value == "":
        return otherwise
    if not _MILLISECONDS.fullmatch(text):
        raise Refused(400, "time")
    return datetime.fromtimestamp(int(text) / 1000, UTC)


def plain_id(*parts: str) -> str:
    """The parts as one short, printable id; a digest when they are anything else."""
    joined = ":".join(parts)
    if _PLAIN_ID.fullmatch(joined):
        return joined
    return hashlib.sha256(joined.encode(errors="surrogatepass")).hexdigest()


def digest(*parts: str | bytes) -> str:
    """One id for exactly these parts."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogatepass") if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8) + data)
    return whole.hexdigest()
