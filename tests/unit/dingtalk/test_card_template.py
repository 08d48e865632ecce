"""The shipped template and what is sent to it must not drift apart."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.card_template import written
from bot.platforms.dingtalk.cards import card_params
from models.cards import Button, Card, Option, Select

FILE = Path(__file__).parents[3] / "docs/dingtalk/wardbell-card.json"
CARD = Card(
    "换班请审批",
    buttons=tuple(Button(f"选{n}", f"v{n}") for n in range(limits.CARD_BUTTONS)),
    selects=(Select("reason", "理由", (Option("1", "忙"),)),),
)


def exported() -> tuple[dict[str, Any], dict[str, Any]]:
    outer = json.loads(FILE.read_text("utf-8"))
    return outer, json.loads(outer["editorData"])


def used(node: object) -> set[str]:
    """Every variable that a component names."""
    if isinstance(node, list):
        return {name for each in node for name in used(each)}
    if not isinstance(node, dict):
        return set(re.findall(r"\$\{(\w+)\}", node)) if isinstance(node, str) else set()
    own = {str(node["variable"])} if node.get("variable") else set()
    return own | {name for each in node.values() for name in used(each)}


def test_it_is_what_the_platform_exports() -> None:
    outer, editor = exported()
    assert set(outer) == {"editorData", "widgetInfo", "type", "mode"}
    assert (outer["type"], outer["mode"]) == ("im", "card")
    assert editor["schemaVersion"] == "3.0.0"
    components = {each["componentName"] for each in editor["schema"]["componentsMap"]}
    (card,) = editor["schema"]["componentsTree"]
    assert {"Card", *(each["componentName"] for each in card["children"])} == components
    ids = [each["id"] for each in card["children"]]
    assert len(set(ids)) == len(ids)


def test_every_variable_we_send_is_declared_and_every_declared_one_is_sent() -> None:
    _, editor = exported()
    declared = {each["name"] for each in editor["variableList"]}
    assert declared == set(card_params(CARD))
    assert set(editor["mockData"]["cardData"]) == declared


def test_every_variable_is_drawn_but_the_json_ones() -> None:
    _, editor = exported()
    expressions = {each["name"]: each["expContent"] for each in editor["expList"]}
    named = used(editor["schema"]["componentsTree"])
    assert set(expressions) <= named
    decide = {expression.partition(" ==")[0] for expression in expressions.values()}
    drawn = (named - set(expressions)) | decide
    assert set(card_params(CARD)) - drawn == {"facts", "buttons", "selects"}
    assert drawn <= set(card_params(CARD))


def test_each_slot_sends_its_verb() -> None:
    _, editor = exported()
    (card,) = editor["schema"]["componentsTree"]
    buttons = [
        each["props"]
        for each in card["children"]
        if each["componentName"] == "SingleButton" and each["props"]["actionType"] == "request"
    ]
    assert len(buttons) == limits.CARD_BUTTONS
    for number, props in enumerate(buttons, start=1):
        assert props["actionId"]["content"] == f"${{button{number}_verb}}"
        assert [(p["name"], p["variable"]) for p in props["params"]] == [
            ("action", f"button{number}_verb")
        ]
        assert props["disabledWhileForward"] is True


def test_the_file_is_what_its_builder_writes() -> None:
    assert written() == FILE.read_text("utf-8")
