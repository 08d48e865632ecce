"""Messages in the shape the phones keep: a kind and a body, or a neutral card."""

from __future__ import annotations

from typing import Any

from simulator import neutral
from simulator.dingtalk.markdown import shown

Shown = tuple[str, dict[str, Any]]


def text(content: str) -> Shown:
    return "text", {"content": content}


def markdown(title: str, content: str) -> Shown:
    return "markdown", {"title": title, "content": shown(content), "raw": content}


def link(title: str, words: str, url: str) -> Shown:
    card = neutral.blank("link") | {"title": title, "desc": words, "link": url}
    return "card", card | {"jumps": [{"title": "查看详情", "url": url}]}


def action_card(title: str, content: str, buttons: list[tuple[str, str]]) -> Shown:
    """Every button opens an address; nothing of it ever changes."""
    rows = [{"key": "", "text": words, "style": 1, "url": url} for words, url in buttons]
    card = neutral.blank("action_card") | {"title": title, "desc": shown(content)}
    return "card", card | {"buttons": rows}


def media(kind: str, media_id: str, filename: str = "") -> Shown:
    return kind, {"media_id": media_id, "filename": filename, "title": "", "description": ""}
