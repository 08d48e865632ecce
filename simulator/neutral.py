"""A card without a platform: the shape that pages and tests read, and its flat text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Body = dict[str, Any]


def blank(kind: str) -> Body:
    """A card with every key of the view that README.md describes and nothing in it."""
    return {
        "type": kind,
        "task_id": "",
        "source": "",
        "source_color": 0,
        "title": "",
        "desc": "",
        "emphasis": None,
        "quote": None,
        "sub_title_text": "",
        "image": "",
        "image_text": None,
        "facts": [],
        "paragraphs": [],
        "jumps": [],
        "link": "",
        "buttons": [],
        "menu": [],
        "selects": [],
        "checkbox": None,
        "submit": None,
        "status": "",
        "closed": False,
        "replace_text": "",
    }


def lines(card: Body) -> Iterator[str]:
    """Everything readable on the card, in the order of the screen."""
    yield from (card["source"], card["title"], card["desc"])
    for part in (card["emphasis"] or {}, card["quote"] or {}, card["image_text"] or {}):
        yield from (str(part.get(k, "")) for k in ("title", "desc", "quote_text"))
    yield card["sub_title_text"]
    yield from (f"{f['label']}：{f['value']}" for f in card["facts"])
    yield from (f"{p['title']} {p['desc']}".strip() for p in card["paragraphs"])
    yield from (f"[{j['title']}]" for j in card["jumps"])
    yield card["status"]
    for question in [*card["selects"], *filter(None, [card["checkbox"]])]:
        names = " / ".join(o["text"] for o in question["options"])
        yield f"{question.get('title') or '选项'}：{names}"
    if card["replace_text"]:
        yield f"[{card['replace_text']}]"
        return
    shown = [*card["buttons"], *filter(None, [card["submit"]]), *card["menu"]]
    yield " ".join(f"[{b['text']}]" for b in shown)
