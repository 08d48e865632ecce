"""换班: asked in a sentence, accepted and approved with a tap."""

from __future__ import annotations

from datetime import date

from bot.events import CardUpdate
from bot.routing import Command, Router, Tap
from handlers.swap_words import Unclear, Wish, read_wish
from message_templates.catalogue import Catalogue
from models import db
from models.cards import Text
from models.clock import SHANGHAI, Clock
from services import colleagues, my_shifts
from services.actors import Actor
from services.permissions import Act
from services.refusals import Refusal
from services.swap_facts import shift_words
from services.swaps import Swaps

router = Router()


@router.text("换班", "调班", act=Act.ASK_SWAP, help="swap")
async def ask(
    command: Command, actor: Actor, swaps: Swaps, words: Catalogue, clock: Clock
) -> Text:
    today = clock.now().astimezone(SHANGHAI).date()
    if not command.rest:
        return await _how(actor, words, today)
    try:
        wish = read_wish(command.rest, today)
    except Unclear as unclear:
        raise Refusal("day_unclear", text=unclear.part or command.rest) from unclear
    colleague = await colleagues.find(actor, wish.colleague)
    give = await my_shifts.one(actor.person_id, wish.day, wish.code)
    take = await _taken(wish, colleague["id"])
    take_id = take["id"] if take else None
    await swaps.ask(actor, give["id"], colleague["id"], take_id, wish.reason)
    said = words.phrase(
        "replies",
        "swap_asked",
        colleague=colleague["name"],
        give=shift_words(give),
        take=shift_words(take) if take else "",
    )
    return Text(said)


async def _taken(wish: Wish, colleague_id: int) -> db.Row | None:
    if wish.take_day is None:
        return None
    return await my_shifts.one(colleague_id, wish.take_day, wish.take_code)


async def _how(actor: Actor, words: Catalogue, today: date) -> Text:
    shifts = await my_shifts.coming(actor, today, 7)
    if not shifts:
        return Text(words.phrase("replies", "no_shifts_to_swap"))
    first = shifts[0]
    example = f"{first['day']:%m%d}{first['name']}"
    lines = [shift_words(shift) for shift in shifts]
    return Text(words.phrase("replies", "swap_how", example=example, shifts=lines))


@router.text("撤回换班", "取消换班", act=Act.ASK_SWAP, help="withdraw_swap")
async def withdraw(actor: Actor, swaps: Swaps, words: Catalogue) -> Text:
    mine = await swaps.open_of(actor)
    if not mine:
        raise Refusal("no_open_swap")
    await swaps.withdraw(mine[0]["id"], actor)
    return Text(words.phrase("replies", "swap_withdrawn", give=mine[0]["swap"]["give"]))


@router.card("swaps.accept")
async def accept(tap: Tap, actor: Actor, swaps: Swaps, words: Catalogue) -> CardUpdate:
    await swaps.accept(tap.subject_id, actor)
    return CardUpdate(words.card("swaps/request", await swaps.facts(tap.subject_id)))


@router.card("swaps.decline")
async def decline(tap: Tap, actor: Actor, swaps: Swaps, words: Catalogue) -> CardUpdate:
    await swaps.decline(tap.subject_id, actor)
    return CardUpdate(words.card("swaps/request", await swaps.facts(tap.subject_id)))


@router.card("swaps.approve")
async def approve(tap: Tap, actor: Actor, swaps: Swaps, words: Catalogue) -> CardUpdate:
    facts = await swaps.decide(tap.subject_id, actor, approve=True)
    return CardUpdate(words.card("swaps/approval", facts))


@router.card("swaps.refuse")
async def refuse(tap: Tap, actor: Actor, swaps: Swaps, words: Catalogue) -> CardUpdate:
    chosen = tap.chosen("reason")
    facts = await swaps.decide(tap.subject_id, actor, approve=False, chosen=chosen)
    return CardUpdate(words.card("swaps/approval", facts))
