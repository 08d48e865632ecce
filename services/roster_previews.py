"""What a sheet would change, in words, before anybody publishes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from services.rest_rules import describe_violation
from services.sheets.diff import Diff, describe_preview, preview_of
from services.sheets.problems import Problem, Severity, describe
from services.sheets.roster import RosterSheet

SHOWN_CHANGES = 400


@dataclass(frozen=True, slots=True)
class Draft:
    """What would happen. Without `roster_id` nothing can be published: see the errors."""

    roster_id: int | None
    line: str
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    violations: tuple[str, ...]
    changes: tuple[Mapping[str, Any], ...]
    first_day: date | None = None
    last_day: date | None = None


class RosterPreviews:
    def __init__(self, catalogue: Catalogue) -> None:
        self._problems = catalogue.words("sheets/problems")
        self._rules = catalogue.words("rules/rest_rules")

    def refused(self, problem: Problem) -> Draft:
        """Of a file that could not be read at all."""
        return Draft(None, "", (describe(problem, self._problems),), (), (), ())

    async def names_in(self, unit_id: int, diff: Diff) -> dict[int, str]:
        """By person: everybody of the unit and whoever else is moved."""
        people = list({change.staff_id for change in diff.changes})
        rows = await db.fetch(
            "SELECT id, name FROM persons WHERE unit_id = $1 OR id = ANY($2)", unit_id, people
        )
        return {row["id"]: row["name"] for row in rows}

    def unusable(self, sheet: RosterSheet) -> Draft:
        """Of a sheet with errors: nothing is compared."""
        preview = preview_of(sheet, Diff((), 0))
        return Draft(
            None,
            describe_preview(preview, self._problems),
            self._told(sheet, Severity.ERROR),
            self._told(sheet, Severity.WARNING),
            (),
            (),
        )

    def _told(self, sheet: RosterSheet, severity: Severity) -> tuple[str, ...]:
        return tuple(
            describe(problem, self._problems)
            for problem in sheet.problems
            if problem.severity is severity
        )

    def violations(
        self, found: Mapping[int, Sequence[Any]], names: Mapping[int, str], *, hard: bool
    ) -> tuple[str, ...]:
        """What the rest check `found`, by person, as lines."""
        return tuple(
            f"{names.get(person, '')}：{describe_violation(violation, self._rules)}"
            for person, violations in found.items()
            for violation in violations
            if violation.hard is hard
        )

    def of(
        self,
        sheet: RosterSheet,
        diff: Diff,
        names: Mapping[int, str],
        found: Mapping[int, Sequence[Any]],
        broken: tuple[str, ...],
    ) -> Draft:
        """`broken` are the lines of the hard rules; the soft ones of `found` join the warnings."""
        soft = self.violations(found, names, hard=False)
        changes = tuple(
            {
                "name": names.get(c.staff_id, ""),
                "day": c.day,
                "old": "/".join(c.old),
                "new": "/".join(c.new),
            }
            for c in diff.changes[:SHOWN_CHANGES]
        )
        line = describe_preview(preview_of(sheet, diff), self._problems)
        return Draft(
            None, line, (), (*self._told(sheet, Severity.WARNING), *soft), broken, changes
        )
