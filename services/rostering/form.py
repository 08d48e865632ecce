"""A drafted roster in the ward's own sheet form, and read back from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from models import db
from models.shift_cells import read_cell
from models.shift_codes import ShiftCodeTable
from services.rostering.problem import Cells, Nurse, Problem
from services.sheets.people import StaffRef
from services.sheets.reader import read_book
from services.sheets.roster import RosterSheet, parse_roster
from services.sheets.samples import SampleRow, write_month_matrix, write_ward_week

_LAST = """
SELECT last_day - first_day + 1 AS days FROM rosters
 WHERE unit_id = $1 AND state = 'published' AND last_day - first_day >= 6
 ORDER BY version DESC LIMIT 1
"""


class Form(StrEnum):
    WEEK = "week"
    MONTH = "month"


async def form_of(unit_id: int) -> Form:
    """How the ward's last whole roster came: by the week or by the month."""
    days = await db.fetch_value(_LAST, unit_id)
    return Form.WEEK if days == 7 else Form.MONTH


def month_sheet(problem: Problem, cells: Cells, table: ShiftCodeTable) -> bytes:
    """The month matrix as XLSX, with 工号, in the order of the ward's rows."""
    rows = [_row(nurse, cells, table, problem.days) for nurse in problem.nurses]
    first = problem.first
    return write_month_matrix(
        problem.unit, first.year, first.month, rows, table, with_numbers=True
    )


def week_sheets(
    problem: Problem, cells: Cells, table: ShiftCodeTable, hospital: str
) -> list[tuple[date, bytes]]:
    """A ward-week sheet for each week from Monday to Sunday, by its first day.

    The first and the last sheet have seven days inside the month too, and share some with their
    neighbours: a draft says nothing of other months.
    """
    found = []
    monday = problem.first
    while monday <= problem.last:
        start = min(monday, problem.last - timedelta(days=6))
        days = [start + timedelta(days=step) for step in range(7)]
        rows = [_row(nurse, cells, table, days) for nurse in problem.nurses]
        found.append((start, write_ward_week(hospital, problem.unit, start, rows, table)))
        monday = start + timedelta(days=7 - start.weekday())
    return found


def _row(nurse: Nurse, cells: Cells, table: ShiftCodeTable, days: Sequence[date]) -> SampleRow:
    shown = {day: cells[nurse.person_id, day] for day in days}
    hours = sum(use.hours for label in shown.values() for use in read_cell(table, label).uses)
    return SampleRow(nurse.staff_no, nurse.name, nurse.level, shown, round(hours, 1))


def read_back(content: bytes, problem: Problem, table: ShiftCodeTable, today: date) -> RosterSheet:
    """What an import would make of the sheet."""
    staff = [StaffRef(one.person_id, one.staff_no, one.name) for one in problem.nurses]
    return parse_roster(read_book(content, "draft.xlsx").sheets, table, staff, today)
