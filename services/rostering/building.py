"""The problem of a ward's month, out of what was read of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from models import db
from models.duties import Duty
from models.rest import Change, Conditions
from models.shift_codes import CodeUse
from services.calendar_days import WorkingCalendar
from services.duties import RestCheck, cells_of_unit, duties_on
from services.minimums import Minimum, level_number, read_minimums
from services.refusals import Refusal
from services.rest_rules import check_change
from services.rostering.burdens import carried, rest_days
from services.rostering.problem import Carried, Need, Nurse, Problem, Weights
from services.rostering.ward_rows import LATELY, WardRows, read_ward, rest_label

MOST_CODES = 12  # of all that were used of late, the most frequent


@dataclass(frozen=True, slots=True)
class Clash:
    """Leave that was not entered, because the person is planned elsewhere on that day."""

    name: str
    day: date


async def build(
    rest: RestCheck,
    weights: Weights,
    unit_id: int,
    first: date,
    last: date,
    calendar: WorkingCalendar | None = None,
) -> tuple[Problem, tuple[Clash, ...]]:
    """Raises Refusal: no minimums, one names an unknown code, nobody to roster, too many."""
    name, minimums = await check_minimums(unit_id)
    rows = await read_ward(rest, unit_id, first, last)
    uses = _uses(rows, minimums)
    conditions = await rest.conditions(unit_id, rows.ids)
    guarded = await rest.supervision.unaccompanied(unit_id, rows.ids)
    off = rest_days(calendar or WorkingCalendar(), _days(first - LATELY, last))
    lasting = carried(rows.before, rows.table, off, weights.carry)
    clashes: list[Clash] = []
    nurses = []
    for row in rows.people:
        held = _leave(row, rows, conditions[row["id"]], rest, clashes)
        one = _nurse(row, rows, conditions[row["id"]], held, row["id"] in guarded)
        nurses.append(replace(one, carried=lasting.get(row["id"], Carried())))
    problem = Problem(
        unit_id,
        name,
        first,
        last,
        tuple(nurses),
        tuple(_need(minimum, uses) for minimum in minimums),
        uses,
        rest_label(rows.table),
        rest.rules,
        weights,
        await _company(rows, unit_id, first, last, guarded),
        off.holidays,
        off.worked,
    )
    return problem, tuple(clashes)


async def check_minimums(unit_id: int) -> tuple[str, tuple[Minimum, ...]]:
    """The unit's name and minimums. Raises Refusal("draft_no_minimums")."""
    unit = await db.fetch_one("SELECT name, staffing FROM units WHERE id = $1", unit_id)
    assert unit is not None
    minimums = read_minimums(unit["staffing"])
    if not minimums:
        raise Refusal("draft_no_minimums", unit=unit["name"])
    return unit["name"], minimums


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


def _uses(rows: WardRows, minimums: Sequence[Minimum]) -> tuple[CodeUse, ...]:
    """The codes that may be given: each that a minimum counts, of a kind those used of late."""
    found: dict[str, CodeUse] = {}
    for minimum in minimums:
        known = _known(rows, minimum)
        if not known:
            raise Refusal("draft_code_unknown", code=minimum.code)
        for use in known:
            found[use.label] = use
    return tuple(found.values())


def _known(rows: WardRows, minimum: Minimum) -> list[CodeUse]:
    """The codes that count for a minimum. Of a kind of shift those used of late, or its first."""
    plain = [CodeUse(code) for code in rows.table.codes if code.kind.works]
    counted = [use for use in plain if minimum.counts(use)]
    if not minimum.is_kind:
        return counted
    late = [use for use in counted if use.label in rows.used[:MOST_CODES]]
    return late or counted[:1]


def _need(minimum: Minimum, uses: Sequence[CodeUse]) -> Need:
    return Need(
        minimum.code,
        frozenset(use.label for use in uses if minimum.counts(use)),
        minimum.least,
        minimum.senior,
        level_number(minimum.level),
        minimum.level,
        frozenset(day - 1 for day in minimum.days),
    )


def _leave(
    row: db.Row, rows: WardRows, conditions: Conditions, rest: RestCheck, clashes: list[Clash]
) -> dict[date, str]:
    """Leave as cells; its duties join what is fixed. Where a shift elsewhere stands, it stays."""
    held: dict[date, str] = {}
    fixed = rows.fixed.setdefault(row["id"], [])
    for day, label in sorted(rows.leave.get(row["id"], {}).items()):
        duties = tuple(duties_on(rows.table, day, [label]))
        broken = check_change(fixed, Change(add=duties), conditions, rest.rules)
        if any(violation.hard for violation in broken):
            clashes.append(Clash(row["name"], day))
        else:
            held[day] = label
            fixed.extend(duties)
    return held


def _nurse(
    row: db.Row, rows: WardRows, conditions: Conditions, held: Mapping[date, str], guarded: bool
) -> Nurse:
    return Nurse(
        row["id"],
        row["name"],
        row["staff_no"],
        row["level"],
        level_number(row["level"]),
        conditions,
        tuple(rows.fixed.get(row["id"], ())),
        held,
        tuple(rows.wishes.get(row["id"], ())),
        guarded,
    )


async def _company(
    rows: WardRows, unit_id: int, first: date, last: date, guarded: frozenset[int]
) -> tuple[Duty, ...]:
    """Shifts of this unit that the draft leaves alone, of people who may accompany others."""
    around, mine = timedelta(days=1), set(rows.ids)
    cells = [
        row
        for row in await cells_of_unit(unit_id, first - around, last + around)
        if row["person_id"] not in mine or not first <= row["day"] <= last
    ]
    people = [row["person_id"] for row in cells]
    active = {
        row["id"]
        for row in await db.fetch("SELECT id FROM persons WHERE id = ANY($1) AND active", people)
    }
    return tuple(
        duty
        for row in cells
        if row["person_id"] in active - guarded
        for duty in duties_on(rows.table, row["day"], row["codes"])
    )
