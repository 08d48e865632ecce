"""证照: one's own licences, the buttons of reminders, and boards for who answers for others."""

from __future__ import annotations

from bot.events import CardUpdate
from bot.routing import Command, Router, Tap
from message_templates.catalogue import Catalogue
from models.cards import Text
from services import units
from services.actors import Actor
from services.licence_boards import LicenceBoards
from services.licence_phrases import LicencePhrases, answers_of
from services.licence_reminders import LicenceReminders
from services.licences import Licences
from services.permissions import Act
from services.refusals import Refusal

router = Router()
_DUE = "licences/due"


@router.card("licences.applied")
async def applied(
    tap: Tap, actor: Actor, reminders: LicenceReminders, words: Catalogue
) -> CardUpdate:
    facts = await reminders.answer(tap.subject_id, actor, "applied")
    return CardUpdate(words.card(_DUE, facts))


@router.card("licences.seen")
async def seen(
    tap: Tap, actor: Actor, reminders: LicenceReminders, words: Catalogue
) -> CardUpdate:
    facts = await reminders.answer(tap.subject_id, actor, "seen")
    return CardUpdate(words.card(_DUE, facts))


@router.text("我的证", "我的证照", "我的证件", act=None, help="my_licences", reads=True)
async def mine(actor: Actor, records: Licences, said: LicencePhrases, words: Catalogue) -> Text:
    held = await records.of_person(actor.person_id)
    if not held:
        return Text(said.say("nothing_mine"))
    heard = await answers_of([one.id for one in held])
    lines = [said.mine(one, heard.get(one.id)) for one in held]
    return words.text("licences/mine", {"licences": lines})


@router.text("已申请", "已提交申请", "已经申请", help="licence_applied")
async def has_applied(
    command: Command, actor: Actor, reminders: LicenceReminders, said: LicencePhrases
) -> Text:
    waiting = await reminders.applied(actor, command.rest)
    kinds = [one.kind.name for one in waiting]
    key = ("applied_none", "applied", "applied_which")[min(len(waiting), 2)]
    return Text(said.say(key, kinds=kinds))


@router.text("证照看板", "证照", act=Act.SEE_LICENCES, help="licence_board", reads=True)
async def board(command: Command, actor: Actor, boards: LicenceBoards, words: Catalogue) -> Text:
    seen_units = await boards.units(actor)
    if command.rest:
        unit_id = await _named(command.rest, seen_units)
    elif seen_units is not None and len(seen_units) == 1:
        unit_id = seen_units[0]
    else:
        return words.text("licences/boards", await boards.overview(actor))
    return words.text("licences/board", await boards.board(actor, unit_id))


async def _named(name: str, among: list[int] | None) -> int:
    """Raises Refusal: no such unit, or none of theirs."""
    found = await units.by_name(name)
    if found is None or (among is not None and found not in among):
        raise Refusal("unit_unknown", name=name)
    return found
