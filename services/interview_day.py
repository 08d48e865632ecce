"""Who of today's candidates is meant by a name that staff write, as far as they may know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from models import db, sealed
from models.clock import SHANGHAI, Clock
from models.interviews import InterviewState
from services.actors import Actor
from services.interview_facts import InterviewFacts, InterviewView
from services.recruiting_access import may_recruit
from services.refusals import Refusal

# From yesterday on, since who did not come is often noted the day after.
_LISTED = """
SELECT i.id, c.name FROM interviews i
  JOIN slots s ON s.id = i.slot_id
  JOIN applications a ON a.id = i.application_id
  JOIN postings p ON p.id = a.posting_id
  JOIN candidates c ON c.id = a.candidate_id
 WHERE i.state = $5 AND s.starts_at >= $1 AND s.starts_at < $2 AND c.name IS NOT NULL
   AND ($3 OR p.recruiter_id = $4 OR EXISTS (
       SELECT 1 FROM slot_interviewers w WHERE w.slot_id = s.id AND w.person_id = $4))
 ORDER BY s.starts_at, i.id
"""
_OWN = """
SELECT i.id FROM interviews i JOIN slots s ON s.id = i.slot_id
  JOIN applications a ON a.id = i.application_id
 WHERE a.candidate_id = $1 AND i.state = 'confirmed' AND s.starts_at >= $2 AND s.starts_at < $3
 ORDER BY s.starts_at, i.id LIMIT 1
"""
WITHIN = timedelta(days=7)  # until then a note of absence can be taken back


@dataclass(frozen=True)
class InterviewDay:
    facts: InterviewFacts
    clock: Clock

    async def named(self, by: Actor, name: str) -> InterviewView:
        """The one interview of yesterday or today whose candidate is called so: 郑小试, 郑护士.

        Raises Refusal: not_among_interviews(name), two_of_that_name(name, people).
        """
        found = await self._called(by, name, InterviewState.CONFIRMED, timedelta(days=1))
        if not found:
            raise Refusal("not_among_interviews", name=name)
        return _only(found, name)

    async def noted_absent(self, by: Actor, name: str) -> InterviewView:
        """The same among those who were noted as absent in the last week.

        Raises Refusal: absence_not_among(name), two_of_that_name(name, people).
        """
        found = await self._called(by, name, InterviewState.NO_SHOW, WITHIN)
        if not found:
            raise Refusal("absence_not_among", name=name)
        return _only(found, name)

    async def _called(
        self, by: Actor, name: str, state: InterviewState, back: timedelta
    ) -> list[InterviewView]:
        wanted = "".join(name.split())
        if not wanted:
            return []
        midnight = self._midnight()
        rows = await db.fetch(
            _LISTED,
            midnight - back,
            midnight + timedelta(days=1),
            await may_recruit(by),
            by.person_id,
            state,
        )
        names = {row["id"]: sealed.open_sealed("candidates.name", row["name"]) for row in rows}
        views = await self.facts.by_ids(list(names))
        exact = [views[key] for key, full in names.items() if full == wanted]
        return exact or [view for view in views.values() if view.address == wanted]

    async def of_candidate(self, candidate_id: int) -> int | None:
        """Their confirmed interview of today."""
        midnight = self._midnight()
        interview: int | None = await db.fetch_value(
            _OWN, candidate_id, midnight, midnight + timedelta(days=1)
        )
        return interview

    def _midnight(self) -> datetime:
        today = self.clock.now().astimezone(SHANGHAI).date()
        return datetime.combine(today, time(), SHANGHAI)


def _only(found: list[InterviewView], name: str) -> InterviewView:
    if len(found) > 1:
        people = [
            {"address": view.address, "post": view.post, "starts": view.starts_at}
            for view in found
        ]
        raise Refusal("two_of_that_name", name=name, people=people)
    return found[0]
