"""帮助, 为什么发给我, a first welcome, and what nobody understood."""

from __future__ import annotations

from bot.events import AppEntered, MediaSent, TextSaid
from bot.routing import Router
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.help import HelpIndex
from services.hospital import Hospital
from services.retention import Retention
from services.why import reason_key

router = Router()


@router.text("帮助", "help", "菜单", "?", help="help", reads=True)
async def show_help(actor: Actor, index: HelpIndex, words: Catalogue) -> Text:
    heading = words.phrase("help", "heading", name=actor.name)
    lines = [words.phrase("help", key) for key in await index.allowed(actor)]
    return Text("\n".join([heading, *lines]))


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
