"""The directory changed: leavers lose access at once; many missing at once are asked about."""

from __future__ import annotations

from bot.events import CardUpdate, MemberChanged
from bot.routing import Router, Tap
from message_templates.catalogue import Catalogue
from services.actors import Actor
from services.directory import DirectoryChanges
from services.directory_losses import DirectoryLosses

router = Router()


@router.event(MemberChanged)
async def member_changed(event: MemberChanged, directory: DirectoryChanges) -> None:
    if event.change in ("deleted", "out_of_range"):
        await directory.left(event.platform, event.member)
    elif event.change == "updated" and event.new_member:
        await directory.renamed(event.platform, event.member, event.new_member)
    else:
        await directory.changed(event.platform, event.member)


@router.card("people.lost_wrong")
async def read_wrongly(
    tap: Tap, actor: Actor, losses: DirectoryLosses, words: Catalogue
) -> CardUpdate:
    facts = await losses.decide(tap.subject_id, actor, left=False)
    return CardUpdate(words.card("people/lost", facts))


@router.card("people.lost_left")
async def have_left(
    tap: Tap, actor: Actor, losses: DirectoryLosses, words: Catalogue
) -> CardUpdate:
    facts = await losses.decide(tap.subject_id, actor, left=True)
    return CardUpdate(words.card("people/lost", facts))
