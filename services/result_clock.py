"""结果时限: who still waits for a result, said to the recruiter on the way and to the HR head at
the end. Nobody who was interviewed is left without a message.

The days count from the interview's end (working_days.WorkingTime.result_due); `result_step` is
how many of its moments have been told. It stops when a result waits or was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models import db
from models.clock import Clock
from models.ledger import Priority
from services import interviewed
from services.actors import Actor
from services.interviewed import Interviewed
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import may_recruit
from services.refusals import Refusal
from services.units import hr_heads
from services.working_days import ResultDue, WorkingTime

REMINDER = "results.reminder"
OVERDUE = "results.overdue"
NOTICE_DUE = "results.notice_due"
NOTICE_LATE = "results.notice_late"
MOST_LINES = 15

# What counts as due: it took place (or nobody said otherwise), they still want it, and no result
# waits or was sent; or
# its post makes results public, and this one does not stand on a notice yet.
_RUNNING = """
i.state IN ('confirmed', 'held') AND i.ended_at IS NOT NULL AND c.erased_at IS NULL
AND a.stage <> 'withdrawn'
AND (NOT EXISTS (SELECT 1 FROM outcomes o
                  WHERE o.interview_id = i.id AND o.state IN ('waiting', 'sent'))
     OR p.notice_within IS NOT NULL AND i.notice_id IS NULL)
"""
_LOCK = f"""
SELECT i.id, i.ended_at, i.result_due_at, i.result_provisional, i.result_step,
       p.notice_within,
       CASE WHEN p.notice_within IS NOT NULL AND i.notice_id IS NULL THEN p.id END AS noticed_by,
       CASE WHEN r.active THEN p.recruiter_id END AS recruiter_id
  FROM interviews i
  JOIN applications a ON a.id = i.application_id
  JOIN candidates c ON c.id = a.candidate_id
  JOIN postings p ON p.id = a.posting_id
  JOIN persons r ON r.id = p.recruiter_id
 WHERE i.result_step < $1 AND {_RUNNING}
 ORDER BY i.id FOR UPDATE OF i SKIP LOCKED
"""
_MOVE = """
UPDATE interviews SET result_step = $2, result_due_at = $4, result_provisional = $5
 WHERE id = $1 AND result_step = $3 RETURNING id
"""
_PENDING = """
SELECT interview_id FROM outcomes WHERE interview_id = ANY($1) AND state = 'asked'
"""
_PUBLIC = "SELECT id FROM postings WHERE id = ANY($1) AND notice_within IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An interview whose candidate waits; `asked`: a manager is looking at the text; `public`:
    a notice tells it first."""

    interview: Interviewed
    overdue: bool
    asked: bool
    public: bool

    @property
    def line(self) -> dict[str, Any]:
        """What lists say of it."""
        found = self.interview
        return {
            "name": found.name,
            "post": found.post,
            "starts_at": found.starts_at or found.ended_at,
            "due_at": found.due_at,
            "provisional": found.provisional,
            "overdue": self.overdue,
            "asked": self.asked,
            "public": self.public,
            "scored": len(set(found.interviewers) & set(found.scored)),
            "interviewers": len(found.interviewers),
        }


@dataclass
class _Due:
    """What became due in one tick. Of posts with a public notice the post is named, not who
    waits: `notices` are (post, recruiter or 0)."""

    lists: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    late: list[int] = field(default_factory=list)
    notices: set[tuple[int, int]] = field(default_factory=set)
    late_notices: set[int] = field(default_factory=set)

    @property
    def nothing(self) -> bool:
        return not (self.lists or self.late or self.notices or self.late_notices)

    def remind(self, row: db.Row, step: int) -> None:
        recruiter = row["recruiter_id"] or 0
        if row["noticed_by"] is not None:
            self.notices.add((row["noticed_by"], recruiter))
        else:
            self.lists.setdefault((recruiter, step), []).append(row["id"])

    def overdue(self, row: db.Row) -> None:
        if row["noticed_by"] is not None:
            self.late_notices.add(row["noticed_by"])
        else:
            self.late.append(row["id"])


