"""The ids of menu entries: which card, which button, which choice (D94677: a-zA-Z0-9_, 128 bytes).

A tap brings the id back as it was sent; everything else is written as _ and two hex digits, so
that two underscores can part the pieces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.platforms.fitting import unfit
from bot.platforms.wecom import limits

_PARTING = "__"
_ODD = re.compile(r"[^0-9A-Za-z]")
_WRITTEN = re.compile(r"(?:[0-9A-Za-z]|_[0-9a-f]{2})+")
_HEX = re.compile(r"((?:_[0-9a-f]{2})+)")


@dataclass(frozen=True, slots=True)
class Pressed:
    """`key` is that of the send, as in Channel.send; `select` and `option` of a listed answer."""

    key: str
    verb: str
    select: str = ""
    option: str = ""


def menu_id(pressed: Pressed) -> str:
    """Raises SendFailed(REQUEST) when it does not fit or a piece is missing."""
    pieces = [pressed.key, pressed.verb]
    if pressed.select:
        pieces += [pressed.select, pressed.option]
    written = _PARTING.join(_ODD.sub(_hex, piece) for piece in pieces)
    if not all(pieces) or len(written) > limits.KF_CLICK_BYTES:
        raise unfit(f"a menu id takes 1 to {limits.KF_CLICK_BYTES} bytes")
    return written


def read_menu_id(text: str) -> Pressed | None:
    """None when the id is not of ours: entries made by colleagues or a former system."""
    pieces = text.split(_PARTING)
    if len(pieces) not in (2, 4) or not all(map(_WRITTEN.fullmatch, pieces)):
        return None
    try:
        return Pressed(*(_HEX.sub(_plain, piece) for piece in pieces))
    except UnicodeDecodeError:
        return None


def _hex(odd: re.Match[str]) -> str:
    return "".join(f"_{byte:02x}" for byte in odd[0].encode())


def _plain(written: re.Match[str]) -> str:
    return bytes.fromhex(written[0].replace("_", "")).decode()
