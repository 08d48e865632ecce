"""Write XLSX and CSV that no spreadsheet program will mistake for formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO, StringIO

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet.worksheet import Worksheet

from models.visible import visible
from services.sheets.cells import CellValue

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LONGEST_TITLE = 31
_FORBIDDEN_IN_TITLE = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))


def write_csv(rows: Iterable[Sequence[CellValue]]) -> bytes:
    """UTF-8 with a BOM, so that Excel shows Chinese; texts that look like formulas get a '."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow([disarmed(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def disarmed(value: CellValue) -> CellValue:
    """A text made harmless for CSV, which has no types; numbers and dates pass."""
    if not isinstance(value, str):
        return value
    seen = visible(value).lstrip()  # programs skip blanks of many kinds, and what nobody sees
    dangerous = value.startswith(_DANGEROUS) or seen.startswith(_DANGEROUS)
    return f"'{value}" if dangerous else value


def new_sheet(title: str) -> tuple[Workbook, Worksheet]:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = title.translate(_FORBIDDEN_IN_TITLE)[:_LONGEST_TITLE] or "Sheet1"
    return workbook, sheet


def put_row(sheet: Worksheet, row: int, values: Sequence[CellValue]) -> None:
    for column, value in enumerate(values, start=1):
        put(sheet, row, column, value)


def put(sheet: Worksheet, row: int, column: int, value: CellValue) -> None:
    """Set one cell (1-based). Texts keep their type and are marked with Excel's own quote."""
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell) or value == "":
        return
    if not isinstance(value, str):
        cell.value = value
        if isinstance(value, date):
            cell.number_format = "yyyy-mm-dd"
        return
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell.data_type = "s"
    if value.startswith(_DANGEROUS):
        cell.quotePrefix = True


def saved(workbook: Workbook) -> bytes:
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()
