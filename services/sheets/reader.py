"""A file's bytes → its visible sheets as plain cells. Nothing in the file is ever executed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from io import BytesIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from models.visible import visible
from services.sheets import limits
from services.sheets.budget import Budget, SheetFacts
from services.sheets.cells import Book, CellValue, Position, Sheet, as_text, column_letter
from services.sheets.dates import SERIALS
from services.sheets.delimited import read_delimited
from services.sheets.problems import Problem, Severity, SheetRefused
from services.sheets.xls_guard import checked_xls
from services.sheets.xlsx_guard import checked_xlsx

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXT_ENDINGS = (".csv", ".tsv", ".txt")


def read_book(data: bytes, filename: str) -> Book:
    """Read XLSX, XLS, CSV or TSV; the bytes decide, the name only tells text from rubbish.

    Hidden sheets and rows are left out and reported. Raises SheetRefused, with a problem that
    says what to do, when the file as a whole cannot be read or exceeds the limits.
    """
    if len(data) > limits.MAX_BYTES:
        raise SheetRefused("file_too_large", limit=str(limits.MAX_BYTES // 1024 // 1024))
    if not data.strip():
        raise SheetRefused("empty_file")
    if data.startswith(_ZIP):
        return _read_xlsx(data)
    if data.startswith(_COMPOUND):
        return _read_xls(data)
    if not filename.lower().endswith(_TEXT_ENDINGS):
        raise SheetRefused("unknown_kind")
    return _book([_sheet("", read_delimited(data), (), SheetFacts(), Budget())], ())


def _read_xlsx(data: bytes) -> Book:
    safe, facts = checked_xlsx(data)
    workbook = _open(safe)
    return _read_workbook(workbook, [facts.get(m.name) for m in workbook.sheets_metadata])


def _read_xls(data: bytes) -> Book:
    safe, facts = checked_xls(data)
    return _read_workbook(_open(safe), facts)


def _open(data: bytes) -> CalamineWorkbook:
    with _calamine_errors():
        return load_workbook(BytesIO(data))


@contextmanager
def _calamine_errors() -> Iterator[None]:
    """Crooked bytes can make the reader panic, which is no Exception and must end nothing."""
    try:
        yield
    except CalamineError as error:
        raise SheetRefused("broken_file") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise SheetRefused("broken_file") from error
        raise


def _read_workbook(workbook: CalamineWorkbook, facts: Sequence[SheetFacts | None]) -> Book:
    if len(workbook.sheets_metadata) != len(facts):
        raise SheetRefused("broken_file")
    if len(facts) > limits.MAX_SHEETS:
        raise SheetRefused("too_many_sheets", limit=str(limits.MAX_SHEETS))
    sheets: list[Sheet] = []
    hidden: list[str] = []
    merged = Budget()
    for index, meta in enumerate(workbook.sheets_metadata):
        if meta.typ is not SheetTypeEnum.WorkSheet:
            continue
        if meta.visible is not SheetVisibleEnum.Visible:
            hidden.append(meta.name)
            continue
        sheets.append(_calamine_sheet(workbook, index, facts[index] or SheetFacts(), merged))
    return _book(sheets, hidden)


def _calamine_sheet(
    workbook: CalamineWorkbook, index: int, facts: SheetFacts, merged: Budget
) -> Sheet:
    with _calamine_errors():
        sheet = workbook.get_sheet_by_index(index)
        rows = sheet.to_python(skip_empty_area=False)
        merges = _merges(sheet)
    return _sheet(
        sheet.name, [[_plain(cell) for cell in row] for row in rows], merges, facts, merged
    )


def _merges(sheet: CalamineSheet) -> Sequence[tuple[Position, Position]]:
    return (sheet.merged_cell_ranges or [])[: limits.MAX_ROWS]


def _plain(value: object) -> CellValue:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return int(value) if value.is_integer() and abs(value) < 1e15 else value
        case int() | str():
            return value
        case datetime():
            return value.date()
        case date():
            return value
        case time():
            return value.strftime("%H:%M")
        case timedelta():
            minutes = int(value.total_seconds() // 60)
            return f"{minutes // 60:02d}:{minutes % 60:02d}"
        case _:
            return ""


def _sheet(
    name: str,
    rows: Sequence[Sequence[CellValue]],
    merges: Sequence[tuple[Position, Position]],
    facts: SheetFacts,
    merged: Budget,
) -> Sheet:
    width = max((len(row) for row in rows), default=0)
    grid: list[list[CellValue]] = [
        [*(visible(cell) if isinstance(cell, str) else cell for cell in row)]
        + [""] * (width - len(row))
        for row in rows
    ]
    filled = _fill(grid, merges, merged)
    return Sheet(
        name=name,
        rows=tuple(tuple(row) for row in grid),
        hidden_rows=frozenset(row for row in facts.hidden_rows if row < len(grid)),
        filled=frozenset(filled),
        unread=facts.unread,
        from_1904=facts.from_1904,
    )


def _fill(
    grid: list[list[CellValue]],
    merges: Sequence[tuple[Position, Position]],
    budget: Budget,
) -> set[Position]:
    """Copy each merged cell's value over the cells it covers; they count as cells with content.

    Raises SheetRefused when they cover too much: merges may overlap, and each is walked through.
    """
    filled: set[Position] = set()
    for (top, left), (bottom, right) in merges:
        if top >= len(grid) or left >= len(grid[0]) or grid[top][left] == "":
            continue
        rows = range(top, min(bottom + 1, len(grid)))
        columns = range(left, min(right + 1, len(grid[0])))
        budget.take_merge(len(rows) * len(columns), len(as_text(grid[top][left])))
        for row in rows:
            for column in columns:
                if (row, column) != (top, left) and (row, column) not in filled:
                    grid[row][column] = grid[top][left]
                    filled.add((row, column))
    return filled


def _book(sheets: Sequence[Sheet], hidden: Sequence[str]) -> Book:
    if not any(cell != "" for sheet in sheets for row in sheet.rows for cell in row):
        raise SheetRefused("empty_file")
    problems = [
        Problem(Severity.WARNING, "hidden_sheet", sheet=name, params={"name": name})
        for name in hidden
    ]
    for sheet in sheets:
        problems += _doubtful_numbers(sheet)
        rows = [row for row in sorted(sheet.hidden_rows) if any(c != "" for c in sheet.rows[row])]
        if rows:
            numbers = "、".join(str(row + 1) for row in rows[:20])
            problems.append(
                Problem(
                    Severity.WARNING,
                    "hidden_rows",
                    sheet=sheet.name,
                    params={"rows": numbers, "count": str(len(rows))},
                )
            )
    return Book(tuple(sheets), tuple(problems))


def _doubtful_numbers(sheet: Sheet) -> Iterator[Problem]:
    """The first number of a 1904 workbook that could be a day: nobody knows which one it is."""
    for row, cells in enumerate(sheet.rows if sheet.from_1904 else ()):
        for column, cell in enumerate(cells):
            if isinstance(cell, int) and cell in SERIALS:
                place = (row + 1, column_letter(column), as_text(cell), sheet.name)
                yield Problem(Severity.WARNING, "number_of_another_epoch", *place)
                return
