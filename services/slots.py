"""Times for interviews: added, cancelled under an invitation, and offered to who waits for one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from message_templates.catalogue import Catalogue
from models import db
from models.clock import Clock
from services import audit
from services.actors import Actor
from services.interview_answers import InterviewAnswers
from services.recruiting_access import require_recruiting
from services.refusals import Refusal
from services.sheets.people import StaffDirectory, StaffRef

WORDS = "interviews/slot_words"
MOST_SEATS = 500
BATCH = 100
_NAMES = re.compile(r"[\s、,，;；]+")

_ADD = """
INSERT INTO slots (posting_id, starts_at, ends_at, place, capacity, group_name)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id
"""
_INTERVIEWERS = """
INSERT INTO slot_interviewers (slot_id, person_id)
SELECT $1, id FROM persons WHERE id = ANY($2) AND active
"""
_CANCEL = """
UPDATE slots SET state = 'cancelled' WHERE id = $1 AND state = 'open' AND starts_at > $2
RETURNING starts_at
"""
# Interviews first, slots afterwards: the order of everybody who moves somebody.
_SEATED = """
SELECT i.id FROM interviews i
 WHERE i.slot_id = $1 AND i.state IN ('invited', 'confirmed') ORDER BY i.id FOR UPDATE
"""
_STRANDED = """
SELECT i.id, s.id AS slot_id, s.starts_at FROM interviews i JOIN slots s ON s.id = i.slot_id
 WHERE i.state IN ('invited', 'confirmed') AND s.state = 'cancelled' AND s.starts_at > $1
 ORDER BY i.id LIMIT $2
"""
_STILL = """
SELECT 1 FROM interviews WHERE id = $1 AND slot_id = $2 AND state IN ('invited', 'confirmed')
   FOR UPDATE
"""
# Nothing was free when they were last offered anything, and now there is.
_WAITING = """
SELECT i.id FROM interviews i JOIN applications a ON a.id = i.application_id
 WHERE i.state = 'choosing' AND i.offered = '[]'::jsonb AND EXISTS (
       SELECT 1 FROM slots s WHERE s.posting_id = a.posting_id AND s.state = 'open'
          AND s.taken < s.capacity AND s.starts_at > $1)
 ORDER BY i.id LIMIT $2
"""
_WAITS = """
SELECT 1 FROM interviews WHERE id = $1 AND state = 'choosing' AND offered = '[]'::jsonb FOR UPDATE
"""


class Slots:
    def __init__(self, answers: InterviewAnswers, catalogue: Catalogue, clock: Clock) -> None:
        self.answers = answers
        self.catalogue = catalogue
        self.clock = clock

    async def add(
        self,
        by: Actor,
        posting_id: int,
        starts_at: datetime,
        ends_at: datetime,
        place: str,
        *,
        capacity: int = 1,
        group: str = "",
        interviewers: Sequence[int] = (),
    ) -> int:
        """A time with so many seats; its id. Instants are aware.

        Raises Refusal: not_allowed, posting_closed, slot_times, slot_place, slot_seats,
        slot_twice.
        """
        await require_recruiting(by, posting_id)
        where, name = " ".join(place.split()), " ".join(group.split())
        if not self.clock.now() < starts_at < ends_at:
            raise Refusal("slot_times")
        if not where or len(where) > 128 or len(name) > 32:
            raise Refusal("slot_place")
        if not 1 <= capacity <= MOST_SEATS:
            raise Refusal("slot_seats", most=MOST_SEATS)
        async with db.transaction():
            state = await db.fetch_value(
                "SELECT state FROM postings WHERE id = $1 FOR SHARE", posting_id
            )
            if state != "open":
                raise Refusal("posting_closed")
            slot_id: int | None = await db.fetch_value(
                _ADD, posting_id, starts_at, ends_at, where, capacity, name
            )
            if slot_id is None:
                raise Refusal("slot_twice")
            await db.execute(_INTERVIEWERS, slot_id, list(dict.fromkeys(interviewers)))
            await audit.record(
                self.clock.now(), by, "slot.added", f"slots:{slot_id}", seats=capacity
            )
        return slot_id

    async def interviewers(self, text: str) -> list[int]:
        """Whom names or staff numbers mean that somebody typed, apart from each other by marks.

        Raises Refusal: slot_interviewer with what is meant by nobody, or by more than one.
        """
        rows = await db.fetch("SELECT id, staff_no, name FROM persons WHERE active ORDER BY id")
        staff = StaffDirectory([StaffRef(**row) for row in rows])
        found = []
        for name in _NAMES.split(text.strip()):
            number = name if name.isascii() else ""
            match = staff.match(number, "" if number else name)
            if name and match.staff is None:
                raise Refusal("slot_interviewer", name=name[:30])
            found += [match.staff.id] if match.staff else []
        return found

    async def cancel(self, by: Actor, slot_id: int) -> int:
        """Delete a time; everybody under it is apologised to and offered others: how many.

        Where nothing else is free, HR gets a task. Raises Refusal: not_allowed, slot_cancelled,
        slot_begun.
        """
        row = await db.fetch_one("SELECT posting_id, state FROM slots WHERE id = $1", slot_id)
        if row is None:
            raise Refusal("not_allowed")
        await require_recruiting(by, row["posting_id"])
        async with db.transaction():
            seated = await db.fetch(_SEATED, slot_id)
            starts = await db.fetch_value(_CANCEL, slot_id, self.clock.now())
            if starts is None:
                state = await db.fetch_value("SELECT state FROM slots WHERE id = $1", slot_id)
                raise Refusal("slot_begun" if state == "open" else "slot_cancelled")
            for each in seated:
                await self._apologise(each["id"], starts)
            await audit.record(
                self.clock.now(), by, "slot.cancelled", f"slots:{slot_id}", moved=len(seated)
            )
        return len(seated)

    async def tend(self) -> int:
        """Who sat down while their slot was being deleted is moved, and who waits for a free seat
        is offered it; how many."""
        now = self.clock.now()
        stranded = await db.fetch(_STRANDED, now, BATCH)
        moved = [await self._rescue(row) for row in stranded]
        waiting = await db.fetch(_WAITING, now, BATCH)
        offered = [await self._offer_waiting(row["id"]) for row in waiting]
        return sum(moved) + sum(offered)

    async def _rescue(self, row: db.Row) -> bool:
        async with db.transaction():
            if await db.fetch_value(_STILL, row["id"], row["slot_id"]) is None:
                return False
            await self._apologise(row["id"], row["starts_at"])
        return True

    async def _offer_waiting(self, interview_id: int) -> bool:
        async with db.transaction():
            if await db.fetch_value(_WAITS, interview_id) is None:
                return False
            lead = self.catalogue.phrase(WORDS, "free_again")
            slots = await self.answers.offer(interview_id, via="staff", lead=lead)
            if slots:
                await self.answers.tasks.withdraw(["slot_gone"], interview_id=interview_id)
        return bool(slots)

    async def _apologise(self, interview_id: int, starts: datetime) -> None:
        lead = self.catalogue.phrase(WORDS, "gone", starts=starts)
        await self.answers.offer(interview_id, via="staff", lead=lead)
