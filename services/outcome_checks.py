"""Whether a result may be prepared at all: it is over, and the interviewers have been heard."""

from __future__ import annotations

from models import db
from models.outcomes import OutcomeKind
from services.interviewed import ENDED, Interviewed
from services.outcome_text import Case, OutcomeTexts
from services.refusals import Refusal
from services.score_notes import notes_of


def check_over(found: Interviewed) -> None:
    """Raises Refusal: nobody is known any more, it did not take place, or it is not over."""
    if found.erased:
        raise Refusal("interview_unknown")
    if found.state not in ENDED:
        raise Refusal("interview_not_held")
    if found.ended_at is None:
        raise Refusal("interview_not_over")


async def check_feedback(case: Case, texts: OutcomeTexts, override: str) -> None:
    """N6: not before all interviewers have said what they found, and from their own words.

    With an `override` HR need not wait; what was written already must still be the source of the
    strength. Raises Refusal: feedback_missing, strength_not_noted.
    """
    found = case.interview
    notes = await notes_of(found.id)
    if (found.unscored or not notes) and not override:
        raise Refusal("feedback_missing", names=await _names(found.unscored))
    if case.kind != OutcomeKind.REJECTED:
        return
    strength = getattr(case.facts, "strength", "")
    written = any(note.strength or note.comment for note in notes.values())
    if (written or not override) and not texts.noted(strength, notes):
        raise Refusal("strength_not_noted", strength=strength)


async def _names(people: tuple[int, ...]) -> list[str]:
    rows = await db.fetch(
        "SELECT name FROM persons WHERE id = ANY($1) ORDER BY name, id", list(people)
    )
    return [row["name"] for row in rows]
