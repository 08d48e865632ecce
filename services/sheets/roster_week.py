"""The ward-week sheet: one column per date, headed 10.16 周一, the year usually unsaid."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from services.sheets.cells import Sheet
from services.sheets.dates import Heading, read_heading, read_weekday, resolve_headings
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

_YEAR = re.compile(r"(20\d{2})[-./年](\d{1,2})")


def find_week(sheet: Sheet, reference: date) -> Layout | None:
    """The layout when a row holds 姓名 and at least two dates; None when this is no such sheet."""
    for row in range(min(len(sheet.rows), HEADER_WITHIN)):
        headings = _headings(sheet, row)
        name, number = header_columns(sheet, row)
        if len(headings) < 2 or name is None:
            continue
        return _layout(sheet, row, (name, number), headings, reference)
    return None


def _headings(sheet: Sheet, row: int) -> dict[int, Heading]:
    found = {column: read_heading(cell) for column, cell in enumerate(sheet.rows[row])}
    return {column: heading for column, heading in found.items() if heading is not None}


def _layout(
    sheet: Sheet,
    row: int,
    columns: tuple[int, int | None],
    headings: dict[int, Heading],
    reference: date,
) -> Layout:
    name, number = columns
    beside = weekday_row(sheet, row, list(headings))
    if beside is not None:
        headings = {
            column: replace(heading, weekday=read_weekday(sheet.rows[beside][column]))
            for column, heading in headings.items()
        }
    year = _title_year(sheet, row, next(iter(headings.values())))
    resolved = resolve_headings(list(headings.values()), reference, year)
    days = dict(zip(headings, resolved, strict=True))
    known = {column: day for column, day in days.items() if day is not None}
    problems = heading_problems(sheet, row, headings, days)
    problems += far_away(sheet, list(known.values()), reference)
    first = first_data_row(sheet, name, row, beside)
    return Layout(sheet, row, first, name, number, known, tuple(problems))


def _title_year(sheet: Sheet, header_row: int, first: Heading) -> int | None:
    """The year in a title such as 时间 2026.12.28–2027.01.03: that of the first date."""
    for text in title_texts(sheet, header_row):
        if found := _YEAR.search(text):
            year, month = int(found[1]), int(found[2])
            return year - 1 if first.month == 12 and month == 1 else year
    return None
