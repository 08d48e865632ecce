"""群通知: written in private, shown first, posted to the unit's groups with one tap."""

from __future__ import annotations

import re

from bot.events import CardUpdate, TextSaid
from bot.routing import Command, Router, Tap
from message_templates.catalogue import Catalogue
from services.actors import Actor
from services.permissions import Act
from services.unit_notices import UnitNotices

router = Router()
_WORD = re.compile(r"\s*群通知[\s:：,，。.]*")


@router.text("群通知", act=Act.POST_NOTICE, help="notice")
async def draft(event: TextSaid, command: Command, actor: Actor, notices: UnitNotices) -> None:
    """The answer is the preview, a card of its own."""
    await notices.draft(actor, _as_written(event.text) or command.rest)


@router.card("notices.send")
async def send(tap: Tap, actor: Actor, notices: UnitNotices, words: Catalogue) -> CardUpdate:
    facts = await notices.send(actor, tap.message_id)
    return CardUpdate(words.card("units/notice_preview", facts))


@router.card("notices.cancel")
async def cancel(tap: Tap, actor: Actor, notices: UnitNotices, words: Catalogue) -> CardUpdate:
    facts = await notices.cancel(actor, tap.message_id)
    return CardUpdate(words.card("units/notice_preview", facts))


def _as_written(text: str) -> str:
    """What follows the word, its lines kept; a command's rest has them joined."""
    found = _WORD.match(text)
    return text[found.end() :].strip() if found else ""
