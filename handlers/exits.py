"""离职: entered in a sentence, confirmed or approved on a card."""

from __future__ import annotations

from bot.events import CardUpdate
from bot.routing import Command, Router, Tap
from handlers.name_and_day import read_name_and_day
from handlers.swap_words import Unclear
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import SHANGHAI, Clock
from services import staff_search
from services.actors import Actor
from services.exits import Exits
from services.offices import Office, require_office
from services.refusals import Refusal

router = Router()


@router.text("离职", help="exit")
async def enter(
    command: Command, actor: Actor, exits: Exits, words: Catalogue, clock: Clock
) -> Text:
    await require_office(actor, Office.HR)
    now = clock.now()
    try:
        name, day = read_name_and_day(command.rest, now.astimezone(SHANGHAI).date())
    except Unclear as unclear:
        raise Refusal("exit_how") from unclear
    if not name or day is None:
        raise Refusal("exit_how")
    person = await staff_search.find(name, now, left_lately=True)
    own = await exits.propose(actor, person["id"], day)
    key = "exit_confirm" if own else "exit_asked"
    return Text(words.phrase("checklists/replies", key, name=person["name"]))


@router.text("取消离职")
async def cancel(
    command: Command, actor: Actor, exits: Exits, words: Catalogue, clock: Clock
) -> Text:
    await require_office(actor, Office.HR)
    if not command.rest:
        raise Refusal("exit_how")
    person = await staff_search.find(command.rest, clock.now(), left_lately=True)
    await exits.cancel(person["id"], actor)
    return Text(words.phrase("checklists/replies", "exit_cancelled", name=person["name"]))


@router.card("exits.confirm")
async def confirm(tap: Tap, actor: Actor, exits: Exits, words: Catalogue) -> CardUpdate:
    await exits.confirm(tap.subject_id, actor)
    return CardUpdate(words.card("exits/confirm", await exits.facts(tap.subject_id)))


@router.card("exits.drop")
async def drop(tap: Tap, actor: Actor, exits: Exits, words: Catalogue) -> CardUpdate:
    await exits.drop(tap.subject_id, actor)
    return CardUpdate(words.card("exits/confirm", await exits.facts(tap.subject_id)))


@router.card("exits.approve")
async def approve(tap: Tap, actor: Actor, exits: Exits, words: Catalogue) -> CardUpdate:
    facts = await exits.decide(tap.subject_id, actor, approve=True)
    return CardUpdate(words.card("exits/approval", facts))


@router.card("exits.refuse")
async def refuse(tap: Tap, actor: Actor, exits: Exits, words: Catalogue) -> CardUpdate:
    facts = await exits.decide(tap.subject_id, actor, approve=False)
    return CardUpdate(words.card("exits/approval", facts))
