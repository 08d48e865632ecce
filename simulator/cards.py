"""The rules of template cards and the error code for each broken one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from simulator.errors import WeComError

Card = dict[str, Any]
TASK_ID = re.compile(r"[0-9A-Za-z_@-]{1,128}")
INTERACTIVE = {"button_interaction", "vote_interaction", "multiple_interaction"}
KEY_BYTES = 1024
OPTION_BYTES = 128


def check(card: object, *, update: bool = False) -> Card:
    """Refuse a card as the platform does. In updates some fields are optional."""
    if not isinstance(card, dict):
        raise WeComError(42031)
    rules = _RULES.get(str(card.get("card_type", "")))
    if rules is None:
        raise WeComError(42031)
    _title(card)
    for rule in rules:
        rule(card, update)
    if not update:
        _task_id(card)
    return card


def needs_callback(card: Card) -> bool:
    return bool(card.get("action_menu")) or card["card_type"] in INTERACTIVE


def _need(value: object, code: int) -> str:
    if not isinstance(value, str) or not value:
        raise WeComError(code)
    return value


def _within(value: str, limit: int, code: int) -> str:
    if len(value.encode()) > limit:
        raise WeComError(code)
    return value


def _dict(value: object, code: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WeComError(code)
    return value


def _items(value: object, least: int, most: int, code: int) -> Sequence[dict[str, Any]]:
    entries = [] if value is None else value
    if not isinstance(entries, list) or not least <= len(entries) <= most:
        raise WeComError(code)
    return [_dict(entry, code) for entry in entries]


def _title(card: Card) -> None:
    title = (card.get("main_title") or {}).get("title")
    if not title and not (card["card_type"] == "text_notice" and card.get("sub_title_text")):
        raise WeComError(42033)


def _task_id(card: Card) -> None:
    task_id = card.get("task_id")
    if task_id is None and not needs_callback(card):
        return
    if not isinstance(task_id, str) or not TASK_ID.fullmatch(task_id):
        raise WeComError(42014)


def _jump(target: dict[str, Any], code: int) -> None:
    """Check where a tap leads: type 1 is an address, type 2 a mini program."""
    if target.get("type") == 1:
        _need(target.get("url"), code)
    if target.get("type") == 2:
        _need(target.get("appid"), 42030)


def _facts(card: Card, _update: bool) -> None:
    for fact in _items(card.get("horizontal_content_list"), 0, 6, 42035):
        _need(fact.get("keyname"), 42027)
        if fact.get("type") == 1:
            _need(fact.get("url"), 42028)
        if fact.get("type") == 2:
            _need(fact.get("media_id"), 42029)
        if fact.get("type") == 3:
            _need(fact.get("userid"), 42050)


def _paragraphs(card: Card, _update: bool) -> None:
    _items(card.get("vertical_content_list"), 0, 4, 42047)


def _jumps(card: Card, _update: bool) -> None:
    for jump in _items(card.get("jump_list"), 0, 3, 42036):
        _need(jump.get("title"), 42033)
        _jump(jump, 42028)


def _action(card: Card, _update: bool) -> None:
    action = _dict(card.get("card_action"), 42045)
    if action.get("type") not in (1, 2):
        raise WeComError(42045)
    _jump(action, 42028)


def _optional_action(card: Card, update: bool) -> None:
    if card.get("card_action") and card["card_action"].get("type"):
        _action(card, update)


def _menu(card: Card, _update: bool) -> None:
    if not card.get("action_menu"):
        return
    entries = _items(_dict(card["action_menu"], 42047).get("action_list"), 1, 3, 42047)
    keys = [_within(_need(e.get("key"), 42039), KEY_BYTES, 42017) for e in entries]
    for entry in entries:
        _need(entry.get("text"), 42038)
    if len(set(keys)) < len(keys):
        raise WeComError(42051)


def _picture(card: Card, _update: bool) -> None:
    if card.get("image_text_area"):
        _need(_dict(card["image_text_area"], 42044).get("image_url"), 42044)
        return
    _need(_dict(card.get("card_image"), 42044).get("url"), 42044)


def _buttons(card: Card, update: bool) -> None:
    least = 0 if update and card.get("replace_text") else 1
    keys = []
    for button in _items(card.get("button_list"), least, 6, 42037):
        _need(button.get("text"), 42038)
        if button.get("type", 0) == 1:
            _need(button.get("url"), 42028)
            continue
        keys.append(_within(_need(button.get("key"), 42039), KEY_BYTES, 42017))
    if len(set(keys)) < len(keys):
        raise WeComError(42017, "button key is not unique")


def _options(question: dict[str, Any], most: int) -> None:
    _within(_need(question.get("question_key"), 42043), KEY_BYTES, 42043)
    entries = _items(question.get("option_list"), 1, most, 42042)
    for option in entries:
        _within(_need(option.get("id"), 42040), OPTION_BYTES, 42040)
        _need(option.get("text"), 42041)
    if len({o["id"] for o in entries}) < len(entries):
        raise WeComError(42040, "option id is not unique")


def _button_selection(card: Card, _update: bool) -> None:
    if card.get("button_selection"):
        _options(_dict(card["button_selection"], 42043), 10)


def _checkbox(card: Card, _update: bool) -> None:
    _options(_dict(card.get("checkbox"), 42043), 20)


def _selects(card: Card, _update: bool) -> None:
    questions = _items(card.get("select_list"), 1, 3, 42047)
    for question in questions:
        _options(question, 10)
    if len({q["question_key"] for q in questions}) < len(questions):
        raise WeComError(42043, "question_key is not unique")


def _submit(card: Card, update: bool) -> None:
    if update and not card.get("submit_button"):
        return
    button = _dict(card.get("submit_button"), 42046)
    _need(button.get("text"), 42046)
    _within(_need(button.get("key"), 42049), KEY_BYTES, 42049)


_RULES: dict[str, tuple[Callable[[Card, bool], None], ...]] = {
    "text_notice": (_facts, _jumps, _menu, _action),
    "news_notice": (_facts, _paragraphs, _jumps, _menu, _picture, _action),
    "button_interaction": (_facts, _menu, _button_selection, _buttons, _optional_action),
    "vote_interaction": (_checkbox, _submit),
    "multiple_interaction": (_selects, _submit),
}
