"""People from a staff list or a platform's directory: shown first, then applied as a whole."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from message_templates.catalogue import Catalogue
from models import db, sealed
from models.clock import Clock
from models.people import Role
from services import accounts, audit, jobs
from services.accounts import Link
from services.directory_import import DirectoryReader
from services.duties import PROTECTED
from services.known_people import PHONE, everybody
from services.leaving import Leaving
from services.newcomers import OFF_DUTY, Newcomers
from services.sheets.problems import Severity, SheetRefused, describe
from services.sheets.reader import read_book
from services.sheets.staff import StaffRow, parse_staff
from services.sheets.staff_columns import StaffWords
from services.sources import DirectoryMember

_UNIT = """
INSERT INTO units (code, name, kind) VALUES ($1, $2, $3)
ON CONFLICT (code) DO UPDATE SET name = excluded.name,
    kind = CASE WHEN units.kind = 'ward' THEN excluded.kind ELSE units.kind END
RETURNING id
"""
_PERSON = """
INSERT INTO persons (staff_no, name, unit_id, level, title, employment, phone, phone_index,
                     protected_until, active, left_at, skills, travel_minutes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN NOT $10 THEN $11::timestamptz END,
        coalesce($12::jsonb, '[]'), $13)
ON CONFLICT (staff_no) DO UPDATE SET name = excluded.name, unit_id = excluded.unit_id,
    level = excluded.level, title = excluded.title, employment = excluded.employment,
    phone = coalesce(excluded.phone, persons.phone),
    phone_index = coalesce(excluded.phone_index, persons.phone_index),
    protected_until = coalesce(excluded.protected_until, persons.protected_until),
    skills = coalesce($12::jsonb, persons.skills),
    travel_minutes = coalesce(excluded.travel_minutes, persons.travel_minutes),
    active = persons.active OR excluded.active,
    left_at = CASE WHEN NOT excluded.active THEN persons.left_at END,
    leaves_on = CASE WHEN persons.active THEN persons.leaves_on END
