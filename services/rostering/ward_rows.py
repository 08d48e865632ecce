"""What a ward's month stands on, as it is read: people, cells, leave and wishes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from models import db
from models.duties import Duty
from models.roster_runs import WishKind
from models.shift_cells import read_cell
from models.shift_codes import CodeUse, Part, ShiftCodeTable, ShiftKind
from services.call_places import places_of
from services.duties import MARGIN, RestCheck, cells_of_people, cells_of_unit, duties_on
from services.refusals import Refusal
from services.rostering.problem import WishedDay

LATELY = timedelta(days=62)  # who was rostered then belongs to those rostered now
MOST_PEOPLE = 80

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
class WardRows:
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


async def read_ward(rest: RestCheck, unit_id: int, first: date, last: date) -> WardRows:
    """Raises Refusal: nobody to roster, too many; as `rest_label`."""
    table = await rest.codes.of_unit(unit_id)
    lately = await cells_of_unit(unit_id, first - LATELY, last)
    rows = WardRows(await _people(unit_id, {row["person_id"] for row in lately}), table)
    rows.used = _frequent(lately)
    rows.before = [row for row in lately if row["day"] < first]
    await _read_cells(rows, rest, unit_id, first, last)
    for wish in await db.fetch(_WISHES, rows.ids, first, last):
        _take_wish(rows, wish, first, last)
    return rows


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


async def _read_cells(
    rows: WardRows, rest: RestCheck, unit_id: int, first: date, last: date
) -> None:
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


def _take_wish(rows: WardRows, wish: db.Row, first: date, last: date) -> None:
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
    return CodeUse(found).label if found else rest_label(table)


def _code_label(table: ShiftCodeTable, code: str) -> str:
    uses = read_cell(table, code).uses
    return uses[0].label if uses else code


def rest_label(table: ShiftCodeTable) -> str:
    if table.rest is None:
        raise Refusal("draft_no_rest_code")
    return CodeUse(table.rest).label
