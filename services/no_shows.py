"""Somebody did not come: noted by who waited for them, and asked about kindly, a single time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from models import db
from models.clock import Clock
from models.interviews import InterviewState
from models.ledger import Priority
from services import audit, interview_seats
from services.actors import Actor
from services.asks import Asks
from services.candidate_tasks import CandidateTasks
from services.interview_answers import Observer
from services.interview_facts import InterviewFacts
from services.interview_seats import Change
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import may_recruit
from services.refusals import Refusal

MISSED = "interviews.missed"
POLICY = "missed"
GRACE = timedelta(minutes=15)  # a late bus is no absence
ANSWER_WITHIN = timedelta(days=3)
TOLD_US = ("unclear", "document", "question", "phone")
HEARD_SINCE = timedelta(days=2)

Noted = Callable[[int, int, Actor], Awaitable[None]]  # interview, recruiter, who noted it

_INTERVIEWS = "SELECT 1 FROM slot_interviewers WHERE slot_id = $1 AND person_id = $2"
_TIMES = "SELECT starts_at FROM slots WHERE id = $1"
# Words of theirs that a person has read or should have: perhaps they did tell us.
_TOLD_US = """
SELECT 1 FROM candidate_tasks
 WHERE interview_id = $1 AND kind = ANY($2) AND opened_at > $3 LIMIT 1
"""


class NoShows:
    def __init__(
        self, asks: Asks, tasks: CandidateTasks, facts: InterviewFacts, clock: Clock
    ) -> None:
        self.asks = asks
        self.ledger = asks.ledger
        self.tasks = tasks
        self.facts = facts
        self.clock = clock
        self._observers: list[Observer] = []
        self._noted: list[Noted] = []
        self.ledger.purposes.add([Purpose(MISSED, self._words, Priority.DECISION)])

    def on_change(self, observer: Observer) -> None:
        """Call this in the transaction in which somebody is noted as absent."""
        self._observers.append(observer)

    def on_noted(self, tell: Noted) -> None:
        """Tell this of who noted it, in the same transaction."""
        self._noted.append(tell)

    async def note(self, interview_id: int, by: Actor) -> None:
        """They did not come. They are asked why, which happens once for ever.

        Not asked are those who may have told us: then HR looks into what they said. Raises
        Refusal: not_allowed, no_show_early, no_show_arrived, interview_<state>.
        """
        row = await interview_seats.locked(interview_id)
        await self._allowed(row, by)
        now = self.clock.now()
        if row["state"] != InterviewState.CONFIRMED:
            raise Refusal(f"interview_{row['state']}")
        starts = await db.fetch_value(_TIMES, row["slot_id"])
        if now < starts + GRACE:
            raise Refusal("no_show_early")
        if row["arrived_at"] is not None:
            raise Refusal("no_show_arrived")
        change = await interview_seats.move(row, InterviewState.NO_SHOW, now)
        for observer in self._observers:
            await observer(change)
        asked = await self._ask(row, change)
        await audit.record(now, by, "interview.no_show", f"interviews:{interview_id}", asked=asked)
        for tell in self._noted:
            await tell(interview_id, row["recruiter_id"], by)

    async def _allowed(self, row: db.Row, by: Actor) -> None:
        """HR, or who was to interview them."""
        mine = await db.fetch_value(_INTERVIEWS, row["slot_id"], by.person_id)
        if mine is None and row["recruiter_id"] != by.person_id and not await may_recruit(by):
            raise Refusal("not_allowed")

    async def _ask(self, row: db.Row, change: Change) -> bool:
        now = self.clock.now()
        since = now - HEARD_SINCE
        if await db.fetch_value(_TOLD_US, row["id"], list(TOLD_US), since) is not None:
            await self._look_into(row)
            return False
        message = await self.asks.open_to_candidate(
            MISSED,
            row["id"],
            change.candidate_id,
            policy=POLICY,
            deadline=now + ANSWER_WITHIN,
            once=f"{MISSED}:{row['id']}",
        )
        return message is not None

    async def _look_into(self, row: db.Row) -> None:
        await self.tasks.open(
            "no_show",
            person=row["recruiter_id"],
            candidate_id=row["candidate_id"],
            interview_id=row["id"],
            detail={},
            key=f"no_show:{row['id']}",
        )

    async def _words(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_ids([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                {
                    "address": view.address,
                    "hospital": view.hospital,
                    "post": view.post,
                    "starts": view.starts_at,
                    "contact": view.contact,
                    "phone": view.phone,
                },
                view.state is InterviewState.NO_SHOW,
                "the interview changed",
            )
            for subject in subjects
            if (view := views.get(subject.subject_id)) is not None
        }
