"""Whose row it is, in sheets about staff: by 工号, else by a name that only one person bears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models import db
from services.sheets.people import Match, StaffDirectory, StaffRef
from services.sheets.problems import Place, Problem, Severity

_ALL = "SELECT id, staff_no, name, unit_id, active FROM persons ORDER BY id"


@dataclass(frozen=True)
class StaffRows:
    """Everybody who works here, and those who have left, apart."""

    present: StaffDirectory
    left: StaffDirectory
    units: Mapping[int, int | None]

    @classmethod
    async def all(cls) -> StaffRows:
        rows = await db.fetch(_ALL)
        here, gone = (
            StaffDirectory(
                [
                    StaffRef(r["id"], r["staff_no"], r["name"])
                    for r in rows
                    if r["active"] is active
                ]
            )
            for active in (True, False)
        )
        return cls(here, gone, {row["id"]: row["unit_id"] for row in rows})

    def find(
        self, number: str, name: str, places: Mapping[str, Place], problems: list[Problem]
    ) -> StaffRef | None:
        """The person, or None with the reason among `problems`; who has left is a warning."""
        match = self.present.match(number, name)
        place = places["staff_no" if number else "name"]
        if match.staff is None and match.error in ("number_unknown", "person_unknown"):
            gone = self.left.match(number, name)
            if gone.staff is not None:
                told = {"name": gone.staff.name}
                problems.append(place.problem("holder_left", Severity.WARNING, **told))
                return None
        self._report(match, place, problems)
        return match.staff

    def _report(self, match: Match, place: Place, problems: list[Problem]) -> None:
        if match.error:
            problems.append(place.problem(match.error, Severity.ERROR, **match.params))
        elif match.warning:
            problems.append(place.problem(match.warning, Severity.WARNING, **match.params))
