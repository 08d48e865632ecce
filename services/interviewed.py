"""One interview with what is needed to judge it, to count its days and to write about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models import db, sealed
from models.interviews import InterviewState
from services.refusals import Refusal
from services.salutation import AddressRules, Work, address

NAME = "candidates.name"
ENDED = (InterviewState.CONFIRMED, InterviewState.HELD)  # where a result may be said

_LOAD = """
SELECT i.id, i.state, i.slot_id, i.application_id, i.ended_at, i.result_due_at,
       i.result_provisional, s.starts_at, s.ends_at,
       a.candidate_id, c.name, c.title AS stated, c.erased_at, c.ref,
       p.id AS posting_id, p.title AS post, p.work, p.unit_id, p.recruiter_id, p.facts,
       u.name AS office,
       (SELECT array_agg(n.person_id ORDER BY n.id) FROM slot_interviewers n
         WHERE n.slot_id = i.slot_id) AS interviewers,
       (SELECT array_agg(k.interviewer_id) FROM scorecards k
         WHERE k.interview_id = i.id) AS scored
  FROM interviews i
  JOIN applications a ON a.id = i.application_id
  JOIN candidates c ON c.id = a.candidate_id
  JOIN postings p ON p.id = a.posting_id
  LEFT JOIN slots s ON s.id = i.slot_id
  LEFT JOIN persons r ON r.id = p.recruiter_id
  LEFT JOIN units u ON u.id = r.unit_id
 WHERE {where}
 ORDER BY s.starts_at, i.id
"""


@dataclass(frozen=True, slots=True)
class Interviewed:
    """`starts_at` and `ends_at` are those of its slot; `name` is "" after erasure.

    `interviewers` are the slot's; `scored` those whose scorecard is there. `facts` are the
    posting's; `office` signs for it, as in the invitation.
    """

    id: int
    state: InterviewState
    slot_id: int | None
    application_id: int
    candidate_id: int
    name: str
    stated: str
    erased: bool
    posting_id: int
    post: str
    work: Work
    unit_id: int | None
    recruiter_id: int
    facts: Mapping[str, str]
    office: str
    starts_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    provisional: bool
    interviewers: tuple[int, ...]
    scored: tuple[int, ...]

    @property
    def unscored(self) -> tuple[int, ...]:
        return tuple(person for person in self.interviewers if person not in self.scored)

    def address(self, rules: AddressRules) -> str:
        """How the candidate is addressed, without 您好; "" when nothing is known of them."""
        return address(self.name, self.work, self.stated, rules) if self.name else ""


async def load(where: str, *args: object) -> list[Interviewed]:
    """Interviews in the order they took place; `where` is one of our own conditions."""
    return [_read(row) for row in await db.fetch(_LOAD.format(where=where), *args)]


async def one(interview_id: int) -> Interviewed:
    """Raises Refusal("interview_unknown")."""
    found = await load("i.id = $1", interview_id)
    if not found:
        raise Refusal("interview_unknown")
    return found[0]


async def locked(interview_id: int) -> Interviewed:
    """The same, its row locked first: scores, results and withdrawals wait for one another."""
    await db.fetch_value("SELECT id FROM interviews WHERE id = $1 FOR UPDATE", interview_id)
    return await one(interview_id)


async def by_ids(ids: Sequence[int]) -> dict[int, Interviewed]:
    return {interview.id: interview for interview in await load("i.id = ANY($1)", list(ids))}


def _read(row: db.Row) -> Interviewed:
    facts = json.loads(row["facts"]) if isinstance(row["facts"], str) else row["facts"]
    try:
        work = Work(row["work"])
    except ValueError:
        work = Work.OTHER
    return Interviewed(
        id=row["id"],
        state=InterviewState(row["state"]),
        slot_id=row["slot_id"],
        application_id=row["application_id"],
        candidate_id=row["candidate_id"],
        name=sealed.open_sealed(NAME, row["name"]) if row["name"] else "",
        stated=row["stated"],
        erased=row["erased_at"] is not None,
        posting_id=row["posting_id"],
        post=row["post"],
        work=work,
        unit_id=row["unit_id"],
        recruiter_id=row["recruiter_id"],
        facts=facts,
        office=facts.get("office") or row["office"] or "",
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        ended_at=row["ended_at"],
        due_at=row["result_due_at"],
        provisional=row["result_provisional"],
        interviewers=tuple(row["interviewers"] or ()),
        scored=tuple(row["scored"] or ()),
    )
