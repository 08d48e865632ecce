"""Tasks about candidates: done with a tap, listed on demand."""

from __future__ import annotations

from bot.events import CardUpdate
from bot.routing import Router, Tap
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import Clock
from services.actors import Actor
from services.candidate_tasks import OUTCOMES, CandidateTasks
from services.hospital import Hospital

router = Router()


async def report(tap: Tap, actor: Actor, tasks: CandidateTasks, words: Catalogue) -> CardUpdate:
    """`task.<outcome>`: what came of it."""
    await tasks.done(tap.subject_id, actor, tap.event.verb.removeprefix("task."))
    facts = await tasks.facts(tap.subject_id)
    return CardUpdate(words.card(f"tasks/{facts['kind']}", facts))


for outcome in OUTCOMES:
    router.card(f"task.{outcome}")(report)


@router.text("候选人待办", "待办", help="candidate_tasks", reads=True)
async def mine(
    actor: Actor, tasks: CandidateTasks, words: Catalogue, hospital: Hospital, clock: Clock
) -> Text:
    found = await tasks.open_of(actor)
    if not found:
        return Text(words.phrase("tasks/words", "none"))
    said = words.phrase(
        "tasks/words",
        "list",
        tasks=found,
        titles=words.words("console")["tasks"],
        now=clock.now(),
        url=f"{hospital.public_url}/console/tasks",
    )
    return Text(said)
