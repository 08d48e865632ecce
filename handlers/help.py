"""帮助, 为什么发给我, a first welcome, and what nobody understood."""

from __future__ import annotations

from bot.events import AppEntered, MediaSent, TextSaid
from bot.routing import Command, Router
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.help import HelpIndex
from services.hospital import Hospital
from services.retention import Retention
from services.why import reason_key

router = Router()

MOST_BYTES = 2000  # of one text: the narrowest channel cuts the rest away
_EXPLAINED = " — "  # between a command and what it does


@router.text("帮助", "help", "菜单", "?", help="help", reads=True)
async def show_help(command: Command, actor: Actor, index: HelpIndex, words: Catalogue) -> Text:
    """All that fits into one message; 帮助 换班 shows the lines with that word in full."""
    lines = [words.phrase("help", key) for key in await index.allowed(actor)]
    wanted = command.rest.strip()
    lines = [line for line in lines if wanted in line] or lines
    heading = words.phrase("help", "heading", name=actor.name)
    whole = "\n".join([heading, *lines])
    if len(whole.encode()) <= MOST_BYTES:
        return Text(whole)
    names = [line.partition(_EXPLAINED)[0] for line in lines]
    return Text("\n".join([heading, *names, words.phrase("help", "more")]))


@router.text("为什么发给我", "为什么", "为啥发给我", help="why", reads=True)
async def why(actor: Actor, retention: Retention, words: Catalogue) -> Text:
    key = await reason_key(actor)
    if key is None:
        return Text(words.phrase("replies", "why_nothing"))
    reason = words.phrase("reasons", key, days=retention.kept.days)
    lines = [reason, words.phrase("reasons", "objection")]
    return Text("\n".join(lines))


@router.event(AppEntered)
async def entered(
    event: AppEntered, actor: Actor, hospital: Hospital, words: Catalogue
) -> Text | None:
    if not event.first:
        return None
    return words.text("people/welcome", {"name": actor.name, "hospital": hospital.name})


@router.event(MediaSent)
async def media(words: Catalogue) -> Text:
    return Text(words.phrase("replies", "media_unclear"))


@router.fallback
async def not_understood(event: TextSaid, words: Catalogue) -> Text:
    return Text(words.phrase("help", "not_understood", text=event.text[:20]))
