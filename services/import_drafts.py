"""What an import of a sheet would do, row by row, before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from services.sheets.cells import Sheet
from services.sheets.problems import Problem, Severity


class Kind(StrEnum):
    """The recruiting sheets, in the order in which a hospital brings them in."""

    POSTINGS = "postings"
    CANDIDATES = "candidates"
    SLOTS = "slots"
    SCORES = "scores"


class StaffingKind(StrEnum):
    """The sheets about staff beside the staff list and the rosters."""

    LICENCES = "licences"
    MINIMUMS = "minimums"
    WISHES = "wishes"


AnyKind = Kind | StaffingKind


class Change(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    LEFT = "left"  # the sheet says it, we do not do it: the row's warning tells why
    ABSENT = "absent"  # we have it, the sheet does not: it stays
    GONE = "gone"  # we have it, the sheet does not: it is taken away


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a preview. `cells` fill the kind's columns; no phone number is among them.

    `fields` names what differs, by keys of the console's words.
    """

    row: int
    change: Change
    cells: tuple[str, ...]
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows compared with what is stored. `steps` is what `store` writes, into which `units`.
    `notes` are no problems: what will follow from it.
    """

    lines: tuple[Line, ...] = ()
    problems: tuple[Problem, ...] = ()
    steps: tuple[Any, ...] = ()
    units: frozenset[int] = frozenset()
    notes: tuple[Problem, ...] = ()


class SheetKind(Protocol):
    """How one kind of sheet is read, compared and stored."""

    def read(self, sheets: Sequence[Sheet]) -> tuple[Sequence[Any], Sequence[Problem]]:
        """The rows and what is wrong with them. Asks no database."""
        ...

    async def plan(self, rows: Sequence[Any]) -> Plan:
        """Compare with what is stored; inside a transaction the rows compared stay locked."""
        ...

    async def store(self, steps: Sequence[Any], by: object, source: str) -> None:
        """Write the steps in the caller's transaction. Raises Refusal when one does not fit.

        `source` is the file's name.
        """
        ...


@dataclass(frozen=True, slots=True)
class SheetDraft:
    """`digest` (SHA-256 of the file) must come back unchanged when it is applied."""

    kind: AnyKind
    digest: str
    rows: tuple[Any, ...] = ()
    lines: tuple[Line, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    counts: Mapping[Change, int] = field(default_factory=dict)
    filename: str = ""
    units: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def applicable(self) -> bool:
        return bool(self.rows) and not self.errors

    def count(self, change: str) -> int:
        return self.counts.get(Change(change), 0)


def problem_at(row: int, key: str, severity: Severity = Severity.ERROR, **params: str) -> Problem:
    """Something about a whole row that only the database knows."""
    return Problem(severity, key, row, params=params)
