"""面试结果: approved, refused or taken back with a tap; 结果待办 lists who still waits."""

from __future__ import annotations

from bot.events import CardUpdate
from bot.routing import Router, Tap
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.outcome_notices import OutcomeNotices
from services.outcomes import Outcomes
from services.permissions import Act
from services.result_clock import ResultClock

router = Router()
MOST_LINES = 20


@router.card("outcomes.approve")
async def approve(tap: Tap, actor: Actor, outcomes: Outcomes, words: Catalogue) -> CardUpdate:
    facts = await outcomes.decide(tap.subject_id, actor, approve=True)
    return CardUpdate(words.card("outcomes/approval", facts))


@router.card("outcomes.refuse")
async def refuse(tap: Tap, actor: Actor, outcomes: Outcomes, words: Catalogue) -> CardUpdate:
    chosen = tap.chosen("reason")
    facts = await outcomes.decide(tap.subject_id, actor, approve=False, chosen=chosen)
    return CardUpdate(words.card("outcomes/approval", facts))


@router.card("outcomes.show")
async def show(tap: Tap, actor: Actor, outcomes: Outcomes, words: Catalogue) -> Text:
    await outcomes.show_again(tap.subject_id, actor)
    return Text(words.phrase("outcomes/replies", "shown_again"))


@router.card("outcomes.withdraw")
async def withdraw(
    tap: Tap, actor: Actor, outcomes: Outcomes, notices: OutcomeNotices, words: Catalogue
) -> CardUpdate:
    await outcomes.withdraw(actor, tap.subject_id)
    return CardUpdate(words.card("outcomes/waiting", await notices.facts(tap.subject_id)))


@router.text("结果待办", act=Act.RECRUIT, help="results", reads=True)
async def due(actor: Actor, results: ResultClock, words: Catalogue) -> Text:
    waiting = await results.due_for(actor)
    if not waiting:
        return Text(words.phrase("results/replies", "none"))
    said = words.phrase(
        "results/replies",
        "list",
        count=len(waiting),
        lines=[one.line for one in waiting[:MOST_LINES]],
        more=max(len(waiting) - MOST_LINES, 0),
    )
    return Text(said)
