"""What people are rostered for, as the rest rules see it, and whether a change is allowed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from models import db, sealed
from models.duties import Duty, duty_of
from models.people import WARD
from models.rest import Change, Conditions, LicenceEnd, Protection, Reason, Rule, Violation
from models.shift_cells import read_cell
from models.shift_codes import CodeUse, ShiftCodeTable
from services.call_places import places_of
from services.company import newly_alone
from services.rest_rules import check_change
from services.supervision import Supervision

MARGIN = timedelta(days=8)  # a week before and after, so that windows are whole
PROTECTED = "persons.protected_until"
ALONE = "alone"  # the rule about the ward's shifts, not one person's days
Changes = Mapping[int, Sequence[tuple[date, Sequence[str], Sequence[str]]]]
_NEXT = timedelta(days=1)  # a night reaches into the day beside it

_LICENCES = """
SELECT person_id, kind, valid_to FROM licences
 WHERE state = 'current' AND valid_to IS NOT NULL AND person_id = ANY($1) AND kind = ANY($2)
 ORDER BY person_id, kind
"""

# The newest published version that speaks of a person's day is the one that holds.
CURRENT_CELLS = """
SELECT DISTINCT ON (r.unit_id, c.person_id, c.day)
       r.unit_id, c.person_id, c.day, c.codes
  FROM roster_cells c JOIN rosters r ON r.id = c.roster_id
 WHERE r.state = 'published' AND c.day BETWEEN $1 AND $2 AND {who}
 ORDER BY r.unit_id, c.person_id, c.day, r.version DESC
