"""Making data values harmless for WeCom's texts and markdown; how to fit them is shared."""

from __future__ import annotations

import re

from bot.platforms.fitting import fit_bytes, fit_chars, tame, unfit, whole_bytes, whole_chars

__all__ = [
    "escape_markdown",
    "escape_text",
    "fit_bytes",
    "fit_chars",
    "unfit",
    "whole_bytes",
    "whole_chars",
]

_BREAKS = re.compile(r"\s*[\r\n\v\f\x85\u2028\u2029]+\s*")
_TEXT_MARKS = str.maketrans({"<": "＜", ">": "＞"})
_MARKDOWN_MARKS = str.maketrans(
    {"<": "＜", ">": "＞", "[": "［", "]": "］", "`": "｀", "*": "＊", "#": "＃"}
)


def escape_text(value: str) -> str:
    """A data value (a name, a reason) made harmless inside a text message.

    WeCom turns `<a href>` and bare addresses in texts into links, so a reason could carry a false
    approval link. The template layer applies this to every value it inserts, never to templates.
    """
    return _tame(value).translate(_TEXT_MARKS)


def escape_markdown(value: str) -> str:
    """The same for markdown, where WeCom knows no backslash: marks become full-width."""
    return _tame(value).translate(_MARKDOWN_MARKS)


def _tame(value: str) -> str:
    return _BREAKS.sub(" ", tame(value))
