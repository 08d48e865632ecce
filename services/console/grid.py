"""A unit's month as people × days, each day with its codes and what kind of day that makes."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models import db
from models.shift_codes import ShiftCodeTable, ShiftKind
from services.actors import Actor
from services.duties import Codes, cells_of_unit, uses_of
from services.permissions import Act, require

# Where a cell holds several codes, the hardest of them gives the colour.
_HARDEST = (
    ShiftKind.NIGHT,
    ShiftKind.EVENING,
    ShiftKind.DAY,
    ShiftKind.STANDBY,
    ShiftKind.ABSENCE,
    ShiftKind.REST,
)
_PEOPLE = """
SELECT id, name, level, staff_no FROM persons
 WHERE (unit_id = $1 AND active) OR id = ANY($2) ORDER BY staff_no
"""


@dataclass(frozen=True, slots=True)
class GridCell:
    """`kind` is a ShiftKind or "" for a blank day."""

    day: date
    text: str = ""
    kind: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class GridRow:
    name: str
    level: str
    cells: Sequence[GridCell]


@dataclass(frozen=True, slots=True)
class MonthGrid:
    first: date
    days: Sequence[date]
    rows: Sequence[GridRow]

    @property
    def previous(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def following(self) -> date:
        return self.days[-1] + timedelta(days=1)

    @property
    def empty(self) -> bool:
        return not any(cell.text for row in self.rows for cell in row.cells)


async def month_grid(actor: Actor, unit_id: int, first: date, codes: Codes) -> MonthGrid:
    """The published roster of the month that begins on `first`. Raises Refusal."""
    require(actor, Act.SEE_UNIT_ROSTER, unit_id)
    length = calendar.monthrange(first.year, first.month)[1]
    days = [first + timedelta(days=offset) for offset in range(length)]
    cells = await cells_of_unit(unit_id, days[0], days[-1])
    table = await codes.of_unit(unit_id)
    people = await db.fetch(_PEOPLE, unit_id, list({cell["person_id"] for cell in cells}))
    found = {(cell["person_id"], cell["day"]): cell["codes"] for cell in cells}
    rows = [
        GridRow(
            person["name"],
            person["level"],
            [_cell(table, day, found.get((person["id"], day), ())) for day in days],
        )
        for person in people
    ]
    return MonthGrid(first, days, rows)


def _cell(table: ShiftCodeTable, day: date, labels: Sequence[str]) -> GridCell:
    if not labels:
        return GridCell(day)
    uses = uses_of(table, labels)
    kinds = {use.code.kind for use in uses}
    kind = next((str(kind) for kind in _HARDEST if kind in kinds), "")
    title = "、".join(f"{use.code.name} {use.hours_text}".strip() for use in uses)
    return GridCell(day, "/".join(labels), kind, title)
