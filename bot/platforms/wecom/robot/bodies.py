"""Neutral content and replies as bodies of the robot's requests (D101463, D101032)."""

from __future__ import annotations

import hashlib
import re

from bot.events import AppEntered, CardTapped, CardUpdate, Event, Reply
from bot.platforms.wecom import limits
from bot.platforms.wecom.cards import redrawn_card, template_card
from bot.platforms.wecom.fitting import fit_bytes, unfit
from bot.platforms.wecom.messages import card_as_text
from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.frames import Body
from models.cards import Card, Content, Markdown, Text

_SINGLE = 1
_MARKS = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "`": "｀", "*": "＊"})
_HEADING = re.compile(r"^(\s*)#", re.MULTILINE)


def send_body(content: Content, user: str, *, key: str) -> Body:
    """A proactive message to one person; `key` becomes a card's task id. Raises SendFailed.

    Plain text is refused there (40008), so that words go as markdown that marks nothing up.
    """
    return {"chatid": user, "chat_type": _SINGLE, **_payload(content, key)}


def file_body(kind: str, media_id: str, user: str) -> Body:
    """A proactive picture or file, by what its upload was given."""
    return {
        "chatid": user,
        "chat_type": _SINGLE,
        "msgtype": kind,
        kind: {"media_id": media_id},
    }


def answer(event: Event, reply: Reply) -> tuple[str, Body] | None:
    """Request and body that answer this callback itself; None when it takes no such reply:
    a tap takes only its card, drawn whole. Raises SendFailed(REQUEST).
    """
    if isinstance(event, CardTapped):
        if isinstance(reply, CardUpdate) and reply.card.title.strip():
            return _redrawing(event, reply.card)
        return None
    words = reply_words(reply)
    if isinstance(event, AppEntered):
        return frames.WELCOME, {"msgtype": "text", "text": {"content": _whole(words)}}
    return frames.RESPOND, finished_stream(words, event.event_id)


def finished_stream(words: str, stream_id: str) -> Body:
    """An answer that is all there at once: a stream of one piece, which every client shows."""
    name = hashlib.sha256(stream_id.encode()).hexdigest()[:32]
    stream = {"id": name, "finish": True, "content": _whole(plain(words))}
    return {"msgtype": "stream", "stream": stream}


def reply_words(reply: Reply) -> str:
    """What a reply says when it can only be words."""
    if isinstance(reply, Text):
        return reply.content
    card = reply.card
    return f"{card.title}：{card.closed}" if card.title and card.closed else card_as_text(card)


def plain(words: str) -> str:
    """Words that must look the same as markdown: nobody's name or reason becomes a link."""
    return _HEADING.sub(r"\1＃", words.translate(_MARKS))


def _redrawing(event: CardTapped, card: Card) -> tuple[str, Body]:
    drawn = {**redrawn_card(card), "task_id": event.task_id}
    return frames.UPDATE, {"response_type": "update_template_card", "template_card": drawn}


def _payload(content: Content, key: str) -> Body:
    match content:
        case Text(words):
            return _markdown(plain(words))
        case Markdown(words):
            return _markdown(words)
        case Card():
            return _card(content, key)


def _card(card: Card, key: str) -> Body:
    if card.closed or not (card.buttons or card.selects or card.link):
        return _markdown(plain(card_as_text(card)))
    return {"msgtype": "template_card", "template_card": template_card(card, task_id=key)}


def _markdown(words: str) -> Body:
    return {"msgtype": "markdown", "markdown": {"content": _whole(words)}}


def _whole(words: str) -> str:
    fitted = fit_bytes(words, limits.ROBOT_CONTENT_BYTES)
    if not fitted.strip():
        raise unfit("an empty message")
    return fitted
