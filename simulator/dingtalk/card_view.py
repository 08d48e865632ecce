"""Draws an interactive card from its variables, by the convention of our own template."""

from __future__ import annotations

from typing import Any

import orjson

from simulator import neutral
from simulator.dingtalk.markdown import shown
from simulator.dingtalk.org import Template

Body = dict[str, Any]


def draw(template: Template, out_track_id: str, params: dict[str, str]) -> Body:
    """The neutral view. Other templates than ours show their title and markdown only."""
    card = neutral.blank("interactive") | {"task_id": out_track_id}
    card["title"] = params.get("title", "")
    if not template.wardbell:
        return card | {"desc": shown(params.get("markdown") or params.get("body", ""))}
    closed = params.get("closed", "")
    problems: list[str] = []
    address, words = params.get("link_url", ""), params.get("link_text", "")
    return card | {
        "source": params.get("source", ""),
        "desc": shown(params.get("body", "")),
        "sub_title_text": params.get("notice", ""),
        "facts": [
            {"label": _word(f, "label"), "value": _word(f, "value"), "link": ""}
            for f in _rows(params, "facts", problems)
        ],
        "buttons": [
            {
                "key": _word(b, "id"),
                "text": _word(b, "text"),
                "style": b.get("style") or 1,
                "url": _word(b, "url"),
            }
            for b in _rows(params, "buttons", problems)
        ],
        "selects": [_select(s, problems) for s in _rows(params, "selects", problems)],
        "jumps": [{"title": words or address, "url": address}] if address else [],
        "link": address,
        "closed": bool(closed),
        "replace_text": closed,
        "problem": "; ".join(problems),
    }


def _select(row: Body, problems: list[str]) -> Body:
    options = row.get("options")
    if not isinstance(options, list) or not all(isinstance(o, dict) for o in options):
        problems.append("selects.options is not a list of objects")
        options = []
    chosen = {part for part in _word(row, "chosen").split(",") if part}
    return {
        "question_key": _word(row, "key"),
        "title": _word(row, "title"),
        "selected_id": _word(row, "chosen"),
        "multiple": bool(row.get("many")),
        "disabled": False,
        "options": [
            {"id": _word(o, "id"), "text": _word(o, "text"), "checked": _word(o, "id") in chosen}
            for o in options
        ],
    }


def _rows(params: dict[str, str], name: str, problems: list[str]) -> list[Body]:
    """A variable that holds a JSON list; a broken one draws nothing, and the view says so."""
    text = params.get(name, "")
    if not text:
        return []
    try:
        rows = orjson.loads(text)
    except orjson.JSONDecodeError:
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(f"{name} is not a JSON list of objects")
        return []
    return rows


def _word(row: Body, name: str) -> str:
    value = row.get(name)
    if isinstance(value, list):
        return ",".join(str(v) for v in value)
    return "" if value is None else str(value)
