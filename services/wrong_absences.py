"""A no-show that was noted by mistake is taken back: they came, or it was somebody else's card.

What was noted stays in the audit log beside what took it back; the report counts neither.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from models import db
from models.asks import AskState
from models.clock import Clock
from models.interviews import InterviewState
from models.ledger import Priority
from services import audit, interview_seats
from services.actors import Actor
from services.asks import Asks
from services.candidate_tasks import CandidateTasks
from services.interview_day import WITHIN
from services.interview_facts import InterviewFacts
from services.no_shows import MISSED
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import may_recruit
from services.refusals import Refusal

NOTED = "interviews.absence_noted"
SORRY = "interviews.not_missed"
NOTE, UNDO = "interview.no_show", "interview.no_show_undone"

# It was their seat all the while: neither slot nor number was given away.
_BACK = """
UPDATE interviews SET state = 'confirmed', closed_at = NULL
 WHERE id = $1 AND state = 'no_show' RETURNING ended_at
"""
_LAST_NOTE = """
SELECT r.at, p.name FROM audit_rows r LEFT JOIN persons p ON r.actor = 'person:' || p.id
 WHERE r.action = $1 AND r.subject = $2 ORDER BY r.id DESC LIMIT 1
"""
_LEFT = """
SELECT EXISTS (SELECT 1 FROM messages m JOIN deliveries d ON d.message_id = m.id
                WHERE m.purpose = $1 AND m.subject_id = $2
                  AND d.state IN ('sending', 'accepted', 'seen', 'answered', 'unknown'))
"""

AskScores = Callable[[int], Awaitable[None]]


class WrongAbsences:
    """`scores` asks the interviewers again, where the interview is over."""

    def __init__(
        self,
        asks: Asks,
        tasks: CandidateTasks,
        facts: InterviewFacts,
        scores: AskScores,
        clock: Clock,
    ) -> None:
        self.asks = asks
        self.ledger = asks.ledger
        self.tasks = tasks
        self.facts = facts
        self._scores = scores
        self.clock = clock
        self.ledger.purposes.add(
            [
                Purpose(NOTED, self._noted, Priority.DECISION, useful_for=WITHIN),
                Purpose(SORRY, self._sorry, Priority.DECISION),
            ]
        )

    async def tell(self, interview_id: int, recruiter: int, by: Actor) -> None:
        """Somebody else noted it: the recruiter knows, and can take it back with a tap."""
        if recruiter != by.person_id:
            await self.ledger.notify(NOTED, interview_id, [recruiter])

    async def take_back(self, interview_id: int, by: Actor) -> None:
        """They came after all: everything is as before it was noted.

        The question to the candidate is withdrawn; where it has left already, they read that it
        was our mistake. Raises Refusal: not_allowed, absence_not_noted, absence_answered (they
        are choosing another time), absence_too_old.
        """
        row = await interview_seats.locked(interview_id)
        if row["recruiter_id"] != by.person_id and not await may_recruit(by):
            raise Refusal("not_allowed")
        now = self.clock.now()
        await self._check(row, now)
        ended = await db.fetch_value(_BACK, interview_id)
        await self._unask(row)
        if ended is not None:
            await self._scores(interview_id)
        await self.ledger.redraw([NOTED], [interview_id])
        await audit.record(now, by, UNDO, f"interviews:{interview_id}")

    async def _check(self, row: db.Row, now: datetime) -> None:
        noted = await _last_note(row["id"])
        if row["state"] != InterviewState.NO_SHOW:
            moved_on = noted is not None and row["state"] != InterviewState.CONFIRMED
            raise Refusal("absence_answered" if moved_on else "absence_not_noted")
        if noted is not None and now > noted["at"] + WITHIN:
            raise Refusal("absence_too_old", days=WITHIN.days)

    async def _unask(self, row: db.Row) -> None:
        await self.ledger.withdraw([MISSED], [row["id"]], "they came after all")
        await self.asks.close([MISSED], [row["id"]], AskState.WITHDRAWN)
        await self.tasks.withdraw(["no_show", "phone"], interview_id=row["id"])
        if await db.fetch_value(_LEFT, MISSED, row["id"]):
            await self.ledger.notify_candidate(SORRY, row["id"], row["candidate_id"])

    async def card(self, interview_id: int) -> dict[str, object]:
        """What the recruiter's card shows now. Raises Refusal("interview_unknown")."""
        view = await self.facts.one(interview_id)
        if view is None:
            raise Refusal("interview_unknown")
        noted = await _last_note(interview_id)
        return {
            "address": view.address,
            "post": view.post,
            "starts": view.starts_at or "",
            "by": (noted["name"] or "") if noted else "",
            "state": view.state.value,
        }

    async def _noted(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_ids([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                await self.card(subject.subject_id),
                view.state is InterviewState.NO_SHOW,
                "it was taken back",
            )
            for subject in subjects
            if (view := views.get(subject.subject_id)) is not None
        }

    async def _sorry(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_ids([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                {"address": view.address, "post": view.post, "starts": view.starts_at},
                view.state in (InterviewState.CONFIRMED, InterviewState.HELD),
                "the interview changed",
            )
            for subject in subjects
            if (view := views.get(subject.subject_id)) is not None
        }


async def _last_note(interview_id: int) -> db.Row | None:
    """When it was noted last, and the name of who did."""
    return await db.fetch_one(_LAST_NOTE, NOTE, f"interviews:{interview_id}")
