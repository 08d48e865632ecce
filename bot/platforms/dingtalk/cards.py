"""A neutral Card as the variables of our own interactive-card template (S0783, S0789).

The template is docs/dingtalk/wardbell-card.json. All values are strings. Two things are told
twice, because a template cannot loop with certainty: `buttons` (JSON) also as the slots
`button1_text`, `…_verb`, `…_color`, `…_show` to `button4_…`, and `facts` (JSON) also as the
markdown `facts_text`. Choices are told as `selects` (JSON) and as a form (`form`, `form_show`,
`form_status`, `form_button`, `form_verb`), which the platform sends back as
`params = {"action": form_verb, "form": {"<select key>": "<option id>", …}}`; when a card has
several buttons beside a single choice, the form asks for the button too, as its field `action`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson

from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.fitting import (
    escape_line,
    escape_markdown,
    fit_chars,
    fit_said,
    unfit,
)
from bot.platforms.dingtalk.words import words
from models.cards import Button, ButtonStyle, Card, Fact, Option, Select

Json = dict[str, object]
_OPTION_CHARS = (32, 16, 8, 4)  # how far an option is shortened to let all of them in


def card_params(card: Card) -> dict[str, str]:
    """Every variable of the template. Raises SendFailed(REQUEST) for what it cannot show whole.

    With `closed` nothing is left to tap; `notice` is the tapper's own line and stays empty here.
    """
    open_ = not card.closed
    buttons = card.buttons if open_ else ()
    selects = card.selects if open_ else ()
    if selects and not buttons:
        raise unfit("a card with choices needs a button to submit them")
    link = card.link
    return {
        "title": fit_chars(escape_line(card.title), limits.TITLE_CHARS),
        "source": fit_chars(escape_line(card.source), limits.TITLE_CHARS),
        "body": fit_said(escape_markdown(card.body)),
        "facts": _facts(card.facts),
        "facts_text": fit_said(facts_markdown(card.facts)),
        "buttons": _buttons(buttons),
        **_slots(() if submits(card) else buttons),
        "selects": _selects(selects),
        **_form(selects, buttons),
        "link_text": fit_chars(escape_line(link.text), limits.BUTTON_CHARS) if link else "",
        "link_url": _whole_url(link.url) if link else "",
        "link_show": _flag(link),
        "closed": fit_said(escape_line(card.closed)),
        "notice": "",
    }


def submits(card: Card) -> bool:
    """Whether choices are sent in together by the first button (see models.cards.Card)."""
    return len(card.selects) > 1 or any(select.many for select in card.selects)


def decides(card: Card) -> bool:
    """Whether it asks for more than an acknowledgement."""
    return not card.closed and (len(card.buttons) > 1 or bool(card.selects))


def button_label(button: Button) -> str:
    """The words on a button, whole. Raises SendFailed(REQUEST) when they are too long."""
    text = escape_line(button.text)
    if not text or len(text) > limits.BUTTON_CHARS:
        raise unfit(f"a button takes 1 to {limits.BUTTON_CHARS} characters")
    return text


def facts_markdown(facts: Sequence[Fact]) -> str:
    return "  \n".join(f"**{escape_line(f.label)}**：{escape_line(f.value)}" for f in facts)


def _facts(facts: Sequence[Fact]) -> str:
    """As many as fit; the last line says how many are missing."""
    shown = [{"label": escape_line(f.label), "value": escape_line(f.value)} for f in facts]
    value, left = _json(shown), len(shown)
    while len(value.encode()) > limits.CARD_VALUE_BYTES and left:
        left -= 1
        more = words("cards")["more_facts"].format(count=len(shown) - left)
        value = _json([*shown[:left], {"label": "…", "value": more}])
    return value


def _buttons(buttons: Sequence[Button]) -> str:
    if len(buttons) > limits.CARD_BUTTONS:
        raise unfit(f"the template has {limits.CARD_BUTTONS} buttons")
    if len({button.verb for button in buttons}) < len(buttons):
        raise unfit("two buttons have the same verb")
    return _whole(
        _json([{"id": b.verb, "text": button_label(b), "style": b.style.value} for b in buttons])
    )


def _slots(buttons: Sequence[Button]) -> dict[str, str]:
    slots: dict[str, str] = {}
    for number in range(1, limits.CARD_BUTTONS + 1):
        button = buttons[number - 1] if number <= len(buttons) else None
        slots[f"button{number}_text"] = button_label(button) if button else ""
        slots[f"button{number}_verb"] = button.verb if button else ""
        danger = button is not None and button.style is ButtonStyle.DANGER
        slots[f"button{number}_color"] = "red" if danger else "blue"
        slots[f"button{number}_show"] = _flag(button)
    return slots


def _selects(selects: Sequence[Select]) -> str:
    return _shortened(
        lambda chars: [
            {
                "key": select.key,
                "title": escape_line(select.title),
                "many": select.many,
                "options": [{"id": o.id, "text": _option(o, chars)} for o in select.options],
                "chosen": select.chosen or "",
            }
            for select in selects
        ]
    )


def _form(selects: Sequence[Select], buttons: Sequence[Button]) -> dict[str, str]:
    """The platform's form component (C3-0009): fields by name, one button that submits."""
    asks = len(buttons) > 1 and len(selects) == 1 and not selects[0].many

    def fields(chars: int) -> Json:
        choices = [_field(select, chars) for select in selects]
        return {"fields": [_decision(buttons), *choices] if asks else choices}

    text = words("cards")["submit"] if asks else button_label(buttons[0]) if selects else ""
    return {
        "form": _shortened(fields),
        "form_show": _flag(selects),
        "form_status": "normal" if selects else "disabled",
        "form_button": text,
        "form_verb": buttons[0].verb if selects and not asks else "",
    }


def _decision(buttons: Sequence[Button]) -> Json:
    return {
        "name": "action",
        "label": words("cards")["decision"],
        "type": "SELECT",
        "required": True,
        "options": [{"value": button.verb, "text": button_label(button)} for button in buttons],
    }


def _field(select: Select, chars: int) -> Json:
    field: Json = {
        "name": select.key,
        "label": escape_line(select.title),
        "type": "MULTI_SELECT" if select.many else "SELECT",
        "required": False,
        "options": [{"value": o.id, "text": _option(o, chars)} for o in select.options],
    }
    ids = [option.id for option in select.options]
    if select.chosen is not None:
        if select.chosen not in ids:
            raise unfit("the chosen option is not one of the options")
        index = ids.index(select.chosen)
        many = {"index": [index], "value": [select.chosen]}
        field["defaultValue"] = many if select.many else {"index": index, "value": select.chosen}
    return field


def _shortened(build: Callable[[int], object]) -> str:
    """JSON of what `build(chars)` gives, with option texts as long as they may be."""
    for chars in _OPTION_CHARS:
        value = _json(build(chars))
        if len(value.encode()) <= limits.CARD_VALUE_BYTES:
            return value
    raise unfit("the choices of the card are too long for a template variable")


def _option(option: Option, chars: int) -> str:
    return fit_chars(escape_line(option.text), chars)


def _flag(there: object) -> str:
    return "true" if there else "false"


def _whole_url(url: str) -> str:
    if not url.startswith(("https://", "http://", "dingtalk://")) or " " in url:
        raise unfit("a link begins with http:// or https:// and holds no spaces")
    return _whole(url)


def _whole(value: str) -> str:
    if len(value.encode()) > limits.CARD_VALUE_BYTES:
        raise unfit("a value of the card is too long")
    return value


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
