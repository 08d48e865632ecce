"""The records of those who apply: made and mended from a sheet or from another system.

A candidate is known by the phone number's keyed index, or by the other system's id. Nothing told
replaces something known by nothing; who opted out stays so; what was erased left no number behind
and therefore comes as somebody new.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from models import db, sealed
from models.clock import SHANGHAI, Clock
from services.import_drafts import Change
from services.refusals import Refusal
from services.sheets.cells import squeeze

NAME, PHONE, EMAIL = "candidates.name", "candidates.phone", "candidates.email"
PROFILE = "applications.profile"

_KNOWN = """
SELECT id, name, phone, phone_index, email, title, source, external_system, external_id,
       opted_out_at
  FROM candidates
 WHERE erased_at IS NULL
   AND (phone_index = ANY($1) OR (external_system = $2 AND external_id = ANY($3)))
 ORDER BY id
"""
_APPLICATIONS = """
SELECT id, candidate_id, posting_id, stage, profile FROM applications
 WHERE candidate_id = ANY($1) ORDER BY id
"""
_ADD = """
INSERT INTO candidates (ref, name, name_index, phone, phone_index, email, email_index, title,
                        source, external_system, external_id, keep_until, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT DO NOTHING RETURNING id
"""
_MEND = """
UPDATE candidates SET name = $2, name_index = $3, phone = $4, phone_index = $5, email = $6,
       email_index = $7, title = $8, source = $9, external_system = $10, external_id = $11
 WHERE id = $1 AND erased_at IS NULL
"""
_APPLY = """
INSERT INTO applications (candidate_id, posting_id, stage, profile, created_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (candidate_id, posting_id) DO NOTHING RETURNING id
"""
_KEEP = """
UPDATE candidates SET keep_until = greatest(keep_until, $2) WHERE id = $1 AND erased_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Applicant:
    """What is told about somebody who applies. "" and absent keys: nothing is told.

    `phone` is normalised. `profile` holds years, degree, major, school, licence, employer,
    summary. `external_id` is the other system's, whose name `CandidateRecords` is given.
    """

    name: str
    phone: str
    posting_id: int
    email: str = ""
    title: str = ""
    source: str = ""
    stage: str = "new"
    profile: Mapping[str, Any] = field(default_factory=dict)
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What storing an applicant would do, and the ids of what is there already.

    `fields` names what differs. `notes`: other_name, stage_kept, opted_out. `refused` says why
    it cannot be stored: phone_taken, id_taken.
    """

    applicant: Applicant
    change: Change
    fields: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""
    candidate_id: int | None = None
    application_id: int | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)


def name_index(name: str) -> str:
    """By which a candidate is found when only the name is known: spaces and case aside."""
    return sealed.ring().index(NAME, squeeze(name).casefold())


def phone_index(phone: str) -> str:
    return sealed.ring().index(PHONE, phone)


class CandidateRecords:
    """`kept` is how long a record lives that nobody agreed to keep longer."""

    def __init__(self, kept: timedelta, clock: Clock) -> None:
        self.kept = kept
        self.clock = clock

    async def compare(self, applicants: Sequence[Applicant], system: str = "") -> list[Compared]:
        """In the order given. Inside a transaction the candidates found stay locked."""
        known = await _known(applicants, system)
        return [_compared(one, known, system) for one in applicants]

    async def store(self, compared: Sequence[Compared], system: str = "") -> list[int]:
        """Write what differs; the candidates' ids, in order.

        Needs the import lock and what was compared in the same transaction. Raises
        Refusal("import_outdated") when a record was erased in between.
        """
        fresh: dict[str, int] = {}
        ids = []
        for one in compared:
            before = one.candidate_id or fresh.get(one.applicant.phone)
            candidate_id = await self._candidate(one, before, system)
            fresh[one.applicant.phone] = candidate_id
            await self._application(one, candidate_id)
            ids.append(candidate_id)
        return ids

    async def _candidate(self, one: Compared, known_id: int | None, system: str) -> int:
        columns = _columns(one, system)
        if known_id is None:
            now = self.clock.now()
            ref = secrets.token_urlsafe(16)
            added: int | None = await db.fetch_value(_ADD, ref, *columns, self._until(), now)
            if added is None:
                raise Refusal("import_outdated")
            return added
        differs = one.candidate_id is not None and set(one.fields) & _OWN
        if differs and not await db.execute(_MEND, known_id, *columns):
            raise Refusal("import_outdated")
        return known_id

    async def _application(self, one: Compared, candidate_id: int) -> None:
        body = sealed.seal_json(PROFILE, dict(one.profile))
        if one.application_id is not None:
            if "profile" in one.fields:
                sql = "UPDATE applications SET profile = $2 WHERE id = $1"
                await db.execute(sql, one.application_id, body)
            return
        applicant, now = one.applicant, self.clock.now()
        args = (candidate_id, applicant.posting_id, applicant.stage, body, now)
        if await db.fetch_value(_APPLY, *args) is None:
            raise Refusal("import_outdated")
        if not await db.execute(_KEEP, candidate_id, self._until()):
            raise Refusal("import_outdated")

    def _until(self) -> Any:
        return (self.clock.now() + self.kept).astimezone(SHANGHAI).date()


_OWN = frozenset({"name", "phone", "email", "title", "source", "external_id"})


@dataclass(frozen=True)
class _Known:
    by_phone: Mapping[str, db.Row]
    by_external: Mapping[str, db.Row]
    applications: Mapping[tuple[int, int], db.Row]


async def _known(applicants: Sequence[Applicant], system: str) -> _Known:
    phones = [phone_index(one.phone) for one in applicants]
    external = [one.external_id for one in applicants if one.external_id]
    lock = " FOR UPDATE" if db.in_a_transaction() else ""
    rows = await db.fetch(f"{_KNOWN}{lock}", phones, system, external)
    applied = await db.fetch(_APPLICATIONS, [row["id"] for row in rows])
    return _Known(
        {row["phone_index"]: row for row in rows if row["phone_index"]},
        {row["external_id"]: row for row in rows if row["external_system"] == system and system},
        {(row["candidate_id"], row["posting_id"]): row for row in applied},
    )


def _compared(one: Applicant, known: _Known, system: str) -> Compared:
    by_phone = known.by_phone.get(phone_index(one.phone))
    by_id = known.by_external.get(one.external_id) if one.external_id else None
    found = by_id or by_phone
    if found is None:
        return Compared(one, Change.NEW, profile=_told(one.profile))
    if by_phone is not None and by_phone["id"] != found["id"]:
        return Compared(one, Change.LEFT, refused="phone_taken", candidate_id=found["id"])
    other = found["external_id"] if found["external_system"] == system else None
    if one.external_id and other and other != one.external_id:
        return Compared(one, Change.LEFT, refused="id_taken", candidate_id=found["id"])
    return _against(one, found, known.applications.get((found["id"], one.posting_id)))


def _against(one: Applicant, found: db.Row, applied: db.Row | None) -> Compared:
    now = _opened(found)
    differs = [key for key, value in _wanted(one).items() if value and value != now[key]]
    if now["source"] and "source" in differs:
        differs.remove("source")  # where somebody first came from stays
    before = _profile(applied)
    profile = {**before, **_told(one.profile)}
    if applied is not None and profile != before:
        differs.append("profile")
    change = Change.CHANGED if differs or applied is None else Change.SAME
    if applied is None:
        differs.append("posting")
    return Compared(
        one,
        change,
        tuple(differs),
        _notes(one, now, found, applied),
        candidate_id=found["id"],
        application_id=applied["id"] if applied else None,
        known=now,
        profile=profile,
    )


def _notes(
    one: Applicant, now: Mapping[str, str], found: db.Row, applied: db.Row | None
) -> tuple[str, ...]:
    told = {
        "other_name": squeeze(now["name"]) != squeeze(one.name),
        "stage_kept": applied is not None and one.stage not in {"new", applied["stage"]},
        "opted_out": found["opted_out_at"] is not None,
    }
    return tuple(note for note, holds in told.items() if holds)


def _opened(row: db.Row) -> dict[str, str]:
    return {
        "name": sealed.open_sealed(NAME, row["name"]) if row["name"] else "",
        "phone": sealed.open_sealed(PHONE, row["phone"]) if row["phone"] else "",
        "email": sealed.open_sealed(EMAIL, row["email"]) if row["email"] else "",
        "title": row["title"],
        "source": row["source"],
        "external_id": row["external_id"] or "",
        "external_system": row["external_system"] or "",
    }


def _wanted(one: Applicant) -> dict[str, str]:
    return {key: getattr(one, key) for key in sorted(_OWN)}


def _profile(applied: db.Row | None) -> dict[str, Any]:
    if applied is None or applied["profile"] is None:
        return {}
    found: dict[str, Any] = sealed.open_json(PROFILE, applied["profile"])
    return found


def _told(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in profile.items() if value not in {"", None}}


def _columns(one: Compared, system: str) -> list[Any]:
    """Name to external id, sealed, with what is known where nothing new is told."""
    told = _wanted(one.applicant)
    fields = {key: told[key] or one.known.get(key, "") for key in told}
    if one.known.get("source"):
        fields["source"] = one.known["source"]
    ring = sealed.ring()
    email = fields["email"]
    owner = system if one.applicant.external_id else one.known.get("external_system", "")
    return [
        ring.seal(NAME, fields["name"]),
        name_index(fields["name"]),
        ring.seal(PHONE, fields["phone"]),
        phone_index(fields["phone"]),
        ring.seal(EMAIL, email) if email else None,
        ring.index(EMAIL, email.casefold()) if email else None,
        fields["title"],
        fields["source"],
        owner or None,
        fields["external_id"] or None,
    ]
