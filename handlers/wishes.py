"""想休 12月20日, 想上 12月20日 A, 我的愿望, 取消愿望: said before a month is rostered."""

from __future__ import annotations

import re
from datetime import date

from bot.routing import Command, Router
from handlers.swap_words import read_day
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import SHANGHAI, Clock
from services.actors import Actor
from services.permissions import Act
from services.refusals import Refusal
from services.wishes import Wishes

router = Router()

_TO = re.compile(r"^\s*(?:到|至|-|—|–|~|～)\s*")
_ONLY = re.compile(r"(\d{1,2})(?!\d|月)[日号]?")


@router.text("想休", "想休息", act=Act.SEE_OWN_SHIFTS, help="wish")
async def off(
    command: Command, actor: Actor, wishes: Wishes, words: Catalogue, clock: Clock
) -> Text:
    first, last, rest = _days(command.rest, _today(clock))
    if rest:
        raise Refusal("wish_unclear", text=command.rest)
    return _listed(words, "wish_said", await wishes.say(actor, first, last))


@router.text("想上", act=Act.SEE_OWN_SHIFTS)
async def shift(
    command: Command, actor: Actor, wishes: Wishes, words: Catalogue, clock: Clock
) -> Text:
    first, last, rest = _days(command.rest, _today(clock))
    code = rest.removeprefix("的").strip()
    if not code:
        raise Refusal("wish_unclear", text=command.rest)
    return _listed(words, "wish_said", await wishes.say(actor, first, last, code))


@router.text("我的愿望", "我的想休", act=Act.SEE_OWN_SHIFTS, help="my_wishes", reads=True)
async def mine(actor: Actor, wishes: Wishes, words: Catalogue) -> Text:
    found = await wishes.coming(actor)
    return _listed(words, "wish_list" if found else "wish_nothing", found)


@router.text("取消愿望", "取消想休", "不想休了", act=Act.SEE_OWN_SHIFTS)
async def withdraw(
    command: Command, actor: Actor, wishes: Wishes, words: Catalogue, clock: Clock
) -> Text:
    first = last = None
    if command.rest.strip():
        first, last, _ = _days(command.rest, _today(clock))
    return _listed(words, "wish_withdrawn", await wishes.withdraw(actor, first, last))


def _today(clock: Clock) -> date:
    return clock.now().astimezone(SHANGHAI).date()


def _days(text: str, today: date) -> tuple[date, date, str]:
    """`12月20日`, `12月20日到22日`, `0105-0107`; what follows is left. Raises Refusal."""
    found = read_day(text.strip(), today)
    if found is None:
        raise Refusal("wish_unclear", text=text.strip())
    first, rest = found
    joined = _TO.match(rest)
    if joined is None:
        return first, first, rest.strip(" ，,。.")
    following = rest[joined.end() :]
    alone = _ONLY.match(following)
    if alone is not None:
        try:
            return first, first.replace(day=int(alone[1])), following[alone.end() :].strip()
        except ValueError:
            raise Refusal("wish_unclear", text=text.strip()) from None
    until = read_day(following, today)
    if until is None:
        raise Refusal("wish_unclear", text=text.strip())
    return first, until[0], until[1].strip()


def _listed(words: Catalogue, key: str, rows: list[dict[str, object]]) -> Text:
    return Text(words.phrase("replies", key, wishes=rows))
