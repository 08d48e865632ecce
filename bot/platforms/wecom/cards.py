"""A neutral Card as one of WeCom's template cards (D90236; updates D94888)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.platforms.wecom import limits
from bot.platforms.wecom.fitting import fit_chars, unfit, whole_bytes, whole_chars
from models.cards import Button, Card, Fact, Link, Option, Select

Body = dict[str, object]
_TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
_ADDRESS = re.compile(r"https?://[^\s]+")


def template_card(card: Card, *, task_id: str) -> Body:
    """A card that can be answered, or a notice with a link. Raises SendFailed(REQUEST)."""
    if not _TASK_ID.fullmatch(task_id):
        raise unfit("a card's key is 1 to 128 of 0-9 a-z A-Z _ - @")
    if not card.buttons and not card.selects:
        return _notice(card)
    if not card.buttons:
        raise unfit("a card with choices needs a button to submit them")
    return {**_shape(card)(card), "task_id": task_id}


def redrawn_card(card: Card) -> Body:
    """The same card for an update: no task id (the old one stays), choices locked when closed."""
    if card.buttons or card.selects:
        body = _shape(card)(card)
        return {**_lock(body), "replace_text": _closing(card)} if card.closed else body
    if card.closed:
        return {**_buttons(card), "replace_text": _closing(card)}
    return _notice(card)


def closing_only(card: Card) -> str:
    """What to write over the buttons when nothing else of the card changes; else empty."""
    return "" if card.title or card.body or card.facts else _closing(card)


def address(link: Link) -> str:
    """A link's URL, checked. Raises SendFailed(REQUEST)."""
    if not _ADDRESS.fullmatch(link.url):
        raise unfit("a link begins with http:// or https:// and holds no spaces")
    return whole_bytes("a link", link.url, limits.URL_BYTES)


def _shape(card: Card) -> Callable[[Card], Body]:
    if len(card.selects) > 1:
        return _several
    if card.selects and card.selects[0].many:
        return _vote
    return _buttons


def _notice(card: Card) -> Body:
    if card.link is None:
        raise unfit("a notice card needs a link")
    url = address(card.link)
    body: Body = {"card_type": "text_notice", **_top(card), **_details(card)}
    if card.link.text:
        title = fit_chars(card.link.text, limits.JUMP_TITLE_CHARS)
        body["jump_list"] = [{"type": 1, "title": title, "url": url}]
    return {**body, "card_action": {"type": 1, "url": url}}


def _buttons(card: Card) -> Body:
    body: Body = {"card_type": "button_interaction", **_top(card), **_details(card)}
    if card.link is not None:
        body["card_action"] = {"type": 1, "url": address(card.link)}
    if card.selects:
        body["button_selection"] = _selection(card.selects[0])
    if card.buttons:
        body["button_list"] = _button_list(card.buttons)
    return body


def _vote(card: Card) -> Body:
    select = card.selects[0]
    options = _options(select, limits.VOTE_OPTIONS, limits.VOTE_OPTION_CHARS)
    for option in options:
        option["is_checked"] = option["id"] == select.chosen
    return {
        "card_type": "vote_interaction",
        **_question_top(card, [select.title]),
        "checkbox": {"question_key": _key(select), "mode": 1, "option_list": options},
        **_submit(card.buttons),
    }


def _several(card: Card) -> Body:
    if len(card.selects) > limits.SELECTS or any(select.many for select in card.selects):
        raise unfit(f"a card takes {limits.SELECTS} single choices, or one that allows many")
    return {
        "card_type": "multiple_interaction",
        **_question_top(card, []),
        "select_list": [_selection(select) for select in card.selects],
        **_submit(card.buttons),
    }


def _top(card: Card) -> Body:
    title = fit_chars(card.title, limits.TITLE_CHARS)
    if not title.strip():
        raise unfit("a card needs a title")
    body: Body = {"main_title": {"title": title}}
    if card.source:
        body["source"] = {"desc": fit_chars(card.source, limits.SOURCE_CHARS)}
    return body


