"""Recommended lengths that the platform does not enforce but phones cut; told in the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.calls import TooLong


def of_card(card: dict[str, Any]) -> list[TooLong]:
    """One entry for each text that a phone would probably cut off."""
    return [
        {"field": name, "length": len(text), "recommended": limit}
        for name, text, limit in _texts(card)
        if isinstance(text, str) and len(text) > limit
    ]


def _texts(card: dict[str, Any]) -> Iterator[tuple[str, object, int]]:
    kind = card["card_type"]
    title = card.get("main_title") or {}
    yield "main_title.title", title.get("title"), 16 if kind == "vote_interaction" else 36
    asking = kind in ("vote_interaction", "multiple_interaction")
    yield "main_title.desc", title.get("desc"), 160 if asking else 44
    yield "source.desc", (card.get("source") or {}).get("desc"), 20
    yield "sub_title_text", card.get("sub_title_text"), 160
    yield "submit_button.text", (card.get("submit_button") or {}).get("text"), 10
    for fact in card.get("horizontal_content_list") or ():
        yield "horizontal_content_list.keyname", fact.get("keyname"), 5
        yield "horizontal_content_list.value", fact.get("value"), 30
    for button in card.get("button_list") or ():
        yield "button_list.text", button.get("text"), 10
    for option in (card.get("checkbox") or {}).get("option_list") or ():
        yield "checkbox.option_list.text", option.get("text"), 17
