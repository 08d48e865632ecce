"""A nurse's new licence: a photo, some words, a card for what is missing; the office decides."""

from __future__ import annotations

from bot.events import CardUpdate, MediaFetched, TextSaid
from bot.routing import Router, Tap
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.evidence import Evidence
from services.renewal_asks import RenewalAsks
from services.renewal_office import RenewalOffice
from services.renewals import Heard, Renewals, Step
from services.upload_links import UploadLinks

router = Router()

ASKED_BY_CARD = (Step.WHICH, Step.DATE)


@router.event(MediaFetched)
async def photo(
    event: MediaFetched, actor: Actor, evidence: Evidence, renewals: Renewals, words: Catalogue
) -> Text | None:
    file = await evidence.store(actor.person_id, event.data, event.media_type, event.filename)
    heard = await renewals.receive(actor, file, event.caption)
    return None if heard.step in ASKED_BY_CARD else _said(heard, words)


@router.listen
async def say(event: TextSaid, actor: Actor, renewals: Renewals, words: Catalogue) -> Text | None:
    heard = await renewals.say(actor, event.text)
    return _said(heard, words) if heard else None


def _said(heard: Heard, words: Catalogue) -> Text:
    if heard.problem is not None:
        return Text(words.phrase("refusals", heard.problem.key, **heard.problem.params))
    return Text(words.phrase("renewals/words", heard.step, **heard.facts))


async def _redrawn(tap: Tap, asks: RenewalAsks, words: Catalogue) -> CardUpdate:
    """The card that was tapped, as it stands now."""
    template = tap.card.purpose.replace(".", "/")
    return CardUpdate(words.card(template, await asks.facts(tap.subject_id)))


@router.card("renewals.choose")
async def choose(
    tap: Tap, actor: Actor, renewals: Renewals, asks: RenewalAsks, words: Catalogue
) -> CardUpdate:
    await renewals.choose(tap.subject_id, actor, tap.chosen("licence"))
    return await _redrawn(tap, asks, words)


@router.card("renewals.other")
async def other(
    tap: Tap, actor: Actor, renewals: Renewals, asks: RenewalAsks, words: Catalogue
) -> CardUpdate:
    await renewals.other(tap.subject_id, actor)
    return await _redrawn(tap, asks, words)


@router.card("renewals.drop")
async def drop(
    tap: Tap, actor: Actor, renewals: Renewals, asks: RenewalAsks, words: Catalogue
) -> CardUpdate:
    await renewals.drop(tap.subject_id, actor)
    return await _redrawn(tap, asks, words)


@router.card("renewals.accept")
async def accept(tap: Tap, actor: Actor, office: RenewalOffice, words: Catalogue) -> CardUpdate:
    facts = await office.decide(tap.subject_id, actor, approve=True, chosen=tap.chosen("how"))
    return CardUpdate(words.card("renewals/approval", facts))


@router.card("renewals.refuse")
async def refuse(tap: Tap, actor: Actor, office: RenewalOffice, words: Catalogue) -> CardUpdate:
    facts = await office.decide(tap.subject_id, actor, approve=False, chosen=tap.chosen("how"))
    return CardUpdate(words.card("renewals/approval", facts))


@router.text("撤回新证", "取消新证", help="withdraw_renewal")
async def withdraw(actor: Actor, renewals: Renewals, words: Catalogue) -> Text:
    gone = await renewals.withdraw(actor)
    name = gone.kind.name if gone.kind else ""
    return Text(words.phrase("renewals/words", "withdrawn", name=name))


@router.text("上传", "上传新证", "上传文件")
async def upload(actor: Actor, links: UploadLinks, words: Catalogue) -> Text:
    """Where a chat cannot carry a file: a page of ours, for this person alone."""
    url = await links.address(actor)
    return Text(words.phrase("renewals/words", "upload", url=url))
