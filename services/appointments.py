"""Interviews with everything that a text about one says: who, which post, when and where."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import db, sealed
from models.interviews import InterviewState
from services.interview_facts import SlotChoice, choices
from services.salutation import AddressRules, Work, address

_LOAD = """
SELECT i.id, i.ref, i.state, i.sequence, i.queue_no, i.invited_by_id,
       a.id AS application_id, c.id AS candidate_id, c.name, c.title AS stated, c.phone,
       c.erased_at, p.id AS posting_id, p.title AS post, p.work, p.recruiter_id, p.documents,
       p.facts, s.id AS slot_id, s.starts_at, s.ends_at, s.place, s.group_name
  FROM interviews i
  JOIN applications a ON a.id = i.application_id
  JOIN candidates c ON c.id = a.candidate_id
  JOIN postings p ON p.id = a.posting_id
  LEFT JOIN slots s ON s.id = i.slot_id
"""


@dataclass(frozen=True, slots=True)
class Appointment:
    """One interview. Instants are aware; `slot_id` and times are None while no seat is held.

    `name` is "" once the candidate was erased. `facts` are the posting's answers to questions.
    """

    interview_id: int
    ref: str
    state: InterviewState
    sequence: int
    queue_no: int | None
    invited_by: int
    application_id: int
    candidate_id: int
    name: str
    stated: str
    phone: str
    posting_id: int
    post: str
    work: Work
    recruiter_id: int
    documents: tuple[str, ...]
    facts: Mapping[str, str]
    slot_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    place: str
    group: str

    def address(self, rules: AddressRules) -> str:
        """李医生, or "" for somebody erased."""
        return address(self.name, self.work, self.stated, rules) if self.name else ""

    @property
    def seated(self) -> bool:
        return self.state == InterviewState.CONFIRMED and self.starts_at is not None


async def load(where: str, *args: object) -> list[Appointment]:
    """Those that match `where` (over i, a, c, p, s), by time and id."""
    rows = await db.fetch(f"{_LOAD} WHERE {where} ORDER BY s.starts_at, i.id", *args)
    return [_appointment(row) for row in rows]


async def by_ids(interviews: Sequence[int]) -> dict[int, Appointment]:
    return {each.interview_id: each for each in await load("i.id = ANY($1)", list(interviews))}


async def one(interview_id: int) -> Appointment | None:
    return next(iter(await load("i.id = $1", interview_id)), None)


async def slot(slot_id: int) -> SlotChoice | None:
    """Also one that was cancelled since."""
    return (await choices({slot_id})).get(slot_id)


def _appointment(row: db.Row) -> Appointment:
    return Appointment(
        interview_id=row["id"],
        ref=row["ref"],
        state=InterviewState(row["state"]),
        sequence=row["sequence"],
        queue_no=row["queue_no"],
        invited_by=row["invited_by_id"],
        application_id=row["application_id"],
        candidate_id=row["candidate_id"],
        name=_opened("name", row["name"]),
        stated=row["stated"],
        phone=_opened("phone", row["phone"]),
        posting_id=row["posting_id"],
        post=row["post"],
        work=_work(row["work"]),
        recruiter_id=row["recruiter_id"],
        documents=tuple(_json(row["documents"])),
        facts=dict(_json(row["facts"])),
        slot_id=row["slot_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        place=row["place"] or "",
        group=row["group_name"] or "",
    )


def _opened(column: str, value: str | None) -> str:
    return sealed.open_sealed(f"candidates.{column}", value) if value else ""


def _work(key: str) -> Work:
    return Work(key) if key in Work.__members__.values() else Work.OTHER


def _json(value: Any) -> Any:
    """JSON columns come as text through plain statements."""
    return json.loads(value) if isinstance(value, str) else value
