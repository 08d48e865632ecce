"""Whom a staff list makes new: single newcomers of a known unit get an entry list, nobody else.

A hospital that imports its 600 people on the first day wants no list for any of them. So a unit
that had nobody before, or gets many at once, is being set up, not joined; and who comes back is
HR's to say (入职 and the name).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from models import db
from models.clock import SHANGHAI, Clock
from services.checklists import Checklists, Start
from services.sheets.staff import StaffRow

OFF_DUTY = "off_duty"  # 离岗, 离职, 退休


@dataclass(frozen=True, slots=True)
class Arrivals:
    """New people of a list: those who get an entry list, and how many do not."""

    welcome: tuple[StaffRow, ...]
    others: int


class Newcomers:
    def __init__(self, checklists: Checklists, clock: Clock) -> None:
        self.checklists = checklists
        self.clock = clock

    async def among(self, rows: Sequence[StaffRow]) -> Arrivals:
        """Asked before the list is stored."""
        numbers = [row.staff_no for row in rows]
        known = {
            row["staff_no"]
            for row in await db.fetch(
                "SELECT staff_no FROM persons WHERE staff_no = ANY($1)", numbers
            )
        }
        new = {row.staff_no: row for row in rows if row.staff_no not in known}
        new = {number: row for number, row in new.items() if row.status != OFF_DUTY}
        staffed = {
            row["name"]
            for row in await db.fetch(
                "SELECT DISTINCT u.name FROM units u JOIN persons p ON p.unit_id = u.id "
                "WHERE p.active"
            )
        }
        per_unit = Counter(_unit(row) for row in new.values())
        most = self.checklists.rules.most_new_in_a_unit
        welcome = tuple(
            row for row in new.values() if _unit(row) in staffed and per_unit[_unit(row)] <= most
        )
        return Arrivals(welcome, len(new) - len(welcome))

    async def welcome(self, rows: Sequence[StaffRow], by: object) -> int:
        """Open their entry lists from today on; how many. Asked after the list is stored."""
        today = self.clock.now().astimezone(SHANGHAI).date()
        people = await db.fetch(
            "SELECT id, title FROM persons WHERE staff_no = ANY($1) AND active ORDER BY id",
            [row.staff_no for row in rows],
        )
        starts = []
        for person in people:
            template = self.checklists.rules.entry_for(person["title"])
            if template is not None:
                starts.append(Start(template.key, person["id"], today))
        return len(await self.checklists.open_many(by, starts))


def _unit(row: StaffRow) -> str:
    return row.ward or row.department
