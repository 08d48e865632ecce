"""Rosters and staff lists in the very forms wards use, for a demo hospital and for round trips."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from models.shift_codes import ShiftCodeTable, ShiftKind
from models.shift_hours import format_segments
from services.sheets.cells import CellValue
from services.sheets.dates import weekday_name
from services.sheets.export import new_sheet, put, put_row, saved

_WEEK_HEAD = ("工号", "姓名", "年届", "年休", "存休")
_WEEK_TAIL = ("当周工时", "备注", "当周存休")
_STAFF_HEAD = ("工号", "姓名", "级别/角色")


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A person's line; `cells` maps a day to what stands in its cell."""

    staff_no: str
    name: str
    level: str = ""
    cells: Mapping[date, str] = field(default_factory=dict)
    hours: float = 0
    note: str = ""


def write_month_matrix(
    unit: str,
    year: int,
    month: int,
    rows: Sequence[SampleRow],
    codes: ShiftCodeTable,
    *,
    with_numbers: bool = False,
) -> bytes:
    """The month matrix as XLSX: merged title, 1 … 31, weekdays, people, counts, legend, signature.

    `with_numbers` adds the 工号 column that two people of one name make necessary.
    """
    last = calendar.monthrange(year, month)[1]
    days = [date(year, month, day) for day in range(1, last + 1)]
    lead = ("序号", "工号", "姓名", "层级") if with_numbers else ("序号", "姓名", "层级")
    workbook, sheet = new_sheet(f"{month}月")
    _title(sheet, 1, f"{unit} {year}年{month}月护士排班表", len(lead) + last)
    put_row(sheet, 2, [*lead, *range(1, last + 1)])
    put_row(sheet, 3, [""] * len(lead) + [weekday_name(day.weekday())[1] for day in days])
    for column in range(1, len(lead) + 1):
        sheet.merge_cells(start_row=2, end_row=3, start_column=column, end_column=column)
    for index, row in enumerate(rows, start=1):
        numbers = (row.staff_no,) if with_numbers else ()
        cells = [row.cells.get(day, "") for day in days]
        put_row(sheet, index + 3, [index, *numbers, row.name, row.level, *cells])
    _month_foot(sheet, len(rows) + 4, rows, days, codes, lead.index("姓名") + 1)
    return saved(workbook)


def _month_foot(
    sheet: Worksheet,
    at: int,
    rows: Sequence[SampleRow],
    days: Sequence[date],
    codes: ShiftCodeTable,
    name_column: int,
) -> None:
    """A count per working code, the legend and the signatures."""
    first = sheet.max_column - len(days) + 1
    used = {text for row in rows for text in row.cells.values()}
    worked = [code for code in codes.codes if code.code in used and code.kind.works]
    for code in worked:
        put(sheet, at, name_column, code.code)
        for offset, day in enumerate(days):
            put(sheet, at, first + offset, sum(row.cells.get(day) == code.code for row in rows))
        at += 1
    _title(sheet, at, legend_text(codes, used), sheet.max_column, centred=False)
    put(sheet, at + 1, 1, "制表人:")
    put(sheet, at + 1, first + len(days) // 2, "护士长签名:")


def write_ward_week(
    hospital: str,
    unit: str,
    monday: date,
    rows: Sequence[SampleRow],
    codes: ShiftCodeTable,
) -> bytes:
    """The ward-week sheet as XLSX: hospital, unit, period, seven days headed 10.16 周一, a note.

    The first day need not be a Monday; seven days follow it.
    """
    days = [monday + timedelta(days=step) for step in range(7)]
    width = len(_WEEK_HEAD) + len(days) + len(_WEEK_TAIL)
    workbook, sheet = new_sheet("周排班表")
    _title(sheet, 1, hospital, width)
    _title(sheet, 2, f"{unit} 周排班表", width)
    period = f"时间:{days[0]:%Y.%m.%d}–{days[-1]:%Y.%m.%d}"
    _title(sheet, 3, period, width, centred=False)
    put_row(sheet, 4, [*_WEEK_HEAD, *(week_heading(day) for day in days), *_WEEK_TAIL])
    for index, row in enumerate(rows, start=5):
        cells = [row.cells.get(day, "") for day in days]
        lead: list[CellValue] = [row.staff_no, row.name, row.level, "", ""]
        put_row(sheet, index, [*lead, *cells, row.hours, row.note, 0])
    used = {text for row in rows for text in row.cells.values()}
    foot = len(rows) + 5
    _title(sheet, foot, f"注:{legend_text(codes, used)}", width, centred=False)
    put(sheet, foot + 1, 1, "护士长签名:")
    return saved(workbook)


def week_heading(day: date) -> str:
    """10.16 周五, the year unsaid, as wards write it."""
    return f"{day.month}.{day.day:02d} {weekday_name(day.weekday())}"


def legend_text(codes: ShiftCodeTable, used: set[str]) -> str:
    """A:08:00-16:00 P:16:00-24:00, for the codes in use that have hours."""
    return " ".join(
        f"{code.code}:{format_segments(code.segments).replace('–', '-').replace('、', ',')}"
        for code in codes.codes
        if code.code in used and code.segments and code.kind is not ShiftKind.REST
    )


def write_staff_list(
    rows: Sequence[Sequence[CellValue]], head: Sequence[str] = _STAFF_HEAD
) -> bytes:
    """A staff list as XLSX: the three columns wards keep, or any other `head`."""
    workbook, sheet = new_sheet("人员名单")
    put_row(sheet, 1, head)
    for index, row in enumerate(rows, start=2):
        put_row(sheet, index, row)
    return saved(workbook)


def _title(sheet: Worksheet, row: int, text: str, width: int, *, centred: bool = True) -> None:
    put(sheet, row, 1, text)
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=width)
    cell = sheet.cell(row, 1)
    cell.font = Font(bold=centred)
    cell.alignment = Alignment(horizontal="center" if centred else "left", wrap_text=True)
