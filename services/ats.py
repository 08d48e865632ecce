"""Candidates from an applicant tracking system, and how far each application has come.

One request is stored as a whole or not at all. Who is known by the system's id, or by the phone
number, is mended and never made twice, so that a request may be repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models import db
from models.clock import Clock
from services import audit
from services.candidate_records import Applicant, CandidateRecords, Compared
from services.import_drafts import Change
from services.posting_names import PostingNames
from services.recruiting_import import LOCK

PAGE = 200  # applications of one answer

_SINCE = """
WITH seen AS (
    SELECT a.id, c.ref, c.external_id, p.code, a.stage,
           i.state AS interview, i.confirmed_at, s.starts_at,
           o.kind, o.state AS outcome, o.sent_at,
           greatest(a.created_at, a.matched_at, i.invited_at, i.confirmed_at, i.arrived_at,
                    i.closed_at, i.ended_at, o.prepared_at, o.sent_at, o.chosen_at) AS changed
      FROM applications a
      JOIN candidates c ON c.id = a.candidate_id JOIN postings p ON p.id = a.posting_id
      LEFT JOIN LATERAL (SELECT * FROM interviews n WHERE n.application_id = a.id
                          ORDER BY n.id DESC LIMIT 1) i ON true
      LEFT JOIN slots s ON s.id = i.slot_id
      LEFT JOIN LATERAL (SELECT * FROM outcomes u WHERE u.interview_id = i.id
                          ORDER BY u.id DESC LIMIT 1) o ON true
     WHERE c.external_system = $1 AND c.erased_at IS NULL
)
SELECT * FROM seen WHERE (changed, id) > ($2, $3) ORDER BY changed, id LIMIT $4
"""
_REFS = "SELECT id, ref FROM candidates WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class AtsEntry:
    """One application as the other system tells it; checked and normalised by its caller."""

    external_id: str
    name: str
    phone: str
    posting: str
    email: str = ""
    title: str = ""
    source: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with entry `index` (from 0). `problem` is a key of the caller's words."""

    index: int
    field: str
    problem: str
    known: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What happened to an entry, or would. `ref` is our name of the candidate, if there is one."""

    index: int
    external_id: str
    change: Change
    notes: tuple[str, ...]
    ref: str | None


@dataclass(frozen=True, slots=True)
class AtsResult:
    """With errors nothing was stored."""

    taken: tuple[Taken, ...]
    errors: tuple[RowError, ...]

    def count(self, change: Change) -> int:
        return Counter(one.change for one in self.taken)[change]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the last answer ended: the instant of a change and the application."""

    changed: datetime
    application: int = 0


class Ats:
    """`system` is the name under which the other system's ids are kept."""

    def __init__(self, records: CandidateRecords, system: str, clock: Clock) -> None:
        self._records = records
        self.system = system
        self.clock = clock

    async def preview(self, entries: Sequence[AtsEntry]) -> AtsResult:
        """What `take` would do. Changes nothing."""
        compared, errors = await self._compare(entries)
        return await _result(entries, compared, errors)

    async def take(self, entries: Sequence[AtsEntry]) -> AtsResult:
        """Store all entries, or none when one has an error. Raises Refusal("import_outdated")."""
        async with db.transaction():
            await db.lock(LOCK)
            compared, errors = await self._compare(entries)
            if errors:
                return await _result(entries, compared, errors)
            steps = [one for one in compared if one.change is not Change.SAME]
            ids = dict(
                zip(map(id, steps), await self._records.store(steps, self.system), strict=True)
            )
            await self._remember(steps, ids)
            return await _result(entries, compared, errors, ids)

    async def _remember(self, steps: Sequence[Compared], ids: Mapping[int, int]) -> None:
        now = self.clock.now()
        for one in steps:
            await audit.record(
                now,
                f"ats:{self.system}",
                "candidate.received",
                f"candidates:{ids[id(one)]}",
                change=one.change.value,
                posting=one.applicant.posting_id,
            )

    async def _compare(
        self, entries: Sequence[AtsEntry]
    ) -> tuple[list[Compared], tuple[RowError, ...]]:
        posts = await PostingNames.all()
        errors = _doubles(entries)
        applicants = []
        for index, entry in enumerate(entries):
            post = posts.match(entry.posting, index)
            if isinstance(post, int):
                applicants.append(_applicant(entry, post))
                continue
            errors.append(RowError(index, "posting", post.message_key, posts.known()))
        if errors:
            return [], tuple(errors)
        compared = await self._records.compare(applicants, self.system)
        for index, one in enumerate(compared):
            if one.refused:
                told = "phone" if one.refused == "phone_taken" else "externalId"
                errors.append(RowError(index, told, one.refused))
        return compared, tuple(errors)

    async def applications(self, since: Cursor) -> tuple[list[db.Row], Cursor | None]:
        """What changed after `since`, oldest first; where to go on, None when that was all."""
        rows = await db.fetch(_SINCE, self.system, since.changed, since.application, PAGE + 1)
        shown = rows[:PAGE]
        more = len(rows) > PAGE
        return shown, Cursor(shown[-1]["changed"], shown[-1]["id"]) if more else None


def _applicant(entry: AtsEntry, posting_id: int) -> Applicant:
    return Applicant(
        entry.name,
        entry.phone,
        posting_id,
        entry.email,
        entry.title,
        entry.source,
        profile=entry.profile,
        external_id=entry.external_id,
    )


def _doubles(entries: Sequence[AtsEntry]) -> list[RowError]:
    """Entries of one request that contradict each other."""
    errors = []
    pairs: set[tuple[str, str]] = set()
    phones: dict[str, str] = {}
    people: dict[str, tuple[str, str]] = {}
    for index, entry in enumerate(entries):
        pair = (entry.external_id, entry.posting.upper())
        if pair in pairs:
            errors.append(RowError(index, "externalId", "twice"))
        pairs.add(pair)
        if phones.setdefault(entry.phone, entry.external_id) != entry.external_id:
            errors.append(RowError(index, "phone", "phone_shared"))
        person = (entry.name, entry.phone)
        if people.setdefault(entry.external_id, person) != person:
            errors.append(RowError(index, "externalId", "id_shared"))
    return errors


async def _result(
    entries: Sequence[AtsEntry],
    compared: Sequence[Compared],
    errors: tuple[RowError, ...],
    stored: Mapping[int, int] | None = None,
) -> AtsResult:
    ids = [(stored or {}).get(id(one), one.candidate_id) for one in compared]
    refs = {row["id"]: row["ref"] for row in await db.fetch(_REFS, [i for i in ids if i])}
    taken = [
        Taken(index, entries[index].external_id, one.change, one.notes, refs.get(ids[index] or 0))
        for index, one in enumerate(compared)
    ]
    return AtsResult(tuple(taken), errors)
