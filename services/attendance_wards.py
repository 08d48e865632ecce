"""A unit as its platform's roster is read: people by their accounts, and what is published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from models import db
from services.attendance_cells import PlanReader
from services.duties import Codes, cells_of_unit
from services.rosters import Origin
from services.sheets.diff import RosterMap
from services.sheets.people import StaffRef

_PEOPLE = """
SELECT p.id, p.staff_no, p.name, i.user_id FROM persons p
  LEFT JOIN identities i ON i.person_id = p.id AND i.platform = $2
 WHERE p.unit_id = $1 AND p.active ORDER BY p.staff_no
"""


@dataclass(frozen=True, slots=True)
class Ward:
    """`without` are those who have no account there; `reader` is for this unit and period."""

    unit_id: int
    people: dict[str, StaffRef]
    without: tuple[str, ...]
    current: RosterMap
    reader: PlanReader


async def read_ward(codes: Codes, unit_id: int, first: date, last: date) -> Ward:
    rows = await db.fetch(_PEOPLE, unit_id, Origin.DINGTALK)
    people = {
        row["user_id"]: StaffRef(row["id"], row["staff_no"], row["name"])
        for row in rows
        if row["user_id"]
    }
    without = tuple(f"{row['name']}({row['staff_no']})" for row in rows if not row["user_id"])
    around = timedelta(days=1)
    current = {
        (row["person_id"], row["day"]): tuple(row["codes"])
        for row in await cells_of_unit(unit_id, first - around, last + around)
        if row["codes"]
    }
    table = await codes.of_unit(unit_id)
    return Ward(unit_id, people, without, current, PlanReader(table, current, people, first, last))


async def unit_name(unit_id: int) -> str:
    return str(await db.fetch_value("SELECT name FROM units WHERE id = $1", unit_id))
