"""Numbers that name one person and have no place where everybody reads: what a pattern can see."""

from __future__ import annotations

import re
import unicodedata

_MOBILE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_ID_CARD = re.compile(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?!\d)")


def found_in(text: str) -> str:
    """`mobile` or `id_card` when the text holds such a number, "" when it holds neither.

    Other personal matters, such as who is ill, no pattern can tell from ordinary words.
    """
    plain = unicodedata.normalize("NFKC", text)
    if _ID_CARD.search(plain):
        return "id_card"
    return "mobile" if _MOBILE.search(plain) else ""
