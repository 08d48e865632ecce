"""How much a workbook may hold, counted down while it is looked through."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.sheets import limits
from services.sheets.cells import Position
from services.sheets.problems import SheetRefused


@dataclass(slots=True)
class SheetFacts:
    """What a sheet's source says that cell values alone do not."""

    hidden_rows: set[int] = field(default_factory=set)
    unread: dict[Position, str] = field(default_factory=dict)
    last_row: int = -1
    last_column: int = -1
    from_1904: bool = False  # days are counted from 1904, not from 1900

    def reach(self, row: int, column: int) -> None:
        """Note a cell. Refuses one beyond the limits: at XFD1048576 it would claim gigabytes."""
        if row >= limits.MAX_ROWS:
            raise SheetRefused("too_many_rows", limit=str(limits.MAX_ROWS))
        if column >= limits.MAX_COLUMNS:
            raise SheetRefused("too_many_columns", limit=str(limits.MAX_COLUMNS))
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)


@dataclass(slots=True)
class Budget:
    """What is left of the limits. Every method raises SheetRefused when it is used up."""

    cells: int = limits.MAX_CELLS
    text: int = limits.MAX_TEXT
    area: int = limits.MAX_AREA

    def take(self, characters: int, cells: int = 1) -> None:
        self.cells -= cells
        self.text -= characters
        if self.cells < 0:
            raise SheetRefused("too_many_cells", limit=str(limits.MAX_CELLS))
        if self.text < 0:
            raise SheetRefused("unpacks_too_large")

    def take_merge(self, cells: int, characters: int) -> None:
        self.cells -= cells
        self.text -= cells * characters
        if self.cells < 0 or self.text < 0:
            raise SheetRefused("merges_too_large", limit=str(limits.MAX_CELLS))

    def take_area(self, facts: SheetFacts) -> None:
        """Blank cells between filled ones cost memory too."""
        self.area -= (facts.last_row + 1) * (facts.last_column + 1)
        if self.area < 0:
            raise SheetRefused("too_many_cells", limit=str(limits.MAX_CELLS))