RETURNING id
"""
_GRANT = """
INSERT INTO grants (person_id, role, unit_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class PeopleDraft:
    """What an import would do. `digest` must come back unchanged when it is applied.

    A list says who has which level; a directory only adds levels (`adds_levels`). `links` are the
    accounts a directory tells of; a list has them in its rows.
    """

    digest: str
    rows: tuple[StaffRow, ...]
    new: int
    changed: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    links: tuple[Link, ...] = ()
    adds_levels: bool = False
    notes: tuple[str, ...] = ()  # what else applying it would do

    @property
    def applicable(self) -> bool:
        return bool(self.rows or self.links) and not self.errors

    @property
    def people(self) -> int:
        """How many persons it concerns."""
        return len({row.staff_no for row in self.rows} | {link.staff_no for link in self.links})

    @property
    def linked(self) -> int:
        """How many people who are known gain an account."""
        return sum(link.fresh for link in self.links) - self.new


class PeopleImport:
    """`leading` are the platforms whose directory is the truth for names and units."""

    def __init__(
        self,
        words: StaffWords,
        catalogue: Catalogue,
        newcomers: Newcomers,
        leaving: Leaving,
        clock: Clock,
        leading: Collection[str] = ("wecom",),
    ) -> None:
        self.words = words
        self.newcomers = newcomers
        self.leaving = leaving
        self.clock = clock
        self.leading = frozenset(leading)
        self._catalogue = catalogue
        self._problems = catalogue.words("sheets/problems")

    async def draft(self, data: bytes, filename: str) -> PeopleDraft:
        """Read a staff list and compare it with who is known. Changes nothing."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            book = await asyncio.to_thread(read_book, data, filename)
        except SheetRefused as refused:
            return PeopleDraft(digest, (), 0, 0, (describe(refused.problem, self._problems),), ())
        found = await asyncio.to_thread(parse_staff, book.sheets, self.words)
        told = [
            (p.severity, describe(p, self._problems)) for p in (*book.problems, *found.problems)
        ]
        new, changed = await self._compare(found.rows)
        errors = [text for severity, text in told if severity is Severity.ERROR]
        back = await _coming_back(found.rows)
        if back:
            words = self._say("coming_back", names="、".join(back))
            told.append((Severity.WARNING, words))
        errors += [self._say("account_taken", **one) for one in await accounts.taken(found.rows)]
        told += [
            (Severity.WARNING, self._say("channel_without_account", **one))
            for one in await accounts.unreachable(found.rows)
        ]
        if await _nobody_left(found.rows):
            errors.append(self._say("nobody_left_in_charge"))
        return PeopleDraft(
            digest,
            found.rows,
            new,
            changed,
            tuple(errors),
            tuple(text for severity, text in told if severity is not Severity.ERROR),
            notes=await self._notes(found.rows),
        )

    def _say(self, key: str, **facts: object) -> str:
        return self._catalogue.phrase("replies", key, **facts)

    async def draft_members(
        self, members: Sequence[DirectoryMember], platform: str = "wecom"
    ) -> PeopleDraft:
        """The same for a platform's directory. Levels granted here stay; leaders gain theirs."""
        people = await everybody()
        reader = DirectoryReader(platform, people, self.leading, self._catalogue)
        found = reader.read(members)
        new, changed = await self._compare(found.rows)
        return PeopleDraft(
            found.digest,
            tuple(found.rows),
            new,
            changed,
            tuple(found.errors),
            tuple(found.warnings),
            tuple(found.links),
            adds_levels=True,
            notes=await self._notes(found.rows),
        )

    async def _notes(self, rows: Sequence[StaffRow]) -> tuple[str, ...]:
        """Who would get an entry list: newcomers of units that are known, not a unit's first."""
        arrivals = await self.newcomers.among(rows)
        if not arrivals.welcome and not arrivals.others:
            return ()
        names = [row.name for row in arrivals.welcome]
        return (self._say("entry_lists", names=names, others=arrivals.others),)

    async def _compare(self, rows: Sequence[StaffRow]) -> tuple[int, int]:
        known = {
            row["staff_no"]: row
            for row in await db.fetch(
                "SELECT p.staff_no, p.name, p.level, p.active, p.skills::text, "
                "p.travel_minutes, u.name AS unit FROM persons p "
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
            arrivals = await self.newcomers.among(draft.rows)
            await accounts.make_room(draft.rows)
            for row in draft.rows:
                await self._store(row, adds_levels=draft.adds_levels)
            await accounts.link(draft.links)
            gone = [row.staff_no for row in draft.rows if row.status == OFF_DUTY]
            await self._leave(gone, by)
            lists = await self.newcomers.welcome(arrivals.welcome, by)
            await audit.record(
                self.clock.now(),
                by,
                "people.imported",
                f"people:{draft.digest[:12]}",
                rows=len(draft.rows),
                new=draft.new,
                accounts=len(draft.links),
                entry_lists=lists,
            )
            if await accounts.lack_union_ids():
                await jobs.enqueue(jobs.REFRESH)
        return draft.people

    async def _leave(self, staff_numbers: Sequence[str], by: object) -> None:
        """Who is listed as having left loses access with the same import."""
        rows = await db.fetch(
            "SELECT id FROM persons WHERE staff_no = ANY($1) AND active ORDER BY id",
            list(staff_numbers),
        )
        await self.leaving.hold([row["id"] for row in rows])
        for row in rows:
            await self.leaving.end(row["id"], by, why="staff_list")

    async def _unit(self, name: str) -> int:
        """A unit's id; one that was given another kind by hand keeps it."""
        found = await db.fetch_value(_UNIT, name, name, self.words.kind_of(name))
        return int(found)

    async def _store(self, row: StaffRow, *, adds_levels: bool) -> None:
        unit = row.ward or row.department
        unit_id = await self._unit(unit) if unit else None
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
            row.status != OFF_DUTY,
            self.clock.now(),
            None if row.skills is None else json.dumps(row.skills),
            row.travel_minutes,
        )
        await accounts.keep(person_id, row)
        if not adds_levels:
            # The list is the truth for the level: what it no longer says is taken away.
            await db.execute("DELETE FROM grants WHERE person_id = $1", person_id)
        if row.status != OFF_DUTY:
            await self._grant(person_id, row.role, unit_id)

    async def _grant(self, person_id: int, role: str, unit_id: int | None) -> None:
        if role == Role.HR_HEAD:
            await db.execute(_GRANT, person_id, Role.HR_HEAD, None)
        elif role == Role.MANAGER and unit_id is not None:
            await db.execute(_GRANT, person_id, Role.MANAGER, unit_id)


async def _coming_back(rows: Sequence[StaffRow]) -> list[str]:
    """Names on the list of people who had left: an old list must not let them in unseen."""
    numbers = [row.staff_no for row in rows if row.status != OFF_DUTY]
    found = await db.fetch(
        "SELECT name FROM persons WHERE NOT active AND staff_no = ANY($1) ORDER BY name", numbers
    )
    return [row["name"] for row in found]


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
    if row.skills is not None and list(row.skills) != json.loads(known["skills"]):
        return True
    if row.travel_minutes not in (None, known["travel_minutes"]):
        return True
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
