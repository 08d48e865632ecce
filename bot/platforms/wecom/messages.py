"""Neutral Content to the body of message/send and update_template_card (D90236, D94888)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.platforms.fitting import clean
from bot.platforms.wecom import limits
from bot.platforms.wecom.cards import Body, address, closing_only, redrawn_card, template_card
from bot.platforms.wecom.fitting import fit_bytes, fit_chars, unfit
from models.cards import Card, Content, Link, Markdown, Text

_MARKUP = str.maketrans({"<": "＜", ">": "＞"})


def message_body(content: Content, to: Sequence[str], *, agent_id: int, key: str) -> Body:
    """A message/send request; `key` becomes a card's task id. Raises SendFailed(REQUEST).

    The platform's duplicate check is always on: the same body within half an hour arrives once.
    """
    return {
        "touser": "|".join(to),
        "agentid": agent_id,
        **_payload(content, key),
        "enable_duplicate_check": 1,
        "duplicate_check_interval": int(limits.DUPLICATE_CHECK.total_seconds()),
    }


def file_body(kind: str, media_id: str, to: Sequence[str], *, agent_id: int) -> Body:
    """A message/send request for what was uploaded; `kind` is image or file."""
    return {
        "touser": "|".join(to),
        "agentid": agent_id,
        "msgtype": kind,
        kind: {"media_id": media_id},
    }


def update_body(card: Card, to: Sequence[str], *, agent_id: int, response_code: str) -> Body:
    """An update_template_card request; with nobody in `to`, every receiver's card is redrawn."""
    whom: Body = {"userids": list(to)} if to else {"atall": 1}
    closing = closing_only(card)
    what: Body = (
        {"button": {"replace_name": closing}} if closing else {"template_card": redrawn_card(card)}
    )
    return {**whom, "agentid": agent_id, "response_code": response_code, **what}


def _payload(content: Content, key: str) -> Body:
    match content:
        case Text(words):
            return _text(words)
        case Markdown(words):
            fitted = fit_bytes(words, limits.MARKDOWN_BYTES)
            if not fitted.strip():
                raise unfit("an empty message")
            return {"msgtype": "markdown", "markdown": {"content": fitted}}
        case Card():
            return _card(content, key)


def _text(words: str) -> Body:
    fitted = fit_bytes(words, limits.TEXT_BYTES)
    if not fitted.strip():
        raise unfit("an empty message")
    return {"msgtype": "text", "text": {"content": fitted}}


def _card(card: Card, key: str) -> Body:
    if card.closed or not (card.buttons or card.selects or card.link):
        return _text(card_as_text(card))
    if card.link is not None and not (card.buttons or card.selects or card.facts):
        return _textcard(card, card.link)
    return {"msgtype": "template_card", "template_card": template_card(card, task_id=key)}


def _textcard(card: Card, link: Link) -> Body:
    body: Body = {
        "title": fit_chars(card.title.translate(_MARKUP), limits.TEXTCARD_TITLE_CHARS),
        "description": fit_chars(
            (card.body or card.source or card.title).translate(_MARKUP),
            limits.TEXTCARD_BODY_CHARS,
        ),
        "url": address(link),
    }
    if 0 < len(link.text) <= limits.TEXTCARD_BUTTON_CHARS:
        body["btntxt"] = clean(link.text)
    return {"msgtype": "textcard", "textcard": body}


def card_as_text(card: Card) -> str:
    """A card where no template card can be drawn: a notice without link needs card_action."""
    facts = [f"{fact.label}：{fact.value}" for fact in card.facts]
    lines = [card.title, card.body, *facts, card.closed]
    words = "\n".join(filter(None, lines)).translate(_MARKUP)
    if card.link is None:
        return words
    return f"{words}\n{card.link.text} {address(card.link)}"