class ResultClock:
    def __init__(self, ledger: Ledger, working_time: WorkingTime, clock: Clock) -> None:
        self.ledger = ledger
        self.working_time = working_time
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(REMINDER, self._facts),
                Purpose(OVERDUE, self._facts, Priority.DECISION),
            ]
        )

    async def tick(self) -> int:
        """Tell what has become due; how many interviews moved on.

        After a pause the newest reminder is told and those it overtook are not.
        """
        async with db.transaction():
            now = self.clock.now()
            most = len(self.working_time.result.reminders) + 1
            due = _Due()
            rows = await db.fetch(_LOCK, most)
            moved = [row for row in rows if await self._moved(row, now, due)]
            await self._tell(due)
        return len(moved)

    async def _moved(self, row: db.Row, now: datetime, lists: _Due) -> bool:
        """Note which digests the interview belongs into now; False when nothing became due."""
        due = self.working_time.result_due(row["ended_at"], row["notice_within"])
        told: int = row["result_step"]
        passed = _passed(due, now)
        deadline = due.deadline
        recounted = (deadline.at, deadline.provisional) != (
            row["result_due_at"],
            row["result_provisional"],
        )
        if passed <= told and not recounted:
            return False
        step = max(passed, told)
        moved = await db.fetch_value(
            _MOVE, row["id"], step, told, deadline.at, deadline.provisional
        )
        if moved is None:
            return False
        reminded = min(passed, len(due.reminders))
        if reminded > told:
            lists.remind(row, reminded)
        if passed > len(due.reminders) and passed > told:
            lists.overdue(row)
        return passed > told

    async def _tell(self, due: _Due) -> None:
        """One list per recruiter and step, one of what is overdue to the HR heads; a post whose
        results are made public is told of by itself."""
        if due.nothing:
            return
        heads = await hr_heads()
        for (recruiter, _), ids in sorted(due.lists.items()):
            people = [recruiter] if recruiter else heads
            context = {"interviews": list(ids)}
            await self.ledger.notify(REMINDER, ids[0], people, context=context)
        for posting, recruiter in sorted(due.notices):
            await self.ledger.notify(NOTICE_DUE, posting, [recruiter] if recruiter else heads)
        if due.late:
            context = {"interviews": list(due.late)}
            await self.ledger.notify(OVERDUE, due.late[0], heads, context=context)
        for posting in sorted(due.late_notices):
            await self.ledger.notify(NOTICE_LATE, posting, heads)

    async def due_for(self, by: Actor) -> list[Waiting]:
        """What 结果待办 lists: everything for the HR office, else the posts one answers for.

        The overdue first. Raises Refusal("not_allowed").
        """
        found = await self._waiting(_RUNNING)
        if await may_recruit(by):
            return found
        own = [waiting for waiting in found if waiting.interview.recruiter_id == by.person_id]
        if not own and not await _answers_for_a_post(by):
            raise Refusal("not_allowed")
        return own

    async def overdue(self) -> list[Waiting]:
        """Every interview that ended, has no result on its way, and is past its date."""
        return [waiting for waiting in await self._waiting(_RUNNING) if waiting.overdue]

    async def _waiting(self, where: str, *args: object) -> list[Waiting]:
        now = self.clock.now()
        found = await interviewed.load(where, *args)
        rows = await db.fetch(_PENDING, [interview.id for interview in found])
        asked = {row["interview_id"] for row in rows}
        listed = [interview.posting_id for interview in found]
        posts = {row["id"] for row in await db.fetch(_PUBLIC, listed)}
        public = {interview.id for interview in found if interview.posting_id in posts}
        waiting = [
            Waiting(
                interview,
                overdue=interview.due_at is not None and interview.due_at <= now,
                asked=interview.id in asked,
                public=interview.id in public,
            )
            for interview in found
        ]
        return sorted(waiting, key=lambda one: (one.interview.due_at or now, one.interview.id))

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        """The lists as they are true when they leave: who has a result by then is left out."""
        ids = {one for subject in subjects for one in subject.context["interviews"]}
        waiting = await self._waiting(f"{_RUNNING} AND i.id = ANY($1)", sorted(ids))
        names = await _names(one.interview.recruiter_id for one in waiting)
        facts = {}
        for subject in subjects:
            listed = [
                one.line | {"recruiter": names[one.interview.recruiter_id]}
                for one in waiting
                if one.interview.id in subject.context["interviews"]
            ]
            shown = {
                "lines": listed[:MOST_LINES],
                "more": max(len(listed) - MOST_LINES, 0),
            }
            facts[subject.message_id] = Facts(shown, bool(listed), "all have their results")
        return facts


def _passed(due: ResultDue, now: datetime) -> int:
    """How many of the moments lie behind: the reminders, then the deadline."""
    return sum(moment.at <= now for moment in (*due.reminders, due.deadline))


async def _answers_for_a_post(by: Actor) -> bool:
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT 1 FROM postings WHERE recruiter_id = $1)", by.person_id
        )
    )


async def _names(people: Iterable[int]) -> dict[int, str]:
    rows = await db.fetch("SELECT id, name FROM persons WHERE id = ANY($1)", list(set(people)))
    return {row["id"]: row["name"] for row in rows}
