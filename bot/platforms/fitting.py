"""Making words fit: shortened at character boundaries where that is honest, refused where not."""

from __future__ import annotations

import re
import unicodedata

from bot.channels import Failure, SendFailed

_ELLIPSIS = "…"
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")
_HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_EVERYBODY = re.compile(r"@(?=\s*(?:all|everyone|所有人|全体))", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Without the characters that neither XML nor UTF-8 can carry."""
    return _UNPRINTABLE.sub("", text)


def tame(value: str) -> str:
    """A data value that opens no bare link, mentions nobody and hides nothing; breaks stay."""
    return _EVERYBODY.sub("＠", _HIDDEN.sub("", clean(value)).replace("://", "：//"))


def fit_chars(text: str, limit: int) -> str:
    """At most `limit` characters, ending in … when cut."""
    text = clean(text)
    if len(text) <= limit:
        return text
    return _tidy(text, limit - 1) + _ELLIPSIS


def fit_bytes(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, ending in … when cut; never half a character."""
    text = clean(text)
    data = text.encode()
    if len(data) <= limit:
        return text
    kept = data[: limit - len(_ELLIPSIS.encode())].decode(errors="ignore")
    return _tidy(text, len(kept)) + _ELLIPSIS


def whole_chars(what: str, text: str, limit: int) -> str:
    """Words that must not be cut, such as a button's. Raises SendFailed(REQUEST)."""
    text = clean(text)
    if not text or len(text) > limit:
        raise unfit(f"{what} takes 1 to {limit} characters")
    return text


def whole_bytes(what: str, text: str, limit: int) -> str:
    """A key that comes back to us and must not be cut. Raises SendFailed(REQUEST)."""
    if not text or text != clean(text) or len(text.encode()) > limit:
        raise unfit(f"{what} takes 1 to {limit} bytes")
    return text


def require_words(text: str) -> None:
    """Raises SendFailed(REQUEST) when there is nothing to say."""
    if not text.strip():
        raise unfit("an empty message")


def unfit(reason: str) -> SendFailed:
    """The platform would refuse this, or show something else than was meant."""
    return SendFailed(Failure.REQUEST, reason=reason)


def _tidy(text: str, end: int) -> str:
    """Cut before `end`, but not between a character and the marks joined to it."""
    while 0 < end < len(text) and (_joins(text[end]) or text[end - 1] in _JOINERS):
        end -= 1
    return text[:end].rstrip()


def _joins(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) in {"Mn", "Me", "Sk"}
