"""Interviews are remembered twice: at six the evening before, and two hours before.

Each is said once per appointment (interview and sequence). What it says is read when it leaves,
so that 明天 said late becomes 今天, and a moved appointment is never remembered at its old time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from models import db
from models.asks import AskState
from models.clock import SHANGHAI, Clock
from models.interviews import InterviewState
from models.ledger import Priority
from services import audit
from services.asks import Asks
from services.interview_facts import InterviewFacts, InterviewView
from services.interview_seats import Change
from services.purposes import Facts, Purpose, Subject

EVE = "interviews.reminder"
SOON = "interviews.reminder_soon"
PURPOSES = (EVE, SOON)
POLICY = "interview_reminder"

AT = time(18, 0)  # local, on the day before
BEFORE = timedelta(hours=2)
TOO_LATE = timedelta(minutes=30)  # before it begins, nobody reads it in time any more
APART = timedelta(hours=1)  # the evening's, said late, keeps this far from the second one
# Who confirmed so shortly before has just read the same.
JUST_TOLD = {EVE: timedelta(hours=3), SOON: timedelta(minutes=30)}
AHEAD = timedelta(days=1, hours=6)  # from the evening before to the latest interview of a day
BATCH = 1000

_DUE = """
SELECT i.id, i.sequence, i.confirmed_at, a.candidate_id, s.starts_at
  FROM interviews i JOIN slots s ON s.id = i.slot_id JOIN applications a ON a.id = i.application_id
 WHERE i.state = 'confirmed' AND i.arrived_at IS NULL AND s.state = 'open'
   AND s.starts_at > $1 AND s.starts_at <= $2
   AND NOT EXISTS (SELECT 1 FROM messages m
                    WHERE m.dedupe_key = $3::text || ':' || i.id || ':' || i.sequence)
 ORDER BY s.starts_at, i.id LIMIT $4
"""
_STILL = """
SELECT 1 FROM interviews WHERE id = $1 AND sequence = $2 AND state = 'confirmed'
   FOR NO KEY UPDATE
"""


@dataclass(frozen=True, slots=True)
class Window:
    """When a reminder may leave: from `opens` on, and no longer at `closes`."""

    opens: datetime
    closes: datetime


def window(purpose: str, starts: datetime) -> Window:
    """`starts` is aware, as are both ends."""
    if purpose == SOON:
        return Window(starts - BEFORE, starts - TOO_LATE)
    eve = starts.astimezone(SHANGHAI).date() - timedelta(days=1)
    return Window(datetime.combine(eve, AT, SHANGHAI), starts - BEFORE - APART)


class InterviewReminders:
    def __init__(self, asks: Asks, facts: InterviewFacts, clock: Clock) -> None:
        self.asks = asks
        self.ledger = asks.ledger
        self.facts = facts
        self.clock = clock
        self.ledger.purposes.add(
            [Purpose(name, self._facts, Priority.REMINDER) for name in PURPOSES]
        )

    async def remind(self) -> int:
        """Write what is due now; how many. Idempotent, and makes up for a time nobody worked."""
        return await self._remind(EVE) + await self._remind(SOON)

    async def _remind(self, purpose: str) -> int:
        now = self.clock.now()
        rows = await db.fetch(_DUE, now, now + AHEAD, purpose, BATCH)
        due = [row for row in rows if _is_due(purpose, row, now)]
        return sum([await self._say(purpose, row) for row in due])

    async def _say(self, purpose: str, row: db.Row) -> bool:
        """In a transaction of its own: one that fails keeps nobody else waiting."""
        interview, sequence = row["id"], row["sequence"]
        async with db.transaction():
            if await db.fetch_value(_STILL, interview, sequence) is None:
                return False
            message = await self.asks.open_to_candidate(
                purpose,
                interview,
                row["candidate_id"],
                policy=POLICY,
                deadline=window(purpose, row["starts_at"]).closes,
                context={"sequence": sequence},
                once=f"{purpose}:{interview}:{sequence}",
            )
        return message is not None

    async def acknowledge(self, interview_id: int, candidate_id: int) -> bool:
        """收到 or 1 after a reminder. False when no reminder waits for an answer."""
        answered = await self.asks.answered_by_candidate(
            PURPOSES, interview_id, candidate_id, "acknowledged"
        )
        if answered:
            actor = f"candidate:{candidate_id}"
            subject = f"interviews:{interview_id}"
            await audit.record(self.clock.now(), actor, "interview.acknowledged", subject)
        return answered

    async def heard(self, candidate_id: int) -> None:
        """They wrote: whatever they say, the reminders they have were read."""
        rows = await db.fetch(
            "SELECT DISTINCT subject_id FROM asks "
            "WHERE purpose = ANY($1) AND candidate_id = $2 AND state = 'open'",
            list(PURPOSES),
            candidate_id,
        )
        for row in rows:
            await self.acknowledge(row["subject_id"], candidate_id)

    async def changed(self, change: Change) -> None:
        """Another time, or none: what was to be said of the old one never leaves."""
        subject = [change.interview_id]
        await self.ledger.withdraw(PURPOSES, subject, "the interview changed")
        await self.asks.close(PURPOSES, subject, AskState.WITHDRAWN)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_ids([subject.subject_id for subject in subjects])
        now = self.clock.now()
        return {
            subject.message_id: _standing(views[subject.subject_id], subject.context, now)
            for subject in subjects
            if subject.subject_id in views
        }


def _is_due(purpose: str, row: db.Row, now: datetime) -> bool:
    """In its window, and not what they read a moment ago when they confirmed."""
    allowed = window(purpose, row["starts_at"])
    confirmed = row["confirmed_at"]
    known = confirmed is not None and (
        confirmed >= allowed.opens or allowed.opens - confirmed < JUST_TOLD[purpose]
    )
    return allowed.opens <= now < allowed.closes and not known


def _standing(view: InterviewView, context: Mapping[str, Any], now: datetime) -> Facts:
    starts = view.starts_at
    if (
        view.state is not InterviewState.CONFIRMED
        or starts is None
        or view.sequence != context["sequence"]
    ):
        return Facts({}, stands=False, why_not="the interview changed")
    if starts <= now:
        return Facts({}, stands=False, why_not="the interview has begun")
    return Facts(reminder_facts(view, starts, now.astimezone(SHANGHAI).date()))


def reminder_facts(view: InterviewView, starts: datetime, today: date) -> dict[str, Any]:
    """`when` is today, tomorrow or later: the words for it are the template's."""
    days = (starts.astimezone(SHANGHAI).date() - today).days
    return {
        "address": view.address,
        "hospital": view.hospital,
        "post": view.post,
        "when": {0: "today", 1: "tomorrow"}.get(days, "later"),
        "starts": starts,
        "place": view.place,
        "group": view.group,
        "queue_no": view.queue_no,
        "documents": view.documents,
        "contact": view.contact,
        "phone": view.phone,
        "map": view.map,
    }
