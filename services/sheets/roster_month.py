"""The month matrix: title "XX科 2026年10月护士排班表", a row 1 … 31, a row of weekdays."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

from services.sheets.cells import Sheet, squeeze
from services.sheets.dates import Heading, read_weekday, resolve_headings
from services.sheets.roster_layout import (
    HEADER_WITHIN,
    Layout,
    far_away,
    first_data_row,
    header_columns,
    heading_problems,
    title_texts,
    weekday_row,
)

LEAST_DAYS = 7
_DAY = re.compile(r"(\d{1,2})[日号]?")
_MONTH = re.compile(r"(?:(20\d{2})[-./年])?(\d{1,2})月|(20\d{2})[-./](\d{1,2})(?!\d)")


def find_month(sheet: Sheet, reference: date) -> Layout | None:
    """The layout when a row counts days beside 姓名; None when this is no such sheet.

    A count that wraps (26 … 31, 1 … 25) belongs to two months; its title names the later one.
    A title without a year takes the year in which most weekdays agree, then the nearest.
    """
    for row in range(min(len(sheet.rows), HEADER_WITHIN)):
        numbers = _day_numbers(sheet, row)
        name, number = header_columns(sheet, row)
        if len(numbers) < LEAST_DAYS or name is None:
            continue
        return _layout(sheet, row, (name, number), numbers, reference)
    return None


def _day_numbers(sheet: Sheet, row: int) -> dict[int, int]:
    """Columns of the one run of days that count up by one, wrapping to 1 at most once."""
    run: dict[int, int] = {}
    previous = 0
    for column, cell in enumerate(sheet.rows[row]):
        found = _DAY.fullmatch(squeeze(cell))
        day = int(found[1]) if found else 0
        follows = day == previous + 1 or (day == 1 and previous >= 28)
        same = day == previous and (row, column) in sheet.filled
        if 1 <= day <= 31 and (not run or follows or same):
            run[column] = previous = day
        elif len(run) < LEAST_DAYS:
            run = {column: day} if 1 <= day <= 31 else {}
            previous = day
        else:
            break
    return run


def _layout(
    sheet: Sheet,
    row: int,
    columns: tuple[int, int | None],
    numbers: dict[int, int],
    reference: date,
) -> Layout:
    name, number = columns
    year, month = _title_month(sheet, row, reference)
    headings, year = _headings(numbers, year, month)
    beside = weekday_row(sheet, row, list(numbers))
    if beside is not None:
        headings = {
            column: replace(heading, weekday=read_weekday(sheet.rows[beside][column]))
            for column, heading in headings.items()
        }
    resolved = resolve_headings(list(headings.values()), reference, year)
    days = dict(zip(headings, resolved, strict=True))
    known = {column: day for column, day in days.items() if day is not None}
    problems = heading_problems(sheet, row, headings, days)
    problems += far_away(sheet, list(known.values()), reference)
    first = first_data_row(sheet, name, row, beside)
    return Layout(sheet, row, first, name, number, known, tuple(problems))


def _title_month(sheet: Sheet, header_row: int, reference: date) -> tuple[int | None, int]:
    """Year (None when unsaid) and month of the title, else of the tab, else of the reference."""
    for text in (*title_texts(sheet, header_row), squeeze(sheet.name)):
        if found := _MONTH.search(text):
            year = found[1] or found[3]
            month = int(found[2] or found[4])
            if 1 <= month <= 12:
                return (int(year) if year else None), month
    return reference.year, reference.month


def _headings(
    numbers: dict[int, int], year: int | None, month: int
) -> tuple[dict[int, Heading], int | None]:
    """Days with their months; the year, when known, is that of the first."""
    days = list(numbers.values())
    wraps = any(after < before for before, after in pairwise(days))
    first = month
    if wraps:
        first = 12 if month == 1 else month - 1
        year = year - 1 if year is not None and month == 1 else year
    headings: dict[int, Heading] = {}
    current, previous = first, 0
    for column, day in numbers.items():
        current = month if day < previous else current
        previous = day
        headings[column] = Heading(current, day)
    return headings, year
