"""The problem of a ward's month, out of the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from models import db
from models.duties import Duty
from models.rest import Change, Conditions
from models.roster_runs import WishKind
from models.shift_cells import read_cell
from models.shift_codes import CodeUse, Part, ShiftCodeTable, ShiftKind
from services.calendar_days import WorkingCalendar
from services.call_places import places_of
from services.duties import MARGIN, RestCheck, cells_of_people, cells_of_unit, duties_on
from services.minimums import Minimum, level_number, read_minimums
from services.refusals import Refusal
from services.rest_rules import check_change
from services.rostering.burdens import carried, rest_days
from services.rostering.problem import Carried, Need, Nurse, Problem, Weights, WishedDay

LATELY = timedelta(days=62)  # who was rostered then belongs to those rostered now
MOST_PEOPLE = 80
MOST_CODES = 12  # of all that were used of late, the most frequent

_PEOPLE = """
SELECT p.id, p.staff_no, p.name, p.level, EXISTS (
           SELECT 1 FROM grants g WHERE g.person_id = p.id AND g.role = 'manager'
              AND g.unit_id = $1) AS manages
  FROM persons p WHERE p.unit_id = $1 AND p.active ORDER BY p.staff_no
"""
# The rows of the ward's last whole roster, in its own order.
_ORDER = """
SELECT c.person_id, min(c.id) AS place FROM roster_cells c
 WHERE c.roster_id = (SELECT r.id FROM rosters r WHERE r.unit_id = $1 AND r.state = 'published'
                         AND r.last_day - r.first_day >= 6 ORDER BY r.version DESC LIMIT 1)
 GROUP BY c.person_id ORDER BY place
"""
_WISHES = """
SELECT id, person_id, kind, code, first_day, last_day FROM wishes
 WHERE person_id = ANY($1) AND withdrawn_at IS NULL AND first_day <= $3 AND last_day >= $2
 ORDER BY id
"""


@dataclass(slots=True)
class _Rows:
    """What was read, by person."""

    people: list[db.Row]
    table: ShiftCodeTable
    fixed: dict[int, list[Duty]] = field(default_factory=dict)
    leave: dict[int, dict[date, str]] = field(default_factory=dict)
    wishes: dict[int, list[WishedDay]] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)  # labels of late, the most frequent first
    before: list[db.Row] = field(default_factory=list)  # the ward's cells of the months before

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self.people]


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
    rows = await _read(rest, unit_id, first, last)
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
        _rest_label(rows.table),
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


def _rest_label(table: ShiftCodeTable) -> str:
    if table.rest is None:
        raise Refusal("draft_no_rest_code")
    return CodeUse(table.rest).label


async def _read(rest: RestCheck, unit_id: int, first: date, last: date) -> _Rows:
    table = await rest.codes.of_unit(unit_id)
    lately = await cells_of_unit(unit_id, first - LATELY, last)
    rows = _Rows(await _people(unit_id, {row["person_id"] for row in lately}), table)
    rows.used = _frequent(lately)
    rows.before = [row for row in lately if row["day"] < first]
    await _read_cells(rows, rest, unit_id, first, last)
    for wish in await db.fetch(_WISHES, rows.ids, first, last):
        _take_wish(rows, wish, first, last)
    return rows


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


async def _people(unit_id: int, rostered: set[int]) -> list[db.Row]:
    """Everybody of the unit but managers whom its rosters do not name; in the ward's order."""
    order = {row["person_id"]: place for place, row in enumerate(await db.fetch(_ORDER, unit_id))}
    people = [
        row
        for row in await db.fetch(_PEOPLE, unit_id)
        if row["id"] in rostered or not row["manages"]
    ]
    if not people:
        raise Refusal("draft_nobody")
    if len(people) > MOST_PEOPLE:
        raise Refusal("draft_too_many", most=MOST_PEOPLE)
    return sorted(people, key=lambda row: order.get(row["id"], len(order)))


def _frequent(rows: Iterable[db.Row]) -> list[str]:
    counts: dict[str, int] = {}
    for row in rows:
        for label in row["codes"]:
            counts[label] = counts.get(label, 0) + 1
    return sorted(counts, key=lambda label: -counts[label])


async def _read_cells(rows: _Rows, rest: RestCheck, unit_id: int, first: date, last: date) -> None:
    """What stands around the month, in other units, in call-outs, and leave that is in the
    roster already."""
    for cell in await cells_of_people(rows.ids, first - MARGIN, last + MARGIN):
        table = await rest.codes.of_unit(cell["unit_id"])
        inside = cell["unit_id"] == unit_id and first <= cell["day"] <= last
        if not inside:
            found = duties_on(table, cell["day"], cell["codes"])
            rows.fixed.setdefault(cell["person_id"], []).extend(found)
        elif _all_leave(table, cell["codes"]):
            rows.leave.setdefault(cell["person_id"], {})[cell["day"]] = cell["codes"][0]
    for person, places in (await places_of(rows.ids, first - MARGIN, last + MARGIN)).items():
        rows.fixed.setdefault(person, []).extend(places)


def _all_leave(table: ShiftCodeTable, labels: Sequence[str]) -> bool:
    uses = [use for label in labels for use in read_cell(table, label).uses]
    return len(uses) == 1 and _is_leave(uses[0])


def _is_leave(use: CodeUse) -> bool:
    return use.code.kind is ShiftKind.ABSENCE and use.part is Part.WHOLE


def _take_wish(rows: _Rows, wish: db.Row, first: date, last: date) -> None:
    begin, end = max(first, wish["first_day"]), min(last, wish["last_day"])
    for step in range((end - begin).days + 1):
        day = begin + timedelta(days=step)
        if wish["kind"] == WishKind.LEAVE:
            label = _leave_label(rows.table, wish["code"])
            rows.leave.setdefault(wish["person_id"], {})[day] = label
        else:
            code = _code_label(rows.table, wish["code"]) if wish["code"] else ""
            said = rows.wishes.setdefault(wish["person_id"], [])
            said[:] = [*(one for one in said if one.day != day), WishedDay(day, code)]


def _leave_label(table: ShiftCodeTable, code: str) -> str:
    """The code of the leave; where the ward has none of that name, its first absence."""
    for use in read_cell(table, code).uses:
        if use.code.kind in (ShiftKind.ABSENCE, ShiftKind.REST):
            return use.label
    found = next((one for one in table.codes if one.kind is ShiftKind.ABSENCE), None)
    return CodeUse(found).label if found else _rest_label(table)


def _code_label(table: ShiftCodeTable, code: str) -> str:
    uses = read_cell(table, code).uses
    return uses[0].label if uses else code


def _uses(rows: _Rows, minimums: Sequence[Minimum]) -> tuple[CodeUse, ...]:
    """The codes that may be given: each that a minimum counts, of a kind those used of late."""
    found: dict[str, CodeUse] = {}
    for minimum in minimums:
        known = _known(rows, minimum)
        if not known:
            raise Refusal("draft_code_unknown", code=minimum.code)
        for use in known:
            found[use.label] = use
    return tuple(found.values())


def _known(rows: _Rows, minimum: Minimum) -> list[CodeUse]:
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
    row: db.Row, rows: _Rows, conditions: Conditions, rest: RestCheck, clashes: list[Clash]
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
    row: db.Row, rows: _Rows, conditions: Conditions, held: Mapping[date, str], guarded: bool
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
    rows: _Rows, unit_id: int, first: date, last: date, guarded: frozenset[int]
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
