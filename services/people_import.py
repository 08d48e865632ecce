"""People from a staff list or a platform's directory: shown first, then applied as a whole."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from message_templates.catalogue import Catalogue
from models import db, sealed
from models.clock import Clock
from models.people import Role
from services import audit
from services.duties import PROTECTED
from services.sheets.problems import Severity, SheetRefused, describe
from services.sheets.reader import read_book
from services.sheets.staff import StaffRow, parse_staff
from services.sheets.staff_columns import StaffWords

PHONE = "persons.phone"

_UNIT = """
INSERT INTO units (code, name) VALUES ($1, $2)
ON CONFLICT (code) DO UPDATE SET name = excluded.name RETURNING id
"""
_PERSON = """
INSERT INTO persons (staff_no, name, unit_id, level, title, employment, phone, phone_index,
                     protected_until, active)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, true)
ON CONFLICT (staff_no) DO UPDATE SET name = excluded.name, unit_id = excluded.unit_id,
    level = excluded.level, title = excluded.title, employment = excluded.employment,
    phone = coalesce(excluded.phone, persons.phone),
    phone_index = coalesce(excluded.phone_index, persons.phone_index),
    protected_until = coalesce(excluded.protected_until, persons.protected_until),
    active = true, left_at = NULL
RETURNING id
"""
_KNOWN_ACCOUNTS = """
SELECT i.user_id, p.staff_no, p.level, p.employment,
       (SELECT role FROM grants g WHERE g.person_id = p.id ORDER BY role LIMIT 1) AS role
  FROM identities i JOIN persons p ON p.id = i.person_id WHERE i.platform = 'wecom'