def _question_top(card: Card, more: Sequence[str]) -> Body:
    """Vote and multiple cards have no lines of their own: everything goes into the description."""
    long = [card.title] if len(card.title) > limits.VOTE_TITLE_CHARS else []
    lines = [*long, card.body, *(_line(fact) for fact in card.facts), *more]
    title = {
        "title": fit_chars(card.title, limits.VOTE_TITLE_CHARS),
        "desc": fit_chars("\n".join(filter(None, lines)), limits.VOTE_BODY_CHARS),
    }
    return {**_top(card), "main_title": title}


def _details(card: Card) -> Body:
    """Short facts as rows, the rest as lines; when room is short the body gives way to facts."""
    rows = [fact for fact in card.facts if _is_short(fact)][: limits.FACTS]
    lines = "\n".join(_line(fact) for fact in card.facts if fact not in rows)
    room = limits.SUB_TITLE_CHARS - (len(lines) + 1 if lines else 0)
    body = fit_chars(card.body, room) if room > 0 else ""
    words = "\n".join(filter(None, (body, lines)))
    details: Body = {}
    if words:
        details["sub_title_text"] = fit_chars(words, limits.SUB_TITLE_CHARS)
    if rows:
        details["horizontal_content_list"] = [
            {
                "keyname": fit_chars(row.label, limits.FACT_LABEL_CHARS),
                "value": fit_chars(row.value, limits.FACT_VALUE_CHARS),
            }
            for row in rows
        ]
    return details


def _is_short(fact: Fact) -> bool:
    label, value = len(fact.label), len(fact.value)
    return 0 < label <= limits.FACT_LABEL_CHARS and value <= limits.FACT_VALUE_CHARS


def _line(fact: Fact) -> str:
    return f"{fact.label}：{fact.value}"


def _button_list(buttons: Sequence[Button]) -> list[Body]:
    if len(buttons) > limits.BUTTONS or len({button.verb for button in buttons}) < len(buttons):
        raise unfit(f"a card takes up to {limits.BUTTONS} buttons with different verbs")
    return [
        {
            "text": whole_chars("a button", button.text, limits.BUTTON_CHARS),
            "style": limits.BUTTON_STYLES[button.style],
            "key": whole_bytes("a verb", button.verb, limits.KEY_BYTES),
        }
        for button in buttons
    ]


def _submit(buttons: Sequence[Button]) -> Body:
    if not buttons:
        raise unfit("a card with several answers needs a button to submit them")
    first = _button_list(buttons[:1])[0]
    return {"submit_button": {"text": first["text"], "key": first["key"]}}


def _selection(select: Select) -> Body:
    body: Body = {
        "question_key": _key(select),
        "title": fit_chars(select.title, limits.TITLE_CHARS),
        "option_list": _options(select, limits.OPTIONS, limits.OPTION_CHARS),
    }
    if select.chosen is not None:
        if select.chosen not in {option.id for option in select.options}:
            raise unfit("the chosen option is not one of the options")
        body["selected_id"] = select.chosen
    return body


def _key(select: Select) -> str:
    return whole_bytes("a question's key", select.key, limits.KEY_BYTES)


def _options(select: Select, most: int, chars: int) -> list[Body]:
    if not 1 <= len(select.options) <= most:
        raise unfit(f"a choice takes 1 to {most} options")
    bodies = [_option(option, chars) for option in select.options]
    if len({str(body["id"]) for body in bodies}) < len(bodies):
        raise unfit("two options have the same id")
    if len({str(body["text"]) for body in bodies}) < len(bodies):
        raise unfit("two options read the same once shortened")
    return bodies


def _option(option: Option, chars: int) -> Body:
    return {
        "id": whole_bytes("an option's id", option.id, limits.OPTION_ID_BYTES),
        "text": fit_chars(option.text, chars),
    }


def _closing(card: Card) -> str:
    return fit_chars(card.closed, limits.REPLACE_CHARS)


def _lock(body: Body) -> Body:
    """Choices can no longer be changed once a card is closed."""
    locked = dict(body)
    checkbox, selects = body.get("checkbox"), body.get("select_list")
    if isinstance(checkbox, dict):
        locked["checkbox"] = {**checkbox, "disable": True}
    if isinstance(selects, list):
        locked["select_list"] = [{**select, "disable": True} for select in selects]
    return locked
