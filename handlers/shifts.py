"""Reminders acknowledged, and one's own days."""

from __future__ import annotations

from datetime import date, timedelta

from bot.events import CardUpdate
from bot.routing import Router, Tap
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import SHANGHAI, Clock
from services import my_shifts
from services.actors import Actor
from services.change_notices import ChangeNotices
from services.duties import Codes
from services.permissions import Act
from services.reminders import Reminders
from services.swap_facts import shift_words

router = Router()


@router.card("shifts.acknowledge")
async def acknowledge(
    tap: Tap, actor: Actor, reminders: Reminders, words: Catalogue
) -> CardUpdate:
    at = await reminders.acknowledge(tap.subject_id, actor)
    facts = await reminders.card_facts(tap.subject_id, at)
    return CardUpdate(words.card("shifts/reminder", facts))


@router.card("rosters.acknowledge")
async def acknowledge_change(
    tap: Tap, actor: Actor, notices: ChangeNotices, words: Catalogue
) -> CardUpdate:
    facts = await notices.acknowledge(actor, tap.subject_id, tap.message_id)
    return CardUpdate(words.card("rosters/changed", facts))


@router.text("收到", "好的", "知道了", "好", act=Act.SEE_OWN_SHIFTS, help="received")
async def received(
    actor: Actor, reminders: Reminders, notices: ChangeNotices, words: Catalogue
) -> Text:
    """People write 收到 as often as they tap it."""
    shifts = await reminders.acknowledge_all(actor)
    changes = await notices.acknowledge_all(actor)
    if not shifts and not changes:
        return Text(words.phrase("replies", "nothing_to_receive"))
    lines = [shift_words(shift) for shift in shifts]
    return Text(words.phrase("replies", "received", lines=lines))


@router.text("我的班", "我的排班", "班表", act=Act.SEE_OWN_SHIFTS, help="my_shifts", reads=True)
async def mine(actor: Actor, codes: Codes, words: Catalogue, clock: Clock) -> Text:
    today = clock.now().astimezone(SHANGHAI).date()
    heading = words.phrase("replies", "heading_coming")
    return await _days(actor, codes, words, heading, today, today + timedelta(days=6))


@router.text("本周", "这周", "本周的班", act=Act.SEE_OWN_SHIFTS, help="this_week", reads=True)
async def this_week(actor: Actor, codes: Codes, words: Catalogue, clock: Clock) -> Text:
    monday, sunday = my_shifts.week_of(clock.now().astimezone(SHANGHAI).date())
    heading = words.phrase("replies", "heading_week")
    return await _days(actor, codes, words, heading, monday, sunday)


async def _days(
    actor: Actor, codes: Codes, words: Catalogue, heading: str, first: date, last: date
) -> Text:
    days = await my_shifts.days(actor, codes, first, last)
    published = any(day["rostered"] and day["day"] >= last for day in days)
    return words.text("shifts/mine", {"heading": heading, "days": days, "published": published})