"""


class Codes:
    """The code table of each unit: the hospital's own with the ward's entries over it."""

    def __init__(self, default: ShiftCodeTable) -> None:
        self.default = default
        self._tables: dict[str, ShiftCodeTable] = {}

    async def override(self, unit: str, data: Mapping[str, object]) -> ShiftCodeTable:
        """Give a unit its own entries. Raises ValueError: no such unit, or a faulty entry."""
        table = self.default.with_overrides(data)
        changed = await db.execute(
            "UPDATE units SET shift_codes = $2 WHERE name = $1", unit, json.dumps(data)
        )
        if not changed:
            raise ValueError(f"no unit is called {unit!r}")
        return table

    async def of_unit(self, unit_id: int) -> ShiftCodeTable:
        own = await db.fetch_value("SELECT shift_codes::text FROM units WHERE id = $1", unit_id)
        if not own or own == "{}":
            return self.default
        if own not in self._tables:
            self._tables[own] = self.default.with_overrides(json.loads(own))
        return self._tables[own]


def uses_of(table: ShiftCodeTable, labels: Iterable[str]) -> list[CodeUse]:
    """Stored labels back as code uses; a code the ward has since dropped is passed over."""
    return [use for label in labels for use in read_cell(table, label).uses]


def duties_on(table: ShiftCodeTable, day: date, labels: Iterable[str]) -> list[Duty]:
    found = (duty_of(use, day) for use in uses_of(table, labels))
    return [duty for duty in found if duty is not None]


async def cells_of_people(people: Sequence[int], first: date, last: date) -> list[db.Row]:
    rows = await db.fetch(
        CURRENT_CELLS.format(who="c.person_id = ANY($3)"), first, last, list(people)
    )
    return [_with_codes(row) for row in rows]


async def cells_of_unit(unit_id: int, first: date, last: date) -> list[db.Row]:
    rows = await db.fetch(CURRENT_CELLS.format(who="r.unit_id = $3"), first, last, unit_id)
    return [_with_codes(row) for row in rows]


def _with_codes(row: db.Row) -> db.Row:
    codes = row["codes"]
    return row | {"codes": tuple(json.loads(codes) if isinstance(codes, str) else codes)}


class RestCheck:
    """The one validator for rosters, swaps and call-outs. An accepted place counts as a shift.

    `blocking` are the kinds of licences without which nobody works clinically: key → name.
    """

    def __init__(
        self,
        codes: Codes,
        rules: Sequence[Rule],
        blocking: Mapping[str, str] | None = None,
        supervision: Supervision | None = None,
    ) -> None:
        self.codes = codes
        self.rules = tuple(rules)
        self.blocking = dict(blocking or {})
        self.supervision = supervision or Supervision()
        self.alone = next((rule for rule in self.rules if rule.rule == ALONE), None)

    async def conditions(
        self, unit_id: int | None, people: Sequence[int]
    ) -> dict[int, Conditions]:
        """What the rules must know of these people for work in this unit (None: clinical)."""
        kind = await db.fetch_value("SELECT kind FROM units WHERE id = $1", unit_id)
        clinical = unit_id is None or kind == WARD
        return await conditions_of(people, self.blocking if clinical else {})

    async def check(
        self,
        unit_id: int,
        changes: Changes,
    ) -> dict[int, tuple[Violation, ...]]:
        """Person → rules that a change of their days would newly break.

        `changes` maps a person to (day, old labels, new labels) of `unit_id`'s roster. Named are
        also those whose days stay as they are, but who would be left alone on a shift.
        """
        days = [day for cells in changes.values() for day, _, _ in cells]
        if not days:
            return {}
        people = list(changes)
        before = await cells_of_people(people, min(days) - MARGIN, max(days) + MARGIN)
        places = await places_of(people, min(days) - MARGIN, max(days) + MARGIN)
        conditions = await self.conditions(unit_id, people)
        tables = {row["unit_id"]: await self.codes.of_unit(row["unit_id"]) for row in before}
        table = await self.codes.of_unit(unit_id)
        found = {}
        for person, cells in changes.items():
            duties = [
                duty
                for row in before
                if row["person_id"] == person
                for duty in duties_on(tables[row["unit_id"]], row["day"], row["codes"])
            ]
            duties += places.get(person, ())
            change = _change(table, cells)
            found[person] = check_change(duties, change, conditions[person], self.rules)
        for person, violations in (await self._left_alone(unit_id, changes, table)).items():
            found[person] = tuple(sorted((*found.get(person, ()), *violations), key=_hard_first))
        return {person: violations for person, violations in found.items() if violations}

    async def _left_alone(
        self, unit_id: int, changes: Changes, table: ShiftCodeTable
    ) -> dict[int, tuple[Violation, ...]]:
        if self.alone is None:
            return {}
        days = [day for cells in changes.values() for day, _, _ in cells]
        rows = await cells_of_unit(unit_id, min(days) - _NEXT, max(days) + _NEXT)
        people = [*{*changes, *(row["person_id"] for row in rows)}]
        guarded = await self.supervision.unaccompanied(unit_id, people)
        if not guarded:
            return {}
        here = await who_works(people)
        before: dict[int, list[Duty]] = {person: [] for person in here}
        for row in rows:
            if row["person_id"] in here:
                before[row["person_id"]] += duties_on(table, row["day"], row["codes"])
        after = {
            person: _change(table, changes.get(person, ())).applied(duties)
            for person, duties in before.items()
        }
        return newly_alone(before, after, guarded & here, self.alone)


async def who_works(people: Sequence[int]) -> frozenset[int]:
    """Those of these people who have not left."""
    rows = await db.fetch("SELECT id FROM persons WHERE id = ANY($1) AND active", list(people))
    return frozenset(row["id"] for row in rows)


def _hard_first(violation: Violation) -> tuple[bool, date]:
    return not violation.hard, violation.day


def surplus(some: Sequence[str], others: Sequence[str]) -> list[str]:
    """The labels of `some` that `others` does not have, counted: A, A over A is one A."""
    return list((Counter(some) - Counter(others)).elements())


def _change(
    table: ShiftCodeTable, cells: Iterable[tuple[date, Sequence[str], Sequence[str]]]
) -> Change:
    removed: list[Duty] = []
    added: list[Duty] = []
    for day, old, new in cells:
        removed += duties_on(table, day, surplus(old, new))
        added += duties_on(table, day, surplus(new, old))
    return Change(tuple(removed), tuple(added))


async def conditions_of(
    people: Sequence[int], blocking: Mapping[str, str]
) -> dict[int, Conditions]:
    """What the rest rules must know of each person; the health data is opened only here."""
    rows = await db.fetch(
        "SELECT id, protected_until, leaves_on FROM persons WHERE id = ANY($1)", list(people)
    )
    ends: dict[int, list[LicenceEnd]] = {}
    for row in await db.fetch(_LICENCES, list(people), list(blocking)):
        end = LicenceEnd(blocking[row["kind"]], row["valid_to"])
        ends.setdefault(row["person_id"], []).append(end)
    return {
        row["id"]: Conditions(
            _protections(row["protected_until"]),
            tuple(ends.get(row["id"], ())),
            row["leaves_on"],
        )
        for row in rows
    }


def _protections(value: str | None) -> tuple[Protection, ...]:
    if not value:
        return ()
    until: dict[str, str] = sealed.open_json(PROTECTED, value)
    return tuple(
        Protection(reason, date.fromisoformat(until[reason]))
        for reason in Reason
        if reason in until
    )
