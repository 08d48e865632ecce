"""Cells of the month that a draft does not decide: of people it leaves out."""

from __future__ import annotations

from dataclasses import replace

from models import db
from models.shift_codes import ShiftCodeTable
from services.duties import cells_of_unit, uses_of
from services.rostering.problem import Problem
from services.sheets.people import StaffRef
from services.sheets.roster import Entry, RosterSheet


async def with_others(sheet: RosterSheet, problem: Problem, table: ShiftCodeTable) -> RosterSheet:
    """The sheet, and what the roster already says of others: or publishing would take it away."""
    mine = {nurse.person_id for nurse in problem.nurses}
    cells = [
        row
        for row in await cells_of_unit(problem.unit_id, problem.first, problem.last)
        if row["person_id"] not in mine and row["codes"]
    ]
    people = {row["person_id"] for row in cells}
    names = {
        row["id"]: StaffRef(row["id"], row["staff_no"], row["name"])
        for row in await db.fetch(
            "SELECT id, staff_no, name FROM persons WHERE id = ANY($1)", list(people)
        )
    }
    others = tuple(
        Entry(
            0,
            "",
            names[row["person_id"]],
            row["day"],
            tuple(uses_of(table, row["codes"])),
            "/".join(row["codes"]),
        )
        for row in cells
    )
    return replace(sheet, entries=(*sheet.entries, *others))
