"""Text without what nobody sees."""

from __future__ import annotations

import re

# Controls, soft hyphens, fillers, marks that turn the direction of writing, half characters.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Without what nobody sees: a name would not be found by it, a database refuses NUL."""
    return _UNSEEN.sub("", text) if not text.isascii() or not text.isprintable() else text
