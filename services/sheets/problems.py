"""What is wrong with a sheet, where, and how to mend it; the words live in message_templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SHOWN_AT_MOST = 200


class Severity(StrEnum):
    ERROR = "error"
    """Nothing of the sheet may be applied."""
    WARNING = "warning"
    """May be applied once a person has read it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `row` is 1-based, `column` a letter; 0 and "" when it is the whole file.

    `params` fill the placeholders of the text named by `message_key`.
    """

    severity: Severity
    message_key: str
    row: int = 0
    column: str = ""
    value: str = ""
    sheet: str = ""
    heading: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """A cell, for what is found out about it once its row has been read; see Problem."""

    row: int
    column: str = ""
    value: str = ""
    sheet: str = ""
    heading: str = ""

    def problem(
        self, message_key: str, severity: Severity = Severity.ERROR, **params: str
    ) -> Problem:
        return Problem(
            severity,
            message_key,
            self.row,
            self.column,
            self.value,
            self.sheet,
            self.heading,
            params,
        )


class SheetRefused(ValueError):
    """The file as a whole cannot be read; `problem` says why and what to do."""

    def __init__(self, message_key: str, **params: str) -> None:
        super().__init__(message_key)
        self.problem = Problem(Severity.ERROR, message_key, params=params)


def describe(problem: Problem, texts: Mapping[str, str]) -> str:
    """The problem in words, from the parsed `sheets/problems.toml`.

    Raises KeyError when the text or one of its placeholders is missing.
    """
    values = {
        "row": str(problem.row),
        "column": problem.column,
        "value": problem.value,
        "sheet": problem.sheet,
        "heading": problem.heading,
        **problem.params,
    }
    return _where(problem, texts).format_map(values) + texts[problem.message_key].format_map(
        values
    )


def _where(problem: Problem, texts: Mapping[str, str]) -> str:
    if problem.row and problem.heading:
        return texts["where_heading"]
    if problem.row and problem.column:
        return texts["where_cell"]
    return texts["where_row"] if problem.row else ""


def has_errors(problems: Iterable[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def capped(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Errors first, at most SHOWN_AT_MOST, and one more that counts the rest."""
    ordered = sorted(problems, key=lambda problem: problem.severity is Severity.WARNING)
    if len(ordered) <= SHOWN_AT_MOST:
        return tuple(ordered)
    left = ordered[SHOWN_AT_MOST:]
    severity = Severity.ERROR if has_errors(left) else Severity.WARNING
    more = Problem(severity, "more_problems", params={"count": str(len(left))})
    return (*ordered[:SHOWN_AT_MOST], more)
