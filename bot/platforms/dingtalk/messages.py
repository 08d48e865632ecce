"""Neutral content as the robot's message templates (S0699): text, markdown and action cards.

Action cards are for where our own card template is not: their buttons open a sealed link
(`linked`) or make the person say a sentence to the robot (`commanded`, a dtmd link). What is sent
this way cannot be redrawn, so that every answer also carries the card's short code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

import orjson

from bot.channels import File
from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.cards import button_label, facts_markdown, submits
from bot.platforms.dingtalk.fitting import (
    clean,
    escape_line,
    escape_markdown,
    fit_chars,
    fit_said,
    own_markdown,
    require_words,
    unfit,
)
from bot.platforms.dingtalk.words import words
from models import answer_codes
from models.cards import Button, Card, Link, Markdown, Select, Text

# All lower case: with a capital C in the host the client does nothing at all.
DTMD = "dtmd://dingtalkclient/sendMessage?content="
_ADDRESS = re.compile(r"https?://[^\s()\[\]<>]+")
_ROOMS = (limits.MARKDOWN_BYTES, 7_000, 4_000, 1_000)

Params = dict[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """`key` names the platform's template, `param` is its JSON."""

    key: str
    param: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A button as the client sees it: words and where they lead."""

    text: str
    url: str


def plain(content: Text | Markdown) -> Message:
    """Raises SendFailed(REQUEST) when there is nothing to say."""
    if isinstance(content, Text):
        text = clean(content.content)
        require_words(text)
        return _fitted("sampleText", lambda room: {"content": fit_said(text, room)})
    text = own_markdown(content.content)
    require_words(text)
    title = fit_chars(escape_line(text.lstrip("# ").partition("\n")[0]), limits.TITLE_CHARS)
    return _fitted("sampleMarkdown", lambda room: {"title": title, "text": fit_said(text, room)})


def filed(media_id: str, file: File) -> Message:
    """A picture in the chat, or a PDF to open."""
    if file.media_type.startswith("image/"):
        return Message("sampleImageMsg", orjson.dumps({"photoURL": media_id}).decode())
    param = {"mediaId": media_id, "fileName": file.filename, "fileType": "pdf"}
    return Message("sampleFile", orjson.dumps(param).decode())


def noticed(card: Card, hint: str = "") -> Message:
    """A card to read: closed, without buttons, or in a group where nobody may tap."""
    if card.link and card.link.text and not hint and not card.closed:
        return _action_card(card, "", [Shown(escape_line(card.link.text), address(card.link))])
    tail = "\n\n".join(filter(None, (_link_line(card.link), hint)))
    return _fitted("sampleMarkdown", lambda room: _body(card, tail, room))


def commanded(card: Card, task_id: str) -> Message:
    """Buttons that make the person say the words; the last lines tell how to write them."""
    buttons = _open_buttons(card)
    if not buttons:
        return noticed(card)
    hint = spoken_hint(card, task_id)
    if submits(card) or len(buttons) > limits.ACTION_BUTTONS:
        return noticed(card, hint)  # a button alone cannot say what was chosen
    shown = [Shown(button_label(b), DTMD + quote_plus(_words(b, task_id))) for b in buttons]
    return _action_card(card, "\n\n".join(filter(None, (_link_line(card.link), hint))), shown)


def linked(card: Card, urls: Mapping[str, str], task_id: str) -> Message:
    """Buttons that open this person's own links, by verb; choices are made on that page."""
    buttons = _open_buttons(card)
    if not buttons:
        return noticed(card)
    if len(buttons) > limits.ACTION_BUTTONS:
        return noticed(card, spoken_hint(card, task_id))
    if submits(card):
        buttons = buttons[:1]
    shown = [Shown(button_label(button), urls[button.verb]) for button in buttons]
    return _action_card(card, _link_line(card.link), shown)


def spoken_hint(card: Card, task_id: str, frame: str = "answer_in_words") -> str:
    """How to answer by text, with the options of a choice by their ids."""
    buttons = card.buttons[:1] if submits(card) else card.buttons
    said = words("cards")["or"].join(_words(button, task_id) for button in buttons)
    lines = [_choice_line(select) for select in card.selects]
    lines.append(words("cards")[frame].format(words=said))
    if card.selects:
        option = card.selects[0].options[0].id if card.selects[0].options else ""
        example = f"{_words(buttons[-1], task_id)} {escape_line(option)}"
        lines.append(words("cards")["choose_in_words"].format(example=example))
    return "  \n".join(lines)


def markdown_of(card: Card, tail: str = "", room: int = limits.MARKDOWN_BYTES) -> str:
    """The whole card as markdown; only its middle is cut, never the tail."""
    title = f"### {escape_line(card.title)}" if card.title.strip() else ""
    middle = [escape_markdown(card.body), facts_markdown(card.facts)]
    closing = f"**{escape_line(card.closed)}**" if card.closed else ""
    source = escape_line(card.source)
    ends = "\n\n".join(filter(None, (closing, tail, source)))
    left = room - len(title.encode()) - len(ends.encode()) - 4
    body = fit_said("\n\n".join(filter(None, middle)), max(left, 100))
    return "\n\n".join(filter(None, (title, body, ends)))


def title_of(card: Card) -> str:
    return fit_chars(escape_line(card.title or card.source), limits.TITLE_CHARS) or "…"


def address(link: Link) -> str:
    """A link's URL, checked, as it may stand in markdown. Raises SendFailed(REQUEST)."""
    if not _ADDRESS.fullmatch(link.url):
        raise unfit("a link begins with http:// or https:// and holds no spaces or brackets")
    return link.url


def _open_buttons(card: Card) -> Sequence[Button]:
    return () if card.closed else card.buttons


def _action_card(card: Card, tail: str, shown: Sequence[Shown]) -> Message:
    """One button, two side by side, or up to five below each other."""

    def build(room: int) -> Params:
        return {**_body(card, tail, room), **_buttons(shown)}

    names = {1: "sampleActionCard", 2: "sampleActionCard6"}
    return _fitted(names.get(len(shown), f"sampleActionCard{len(shown)}"), build)


def _buttons(shown: Sequence[Shown]) -> Params:
    if len(shown) == 1:
        return {"singleTitle": shown[0].text, "singleURL": shown[0].url}
    title, url = ("buttonTitle", "buttonUrl") if len(shown) == 2 else ("actionTitle", "actionURL")
    params: Params = {}
    for number, each in enumerate(shown, start=1):
        params |= {f"{title}{number}": each.text, f"{url}{number}": each.url}
    return params


def _body(card: Card, tail: str, room: int) -> Params:
    return {"title": title_of(card), "text": markdown_of(card, tail, room)}


def _link_line(link: Link | None) -> str:
    return f"[{escape_line(link.text or link.url)}]({address(link)})" if link else ""


def _choice_line(select: Select) -> str:
    options = "；".join(f"{escape_line(o.id)} {escape_line(o.text)}" for o in select.options)
    return f"**{escape_line(select.title)}**：{options}"


def _words(button: Button, task_id: str) -> str:
    return answer_codes.words(button_label(button), task_id)


def _fitted(key: str, build: Callable[[int], Params]) -> Message:
    """The longest text with which the whole parameter stays within the platform's limit."""
    for room in _ROOMS:
        param = orjson.dumps(build(room))
        if len(param) <= limits.MSG_PARAM_BYTES:
            return Message(key, param.decode())
    raise unfit("the message is too long whatever is cut")
