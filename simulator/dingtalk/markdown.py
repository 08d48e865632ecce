"""Robot markdown as the client shows it: a single line break vanishes [x-blog#67]."""

from __future__ import annotations

import re

_OWN_LINE = re.compile(r"\s*(?:#{1,6}\s|>|[-*+]\s|\d+[.)]\s|!?\[|---)")
LINK = re.compile(r"(?<!!)\[([^\]\n]{1,200})\]\(([^)\s]{1,2000})\)")


def shown(text: str) -> str:
    """Join lines that markdown joins: two spaces, a blank line or a block mark keep them."""
    out: list[str] = []
    glue = ""
    for line in text.split("\n"):
        apart = not out or glue == "\n" or not line.strip() or _OWN_LINE.match(line) is not None
        if apart:
            out.append(line.rstrip())
        else:
            out[-1] = f"{out[-1]} {line.strip()}"
        keeps = line.endswith("  ") or not line.strip() or line.lstrip().startswith("#")
        glue = "\n" if keeps else ""
    return "\n".join(out).strip()


def links(text: str) -> list[tuple[str, str]]:
    """Words and address of every link."""
    return [(m[1], m[2]) for m in LINK.finditer(text)]
