"""An interview with all that may be said of it: who, which post, when, where, what to bring."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models import db, sealed
from models.interviews import InterviewState
from services.salutation import AddressRules, Work, address

_LOAD = """
SELECT i.id, i.ref, i.state, i.slot_id, i.offered, i.offered_at, i.unclear, i.queue_no,
       i.sequence, i.invited_at, i.answer_by, i.result_due_at, i.application_id, i.invited_by_id,
       a.candidate_id, a.match_points, a.posting_id, c.name, c.title AS stated, c.keep_until,
       c.erased_at, c.opted_out_at, p.title AS post, p.work, p.documents, p.facts, p.recruiter_id,
       r.name AS recruiter, o.name AS office, b.name AS sender,
       s.starts_at, s.ends_at, s.place, s.group_name, p.notice_within,
       (SELECT n.url FROM result_notices n WHERE n.id = i.notice_id) AS notice_url
  FROM interviews i
  JOIN applications a ON a.id = i.application_id
  JOIN candidates c ON c.id = a.candidate_id
  JOIN postings p ON p.id = a.posting_id
  JOIN persons r ON r.id = p.recruiter_id
  LEFT JOIN units o ON o.id = r.unit_id
  JOIN persons b ON b.id = i.invited_by_id
  LEFT JOIN slots s ON s.id = i.slot_id
"""
_SLOTS = "SELECT id, starts_at, ends_at, place FROM slots WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class SlotChoice:
    slot_id: int
    starts_at: datetime
    ends_at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class InterviewView:
    """Instants are aware and UTC; None (and an empty place) while no seat is theirs.

    `address` is without 您好, "" once the candidate was erased. `offered` are in the order of
    their numbers. `facts` are the posting's answers to questions, by topic.
    """

    interview_id: int
    ref: str
    state: InterviewState
    candidate_id: int
    posting_id: int
    recruiter_id: int
    application_id: int
    address: str
    hospital: str
    office: str
    sender: str
    post: str
    starts_at: datetime | None
    ends_at: datetime | None
    place: str
    documents: tuple[str, ...]
    contact: str
    phone: str
    map: str
    facts: Mapping[str, str]
    match_points: tuple[str, ...]
    offered: tuple[SlotChoice, ...]
    offered_at: datetime | None
    queue_no: int | None
    group: str
    slot_id: int | None
    sequence: int
    unclear: int
    invited_at: datetime
    invited_by: int
    answer_by: datetime
    result_due_at: datetime | None
    keep_until: date
    reachable: bool
    made_public: bool  # the post's results are (公示); `notice_url` once this one is
    notice_url: str

    @property
    def seated(self) -> bool:
        return self.state in (InterviewState.INVITED, InterviewState.CONFIRMED)

    @property
    def times(self) -> tuple[datetime, ...]:
        """What a reply is read against: the offers if there are any, else their own time."""
        if self.offered:
            return tuple(slot.starts_at for slot in self.offered)
        return (self.starts_at,) if self.starts_at else ()


class InterviewFacts:
    """Reads; it changes nothing."""

    def __init__(self, hospital: str, rules: AddressRules) -> None:
        self.hospital = hospital
        self.rules = rules

    async def one(self, interview_id: int) -> InterviewView | None:
        return (await self.many("i.id = $1", interview_id)).get(interview_id)

    async def by_ids(self, interviews: Sequence[int]) -> dict[int, InterviewView]:
        return await self.many("i.id = ANY($1)", list(interviews))

    async def of_candidate(self, candidate_id: int) -> list[InterviewView]:
        """All interviews of a candidate, the newest invitation first."""
        found = await self.many("a.candidate_id = $1", candidate_id)
        return sorted(found.values(), key=lambda view: (view.invited_at, view.interview_id))[::-1]

    async def many(self, where: str, *args: object) -> dict[int, InterviewView]:
        """Interview id → view; `where` is one of our own conditions over i, a, c, p, s."""
        rows = await db.fetch(f"{_LOAD} WHERE {where} ORDER BY i.id", *args)
        wanted = {slot for row in rows for slot in plain(row["offered"])}
        slots = await choices(wanted) if wanted else {}
        return {row["id"]: self._view(row, slots) for row in rows}

    def _view(self, row: db.Row, slots: Mapping[int, SlotChoice]) -> InterviewView:
        facts = {key: str(value) for key, value in plain(row["facts"]).items()}
        seated = row["slot_id"] is not None and row["state"] != InterviewState.CHOOSING
        return InterviewView(
            interview_id=row["id"],
            ref=row["ref"],
            state=InterviewState(row["state"]),
            candidate_id=row["candidate_id"],
            posting_id=row["posting_id"],
            recruiter_id=row["recruiter_id"],
            application_id=row["application_id"],
            address=addressed(row, self.rules),
            hospital=self.hospital,
            office=office_of(row, facts),
            sender=row["sender"],
            post=row["post"],
            starts_at=row["starts_at"] if seated else None,
            ends_at=row["ends_at"] if seated else None,
            place=(row["place"] or "") if seated else "",
            documents=tuple(map(str, plain(row["documents"]))),
            contact=facts.get("contact") or row["recruiter"],
            phone=facts.get("phone", ""),
            map=facts.get("map", ""),
            facts=facts,
            match_points=opened_points(row["match_points"]),
            offered=tuple(slots[slot] for slot in plain(row["offered"]) if slot in slots),
            offered_at=row["offered_at"],
            queue_no=row["queue_no"],
            group=(row["group_name"] or "") if seated else "",
            slot_id=row["slot_id"] if seated else None,
            sequence=row["sequence"],
            unclear=row["unclear"],
            invited_at=row["invited_at"],
            invited_by=row["invited_by_id"],
            answer_by=row["answer_by"],
            result_due_at=row["result_due_at"],
            keep_until=row["keep_until"],
            reachable=row["opted_out_at"] is None and row["erased_at"] is None,
            made_public=row["notice_within"] is not None,
            notice_url=row["notice_url"] or "",
        )


async def choices(slots: set[int] | Sequence[int]) -> dict[int, SlotChoice]:
    """Slot id → what is said of it, also of full and cancelled ones."""
    rows = await db.fetch(_SLOTS, list(slots))
    return {row["id"]: choice(row) for row in rows}


def choice(row: db.Row) -> SlotChoice:
    return SlotChoice(row["id"], row["starts_at"], row["ends_at"], row["place"])


def addressed(row: db.Row, rules: AddressRules) -> str:
    """How somebody with `name`, `stated` and the post's `work` is addressed; "" after erasure."""
    if not row["name"]:
        return ""
    name = sealed.open_sealed("candidates.name", row["name"])
    work = Work(row["work"]) if row["work"] in set(Work) else Work.OTHER
    return address(name, work, row["stated"] or "", rules)


def office_of(row: Mapping[str, Any], facts: Mapping[str, str]) -> str:
    return facts.get("office") or row["office"] or ""


def opened_points(value: str | None) -> tuple[str, ...]:
    return tuple(sealed.open_json("applications.match_points", value)) if value else ()


def plain(value: Any) -> Any:
    """JSON columns come as text through plain statements."""
    return json.loads(value) if isinstance(value, str) else value