"""
_IDENTITY = """
INSERT INTO identities (person_id, platform, user_id) VALUES ($1, $2, $3)
ON CONFLICT (person_id, platform) DO UPDATE SET user_id = excluded.user_id
"""
_GRANT = """
INSERT INTO grants (person_id, role, unit_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class DirectoryMember:
    """A member of a platform's directory; `leads` says whether they lead their department."""

    user_id: str
    name: str
    position: str
    unit: str
    leads: bool


@dataclass(frozen=True, slots=True)
class PeopleDraft:
    """What an import would do. `digest` must come back unchanged when it is applied."""

    digest: str
    rows: tuple[StaffRow, ...]
    new: int
    changed: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def applicable(self) -> bool:
        return bool(self.rows) and not self.errors


class PeopleImport:
    def __init__(self, words: StaffWords, catalogue: Catalogue, clock: Clock) -> None:
        self.words = words
        self.clock = clock
        self._catalogue = catalogue
        self._problems = catalogue.words("sheets/problems")

    async def draft(self, data: bytes, filename: str) -> PeopleDraft:
        """Read a staff list and compare it with who is known. Changes nothing."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            book = await asyncio.to_thread(read_book, data, filename)
        except SheetRefused as refused:
            return PeopleDraft(digest, (), 0, 0, (describe(refused.problem, self._problems),), ())
        found = parse_staff(book.sheets, self.words)
        told = [
            (p.severity, describe(p, self._problems)) for p in (*book.problems, *found.problems)
        ]
        new, changed = await self._compare(found.rows)
        errors = [text for severity, text in told if severity is Severity.ERROR]
        if await _nobody_left(found.rows):
            errors.append(self._catalogue.phrase("replies", "nobody_left_in_charge"))
        return PeopleDraft(
            digest,
            found.rows,
            new,
            changed,
            tuple(errors),
            tuple(text for severity, text in told if severity is not Severity.ERROR),
        )

    async def draft_members(self, members: Sequence[DirectoryMember]) -> PeopleDraft:
        """The same for a platform's directory. Levels granted here stay; leaders gain theirs."""
        known = {row["user_id"].lower(): row for row in await db.fetch(_KNOWN_ACCOUNTS)}
        rows = tuple(
            _from_directory(number, member, known.get(member.user_id.lower()))
            for number, member in enumerate(members, start=1)
        )
        listed = repr(sorted((row.staff_no, row.name, row.ward, row.role) for row in rows))
        digest = hashlib.sha256(listed.encode()).hexdigest()
        new, changed = await self._compare(rows)
        return PeopleDraft(digest, rows, new, changed, (), ())

    async def _compare(self, rows: Sequence[StaffRow]) -> tuple[int, int]:
        known = {
            row["staff_no"]: row
            for row in await db.fetch(
                "SELECT p.staff_no, p.name, p.level, p.active, u.name AS unit FROM persons p "
                "LEFT JOIN units u ON u.id = p.unit_id WHERE p.staff_no = ANY($1)",
                [row.staff_no for row in rows],
            )
        }
        new = sum(1 for row in rows if row.staff_no not in known)
        changed = sum(
            1 for row in rows if row.staff_no in known and _differs(row, known[row.staff_no])
        )
        return new, changed

    async def apply(self, draft: PeopleDraft, by: object) -> int:
        """Store a draft, all of it or nothing; how many persons. Leaves out whoever has left."""
        if not draft.applicable:
            raise ValueError("a draft with errors cannot be applied")
        async with db.transaction():
            await db.lock("people")
            for row in draft.rows:
                await self._store(row)
            await audit.record(
                self.clock.now(),
                by,
                "people.imported",
                f"people:{draft.digest[:12]}",
                rows=len(draft.rows),
                new=draft.new,
            )
        return len(draft.rows)

    async def _store(self, row: StaffRow) -> None:
        unit = row.ward or row.department
        unit_id = await db.fetch_value(_UNIT, unit, unit) if unit else None
        person_id = await db.fetch_value(
            _PERSON,
            row.staff_no,
            row.name,
            unit_id,
            row.level,
            row.duty or row.post,
            row.employment,
            sealed.ring().seal(PHONE, row.phone) if row.phone else None,
            sealed.ring().index(PHONE, row.phone) if row.phone else None,
            _protected(row),
        )
        for platform, user_id in (("wecom", row.wecom_userid), ("dingtalk", row.dingtalk_userid)):
            if user_id:
                await db.execute(_IDENTITY, person_id, platform, user_id)
        await self._grant(person_id, row.role, unit_id)

    async def _grant(self, person_id: int, role: str, unit_id: int | None) -> None:
        """The list is the truth for the level: what it no longer says is taken away."""
        await db.execute("DELETE FROM grants WHERE person_id = $1", person_id)
        if role == Role.HR_HEAD:
            await db.execute(_GRANT, person_id, Role.HR_HEAD, None)
        elif role == Role.MANAGER and unit_id is not None:
            await db.execute(_GRANT, person_id, Role.MANAGER, unit_id)


def _from_directory(number: int, member: DirectoryMember, known: db.Row | None) -> StaffRow:
    """Somebody unknown gets their account as staff number: the hospital chose it."""
    granted = known["role"] if known else None
    return StaffRow(
        row=number,
        staff_no=known["staff_no"] if known else member.user_id,
        name=member.name,
        level=known["level"] if known else "",
        employment=known["employment"] if known else "",
        duty=member.position,
        ward=member.unit,
        wecom_userid=member.user_id,
        role=granted or (Role.MANAGER if member.leads else Role.STAFF),
    )


async def _nobody_left(rows: Sequence[StaffRow]) -> bool:
    """Whether applying this list would take the HR head's level from everybody who has it."""
    heads = await db.fetch(
        "SELECT p.staff_no FROM grants g JOIN persons p ON p.id = g.person_id "
        "WHERE g.role = 'hr_head' AND p.active"
    )
    listed = {row.staff_no: row.role for row in rows}
    stay = [head for head in heads if listed.get(head["staff_no"], Role.HR_HEAD) == Role.HR_HEAD]
    return bool(heads) and not stay and Role.HR_HEAD not in listed.values()


def _differs(row: StaffRow, known: db.Row) -> bool:
    unit = row.ward or row.department
    return (row.name, row.level, unit or None, True) != (
        known["name"],
        known["level"],
        known["unit"],
        known["active"],
    )


def _protected(row: StaffRow) -> str | None:
    until = {
        "late_pregnancy": row.late_pregnancy_until,
        "nursing": row.nursing_until,
    }
    dates = {reason: day.isoformat() for reason, day in until.items() if day is not None}
    return sealed.ring().seal(PROTECTED, json.dumps(dates)) if dates else None
