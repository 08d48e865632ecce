"""The rows below a roster's header: people, and the notes, counts and signatures among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from models.shift_cells import CellReading, read_cell
from models.shift_codes import CodeUse, ShiftCodeTable
from services.sheets.cells import Sheet, column_letter, squeeze
from services.sheets.legend import read_legend
from services.sheets.people import Match, StaffDirectory, StaffRef
from services.sheets.problems import Problem, Severity
from services.sheets.roster_layout import Layout

LONGEST_NAME = 20
LONGEST_VALUE = 40
_ABOVE = frozenset({"〃", "″", '"', "''", "”", "“", "同上"})
_LEFT = frozenset({"同左", "→", "->", "⟶"})
_NOTE = re.compile(
    r"^(注|备注|说明|附|日期|星期|姓名|工号|序号|要求)([::].*)?$|^(注意|排班原则|备班电话)"
    r"|合计|小计|总计|人数|签名|签字|护士长[::]|制表|审核|图例|班次|工时说明|第.{1,3}页"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A person's cell before it is decided what blank means."""

    row: int
    column: str
    staff: StaffRef
    day: date
    codes: tuple[CodeUse, ...]
    raw: str


class RowReader:
    """Reads rows in order, remembering what ditto marks and second rows of a person need."""

    def __init__(self, layout: Layout, codes: ShiftCodeTable, people: StaffDirectory) -> None:
        self._layout = layout
        self._sheet: Sheet = layout.sheet
        self._codes = codes
        self._people = people
        self._readings: dict[str, CellReading] = {}
        self._above: dict[int, str] = {}
        self._rows_of: dict[int, int] = {}
        self._cells: dict[tuple[int, date], Cell] = {}
        self._assumed: dict[str, CodeUse] = {}
        self._dittos = 0
        self.notes: list[tuple[int, str]] = []
        self.problems: list[Problem] = []

    @property
    def cells(self) -> Iterable[Cell]:
        return self._cells.values()

    def read(self, row: int) -> None:
        """Take in one row, whatever it turns out to be."""
        name, number = self._name(row), self._number(row)
        if not name and not number:
            self._read_nameless(row)
            return
        match = self._people.match(number, name)
        if match.staff is None:
            self._read_stranger(row, name or number, match)
            return
        if match.warning:
            self._report(
                match.warning, row, self._layout.name_column, Severity.WARNING, match.params
            )
        self._read_person(row, match.staff)

    def finish(self) -> list[Problem]:
        """Every problem, with those that concern the sheet as a whole."""
        for label, use in self._assumed.items():
            params = {"code": label, "hours": use.hours_text}
            self._report_sheet("factor_assumed", params)
        if self._dittos:
            self._report_sheet("ditto_read", {"count": str(self._dittos)})
        return self.problems

    def _read_person(self, row: int, staff: StaffRef) -> None:
        first = self._rows_of.setdefault(staff.id, row)
        if first != row and not self._continues(row):
            params = {"name": staff.name, "first": str(first + 1)}
            self._report_who("person_twice", row, params)
            return
        for column, day in self._layout.days.items():
            raw = self._resolved(row, column)
            self._above[column] = raw
            self._keep(row, column, staff, day, raw)

    def _keep(self, row: int, column: int, staff: StaffRef, day: date, raw: str) -> None:
        reading = self._reading(raw)
        if reading.unknown:
            params = {"codes": "、".join(reading.unknown)}
            self._report("code_unknown", row, column, Severity.ERROR, params)
        for use in reading.uses:
            if use.factor:
                self._assumed.setdefault(use.label, use)
        before = self._cells.get((staff.id, day))
        codes = reading.uses
        if before is not None:
            codes = tuple(dict.fromkeys((*before.codes, *codes)))
            raw = before.raw if not raw or raw == before.raw else f"{before.raw}/{raw}".strip("/")
        place = (before.row, before.column) if before else (row + 1, column_letter(column))
        self._cells[staff.id, day] = Cell(*place, staff, day, codes, raw)

    def _resolved(self, row: int, column: int) -> str:
        """The cell's text, ditto marks replaced by what they repeat.

        同上 and 〃 repeat the cell above, as the words say; 同左 and → the cell to the left.
        """
        if (row, column) in self._sheet.unread:
            written = self._sheet.unread[row, column]
            key = "cell_error" if written else "formula_no_value"
            self._report(key, row, column, Severity.ERROR, {"error": written})
            return ""
        text = self._sheet.text(row, column)
        mark = squeeze(text)
        if mark not in _ABOVE and mark not in _LEFT:
            return text
        self._dittos += 1
        source = self._above.get(column if mark in _ABOVE else column - 1)
        if source is None:
            self._report("ditto_nothing", row, column, Severity.ERROR, {})
        return source or ""

    def _reading(self, raw: str) -> CellReading:
        reading = self._readings.get(raw)
        if reading is None:
            reading = self._readings[raw] = read_cell(self._codes, raw)
        return reading

    def _read_nameless(self, row: int) -> None:
        """A note, a count, or shifts whose person is missing."""
        self._note(row)
        texts = (squeeze(self._sheet.rows[row][column]) for column in self._layout.days)
        shifts = [text for text in texts if text and not text.isdecimal()]
        if any(self._reading(text).uses for text in shifts):
            self._report_who("name_missing", row, {})

    def _read_stranger(self, row: int, name: str, match: Match) -> None:
        texts = [squeeze(self._sheet.rows[row][column]) for column in self._layout.days]
        unknown = match.error in ("person_unknown", "number_unknown")
        if unknown and self._is_note(row, name, texts):
            self._note(row)
        elif unknown and not any(texts):
            self._report(
                "row_skipped", row, self._layout.name_column, Severity.WARNING, {"name": name}
            )
        else:
            self._report_who(match.error, row, match.params)

    def _is_note(self, row: int, name: str, texts: list[str]) -> bool:
        first = next(squeeze(cell) for cell in self._sheet.rows[row] if squeeze(cell))
        if _NOTE.search(name) or _NOTE.search(first) or len(name) > LONGEST_NAME:
            return True
        if any(read_legend(text) for text in {name, first, *texts}):
            return True
        counted = all(text.isdecimal() or not text for text in texts)
        spread = bool(name) and set(texts) == {name}
        return spread or (counted and self._codes.find(name) is not None)

    def _note(self, row: int) -> None:
        texts = dict.fromkeys(self._sheet.text(row, column) for column in range(self._sheet.width))
        self.notes += [(row + 1, text) for text in texts if text]

    def _continues(self, row: int) -> bool:
        """Whether the row belongs to the person above through a merged name."""
        return (row, self._layout.name_column) in self._sheet.filled

    def _name(self, row: int) -> str:
        return squeeze(self._sheet.rows[row][self._layout.name_column])

    def _number(self, row: int) -> str:
        column = self._layout.number_column
        return squeeze(self._sheet.rows[row][column]) if column is not None else ""

    def _report_who(
        self,
        key: str,
        row: int,
        params: Mapping[str, str],
        severity: Severity = Severity.ERROR,
    ) -> None:
        self._report(key, row, self._layout.name_column, severity, params)

    def _report(
        self, key: str, row: int, column: int, severity: Severity, params: Mapping[str, str]
    ) -> None:
        heading = " ".join(self._sheet.text(self._layout.header_row, column).split())
        self.problems.append(
            Problem(
                severity,
                key,
                row + 1,
                column_letter(column),
                self._sheet.text(row, column)[:LONGEST_VALUE],
                self._sheet.name,
                heading[:LONGEST_VALUE],
                params,
            )
        )

    def _report_sheet(self, key: str, params: Mapping[str, str]) -> None:
        self.problems.append(Problem(Severity.WARNING, key, sheet=self._sheet.name, params=params))
