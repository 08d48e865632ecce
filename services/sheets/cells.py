"""A sheet as plain cells, however the file was made."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from services.sheets.problems import Problem

CellValue = str | int | float | date
"""Blank is the empty string. Dates carry no time of day."""

Position = tuple[int, int]
"""Row and column, both from 0."""

_SPACES = re.compile(r"[\s\u200b\u200c\u200d\ufeff]+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The visible cells of one sheet; every row has the same width.

    `filled` are cells covered by a merge, holding a copy of its value. `unread` are cells whose
    value the file does not hold: formulas never computed, and errors such as #REF!.
    """

    name: str
    rows: tuple[tuple[CellValue, ...], ...]
    hidden_rows: frozenset[int] = frozenset()
    filled: frozenset[Position] = frozenset()
    unread: Mapping[Position, str] = field(default_factory=dict)
    from_1904: bool = False  # its days are counted from 1904: plain numbers are no days

    @property
    def width(self) -> int:
        return len(self.rows[0]) if self.rows else 0

    def text(self, row: int, column: int) -> str:
        return as_text(self.rows[row][column])


@dataclass(frozen=True, slots=True)
class Book:
    """The visible sheets of a file, and what the reader left out or could not read."""

    sheets: tuple[Sheet, ...]
    problems: tuple[Problem, ...] = ()


def as_text(value: CellValue) -> str:
    """The cell as somebody would read it; whole numbers without .0."""
    if isinstance(value, str):
        return value.strip()
    return value.isoformat() if isinstance(value, date) else f"{value:.15g}"


def squeeze(value: CellValue) -> str:
    """Half-width and without any space, for comparing headings, names and numbers."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", as_text(value)))


def column_letter(column: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """A → 0; the reverse of `column_letter`."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
