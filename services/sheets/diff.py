"""What a new roster would change: cell by cell, per person, and in one line for the preview."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.sheets.problems import Problem, Severity
from services.sheets.roster import Entry, RosterSheet

Labels = tuple[str, ...]
RosterMap = Mapping[tuple[int, date], Labels]
"""(staff id, day) → canonical code labels, as `Entry.labels` gives them."""


@dataclass(frozen=True, slots=True)
class Change:
    """One cell. `old` is () when there was nothing, `new` is () when it is taken away."""

    staff_id: int
    day: date
    old: Labels
    new: Labels


@dataclass(frozen=True, slots=True)
class Diff:
    """Changes by day and person. `unchanged` counts the cells that stay as they were."""

    changes: tuple[Change, ...]
    unchanged: int

    @property
    def added(self) -> int:
        return sum(1 for change in self.changes if not change.old)

    @property
    def removed(self) -> int:
        return sum(1 for change in self.changes if not change.new)

    @property
    def replaced(self) -> int:
        return len(self.changes) - self.added - self.removed

    @property
    def by_person(self) -> dict[int, tuple[Change, ...]]:
        people: dict[int, list[Change]] = {}
        for change in self.changes:
            people.setdefault(change.staff_id, []).append(change)
        return {staff_id: tuple(changes) for staff_id, changes in people.items()}


def roster_map(entries: Iterable[Entry]) -> dict[tuple[int, date], Labels]:
    return {(entry.staff.id, entry.day): entry.labels for entry in entries}


def diff_rosters(old: RosterMap, new: RosterMap) -> Diff:
    """Compare two rosters of one ward and period.

    A cell only in `old` is taken away. Where blank means unchanged, pass `{**old, **new}`.
    """
    changes: list[Change] = []
    unchanged = 0
    for key in sorted(old.keys() | new.keys(), key=lambda key: (key[1], key[0])):
        before, after = old.get(key, ()), new.get(key, ())
        if before == after:
            unchanged += 1
        else:
            changes.append(Change(*key, before, after))
    return Diff(tuple(changes), unchanged)


@dataclass(frozen=True, slots=True)
class Preview:
    """The figures shown before anything is applied."""

    cells: int
    changed: int
    people: int
    unknown_codes: int
    names_twice: int
    errors: int
    warnings: int


def preview_of(sheet: RosterSheet, diff: Diff) -> Preview:
    keys = [problem.message_key for problem in sheet.problems]
    errors = sum(1 for problem in sheet.problems if problem.severity is Severity.ERROR)
    return Preview(
        cells=len(sheet.entries),
        changed=len(diff.changes),
        people=len(diff.by_person),
        unknown_codes=len(_unknown(sheet.problems)),
        names_twice=keys.count("name_twice"),
        errors=errors,
        warnings=len(keys) - errors,
    )


def describe_preview(preview: Preview, texts: Mapping[str, str]) -> str:
    """One line such as 改动23格、未知班次4个、重名1个; figures of nought are left out."""
    figures = {
        "preview_changed": preview.changed,
        "preview_unknown_codes": preview.unknown_codes,
        "preview_names_twice": preview.names_twice,
        "preview_errors": preview.errors,
        "preview_warnings": preview.warnings,
    }
    parts = [
        texts[key].format_map({"count": count})
        for key, count in figures.items()
        if count or key == "preview_changed"
    ]
    return "、".join(parts)


def _unknown(problems: Iterable[Problem]) -> set[str]:
    return {
        code
        for problem in problems
        if problem.message_key == "code_unknown"
        for code in problem.params["codes"].split("、")
    }
