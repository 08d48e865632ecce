"""排班草稿 2027年1月: a head nurse has a month drafted, watches it, publishes it with a tap."""

from __future__ import annotations

import re

from bot.events import CardUpdate
from bot.routing import Command, Router, Tap
from handlers.months import ahead, read_month
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import SHANGHAI, Clock
from services.actors import Actor
from services.permissions import Act
from services.refusals import Refusal
from services.rostering.decisions import Decisions
from services.rostering.drafts import RosterDrafts
from services.units import chosen

router = Router()

_SECONDS = re.compile(r"\s*(\d{1,4})\s*秒\s*$")


@router.text("排班草稿", "生成排班", "自动排班", act=Act.PUBLISH_ROSTER, help="draft")
async def ask(
    command: Command, actor: Actor, drafts: RosterDrafts, words: Catalogue, clock: Clock
) -> Text:
    """A card follows that says how it goes, and when it is done another."""
    unit, rest = await chosen(actor, Act.PUBLISH_ROSTER, command.rest.strip())
    today = clock.now().astimezone(SHANGHAI).date()
    asked = _SECONDS.search(rest)
    text = _SECONDS.sub("", rest).strip()
    days = read_month(text, today) if text else ahead(today, 1)
    if days is None:
        raise Refusal("draft_month", text=text)
    await drafts.ask(actor, unit["id"], *days, int(asked[1]) if asked else None)
    return Text(words.phrase("replies", "draft_asked"))


@router.text("排班进度", act=Act.PUBLISH_ROSTER, help="draft_progress", reads=True)
async def progress(actor: Actor, drafts: RosterDrafts, words: Catalogue) -> Text:
    found = await drafts.running(actor)
    lines = [words.phrase("replies", "draft_progress", **run) for run in found]
    return Text("\n".join(lines) or words.phrase("replies", "draft_none_running"))


@router.card("drafts.stop")
async def stop(tap: Tap, actor: Actor, drafts: RosterDrafts, words: Catalogue) -> CardUpdate:
    facts = await drafts.stop(actor, tap.subject_id)
    return CardUpdate(words.card("rosters/draft_working", facts))


@router.card("drafts.publish")
async def publish(tap: Tap, actor: Actor, decisions: Decisions, words: Catalogue) -> CardUpdate:
    facts = await decisions.publish(tap.subject_id, actor)
    return CardUpdate(words.card("rosters/draft_ready", facts))


@router.card("drafts.drop")
async def drop(tap: Tap, actor: Actor, decisions: Decisions, words: Catalogue) -> CardUpdate:
    facts = await decisions.drop(tap.subject_id, actor)
    return CardUpdate(words.card("rosters/draft_ready", facts))


@router.card("drafts.approve")
async def approve(tap: Tap, actor: Actor, decisions: Decisions, words: Catalogue) -> CardUpdate:
    facts = await decisions.decide(tap.subject_id, actor, approve=True)
    return CardUpdate(words.card("roster_drafts/approval", facts))


@router.card("drafts.refuse")
async def refuse(tap: Tap, actor: Actor, decisions: Decisions, words: Catalogue) -> CardUpdate:
    chosen_reason = tap.chosen("reason")
    facts = await decisions.decide(tap.subject_id, actor, approve=False, chosen=chosen_reason)
    return CardUpdate(words.card("roster_drafts/approval", facts))
