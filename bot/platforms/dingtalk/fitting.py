"""Plain words inside DingTalk's markdown: nobody's name or note may become a link or a button.

Cards are rendered as markdown by robots, whose subset knows no backslash; marks of data become
full-width instead. A newline counts only after two spaces (S0699).
"""

from __future__ import annotations

import re

from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.words import words
from bot.platforms.fitting import clean, fit_bytes, fit_chars, require_words, tame, unfit

__all__ = ["clean", "fit_bytes", "fit_chars", "require_words", "unfit"]

_MARKS = str.maketrans(
    {
        "<": "＜",
        ">": "＞",
        "[": "［",
        "]": "］",
        "`": "｀",
        "*": "＊",
        "#": "＃",
        "\\": "＼",
        "|": "｜",
        "~": "～",
    }
)
_BREAKS = re.compile(r"[ \t]*(?:\r\n|[\r\n\v\f\x85\u2028\u2029])")
_LEADING = re.compile(r"^[ \t]*([-+=_])|^[ \t]*(\d{1,9})[.)](?=[ \t])|^[ \t]+")
_WIDE = str.maketrans({"-": "－", "+": "＋", "=": "＝", "_": "＿"})
_SCHEME = re.compile(r"dtmd\s*:", re.IGNORECASE)


def escape_line(value: str) -> str:
    """A data value on one line: no mark, no link, no mention."""
    return _line(" ".join(_lines(value)))


def escape_markdown(value: str) -> str:
    """Plain text of several lines as markdown that shows exactly those lines."""
    return "  \n".join(_line(line) for line in _lines(value))


def own_markdown(content: str) -> str:
    """Markdown written by a template: lines kept as lines; only robot commands are disarmed."""
    lines = [line.rstrip() for line in _BREAKS.split(_SCHEME.sub("dtmd：", clean(content)))]
    return "  \n".join(lines).strip()


def fit_said(text: str, limit: int = limits.CARD_VALUE_BYTES) -> str:
    """At most `limit` bytes; what is cut is said at the end."""
    if len(text.encode()) <= limit:
        return text
    note = words("cards")["cut"]
    return fit_bytes(text, limit - len(note.encode())) + note


def _lines(value: str) -> list[str]:
    return _BREAKS.split(tame(value).strip())


def _line(line: str) -> str:
    return _LEADING.sub(_defused, _SCHEME.sub("dtmd：", line).translate(_MARKS).rstrip())


def _defused(found: re.Match[str]) -> str:
    """The head of a line that would make it a list, a heading or a rule."""
    if found[1]:
        return found[1].translate(_WIDE)
    return f"{found[2]}．" if found[2] else ""
