"""Neutral Content to a text or a msgmenu (D94677): too much is shortened, never half a button."""

from __future__ import annotations

from collections.abc import Iterator

from bot.platforms.fitting import fit_bytes, unfit, whole_bytes
from bot.platforms.wecom import limits
from bot.platforms.wecom.cards import Body, address
from bot.platforms.wecom.kf.menus import Pressed, menu_id
from bot.platforms.wecom.messages import card_as_text
from models.cards import Button, Card, Content, Markdown, Text

_MARKUP = str.maketrans({"<": "＜", ">": "＞"})


def kf_body(content: Content, *, key: str, event: bool = False) -> Body:
    """`msgtype` and its part; `key` goes into the entries' ids. Raises SendFailed(REQUEST).

    As the answer to an `event` a menu takes ten lines in all: facts then stand in its head.
    """
    match content:
        case Text(words) | Markdown(words):
            return _text(words)
        case Card():
            if card_is_menu(content):
                return {"msgtype": "msgmenu", "msgmenu": _menu(content, key, event=event)}
            return _text(card_as_text(content))


def card_is_menu(card: Card) -> bool:
    return not card.closed and bool(card.buttons or card.selects or card.link)


def _text(words: str) -> Body:
    fitted = fit_bytes(words, limits.KF_TEXT_BYTES)
    if not fitted.strip():
        raise unfit("an empty message")
    return {"msgtype": "text", "text": {"content": fitted}}


def _menu(card: Card, key: str, *, event: bool) -> Body:
    facts = [f"{fact.label}：{fact.value}".translate(_MARKUP) for fact in card.facts]
    head = [card.title.translate(_MARKUP), card.body.translate(_MARKUP)]
    taps = [*_clicks(card, key), *_view(card)]
    if len(taps) > limits.KF_BUTTONS:
        raise unfit(f"a menu takes {limits.KF_BUTTONS} entries to tap")
    room = 0 if event else limits.KF_ENTRIES - len(taps)
    listed = facts if len(facts) <= room else []
    words = "\n".join(filter(None, head if listed else [*head, *facts]))
    menu: Body = {
        "head_content": fit_bytes(words, limits.KF_HEAD_BYTES),
        "list": [*map(_line, listed), *taps],
    }
    if card.source:
        menu["tail_content"] = fit_bytes(card.source, limits.KF_HEAD_BYTES)
    return menu


def _line(words: str) -> Body:
    return {"type": "text", "text": {"content": fit_bytes(words, limits.KF_LINE_BYTES)}}


def _clicks(card: Card, key: str) -> Iterator[Body]:
    """One tap answers: a button, or with one button and one question each of its options."""
    if not card.selects:
        for button in card.buttons:
            yield _click(button.text, Pressed(key, button.verb))
        return
    [question, *more] = card.selects
    if more or question.many or not question.options or not card.buttons:
        raise unfit("a menu takes one question with one answer, and a button")
    yield from _options(card, card.buttons, key)


def _options(card: Card, buttons: tuple[Button, ...], key: str) -> Iterator[Body]:
    [question] = card.selects
    if len(buttons) > 1:
        # Several buttons already ask something: the question keeps its preset answer.
        chosen = question.chosen or question.options[0].id
        for button in buttons:
            yield _click(button.text, Pressed(key, button.verb, question.key, chosen))
        return
    for option in question.options:
        yield _click(option.text, Pressed(key, buttons[0].verb, question.key, option.id))


def _click(words: str, pressed: Pressed) -> Body:
    content = whole_bytes("a menu entry", words, limits.KF_CLICK_BYTES)
    return {"type": "click", "click": {"id": menu_id(pressed), "content": content}}


def _view(card: Card) -> Iterator[Body]:
    if card.link is not None:
        content = whole_bytes("a menu entry", card.link.text, limits.KF_CLICK_BYTES)
        yield {"type": "view", "view": {"url": address(card.link), "content": content}}
