"""Where a roster keeps its names and days; shared by the ward-week sheet and the month matrix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from services.sheets.cells import Sheet, column_letter, squeeze
from services.sheets.dates import Heading, read_weekday, weekday_name
from services.sheets.problems import Problem, Severity

HEADER_WITHIN = 20
"""A header further down is none: the rows above it are titles."""
FAR_DAYS = 200

_NAMES = frozenset({"姓名", "护士姓名", "员工姓名", "人员", "人员姓名", "名字"})
_NUMBERS = frozenset({"工号", "职工号", "员工号", "员工工号", "职工工号", "人员工号"})
_TITLE_WORDS = re.compile(
    r"(护士|护理|人员|员工)*(每?周|每?月)?(排班|值班|轮班|班次)(一览|安排|明细)?表?"
    r"|\d{4}[-./年]\d{1,2}([-./月]\d{1,2})?[月日]?|\d{1,2}[-./月](\d{1,2}日?)?|\d{4}年?|第.{1,2}周|时间:?|[-~至()]"
)
_HOSPITAL = re.compile(r"^.*(医院|卫生院|保健院|中心)(?=.)")


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns from 0. `days` maps a column to its day; two columns may share one day."""

    sheet: Sheet
    header_row: int
    first_row: int
    name_column: int
    number_column: int | None
    days: Mapping[int, date]
    problems: tuple[Problem, ...] = ()

    @property
    def period(self) -> tuple[date, date]:
        return min(self.days.values()), max(self.days.values())


def header_columns(sheet: Sheet, row: int) -> tuple[int | None, int | None]:
    """The columns of 姓名 and 工号, in the header row or the row above or below it."""
    name = number = None
    for near in (row, row - 1, row + 1):
        if not 0 <= near < len(sheet.rows):
            continue
        for column in range(sheet.width):
            text = squeeze(sheet.rows[near][column])
            if name is None and text in _NAMES:
                name = column
            if number is None and text in _NUMBERS:
                number = column
    return name, number


def first_data_row(sheet: Sheet, name_column: int, *header_rows: int | None) -> int:
    """The row below everything that belongs to the header."""
    row = max(header for header in header_rows if header is not None) + 1
    while row < len(sheet.rows) and squeeze(sheet.rows[row][name_column]) in _NAMES:
        row += 1
    return row


def weekday_row(sheet: Sheet, header_row: int, columns: Sequence[int]) -> int | None:
    """The row beside the header that holds 一 二 三 …; a row of 日 shifts is not taken for one."""
    for row in (header_row + 1, header_row - 1):
        if not 0 <= row < len(sheet.rows):
            continue
        found = [read_weekday(sheet.rows[row][column]) for column in columns]
        known = {number for number in found if number is not None}
        if len(known) >= min(len(columns), 7) - 1 and found.count(None) <= len(columns) // 5:
            return row
    return None


def heading_problems(
    sheet: Sheet, row: int, headings: Mapping[int, Heading], days: Mapping[int, date | None]
) -> list[Problem]:
    """Days that do not exist, name another weekday than theirs, or stand there twice."""
    problems: list[Problem] = []
    seen: set[date] = set()
    for column, heading in headings.items():
        day = days[column]
        place = partial(
            Problem,
            Severity.ERROR,
            row=row + 1,
            column=column_letter(column),
            value=squeeze(sheet.rows[row][column]),
            sheet=sheet.name,
        )
        if day is None:
            problems.append(place("day_missing"))
            continue
        if heading.weekday is not None and heading.weekday != day.weekday():
            names = {
                "date": day.isoformat(),
                "real": weekday_name(day.weekday()),
                "written": weekday_name(heading.weekday),
            }
            problems.append(place("weekday_differs", params=names))
        if day in seen and (row, column) not in sheet.filled:
            problems.append(place("day_twice", params={"date": day.isoformat()}))
        seen.add(day)
    return problems


def far_away(sheet: Sheet, days: Sequence[date], reference: date) -> list[Problem]:
    """A roster half a year off is likely an old file, or a year misread."""
    if not days or min(abs((day - reference).days) for day in days) <= FAR_DAYS:
        return []
    params = {"first": min(days).isoformat(), "last": max(days).isoformat()}
    return [Problem(Severity.WARNING, "period_far", sheet=sheet.name, params=params)]


def title_texts(sheet: Sheet, header_row: int) -> list[str]:
    """Each different text above the header, half-width, in reading order."""
    texts = (squeeze(cell) for row in sheet.rows[:header_row] for cell in row)
    return list(dict.fromkeys(text for text in texts if text))


def unit_title(sheet: Sheet, header_row: int) -> str:
    """The ward as the title names it, without hospital, date and the word roster; may be ""."""
    texts = title_texts(sheet, header_row)
    chosen = [text for text in texts if "排班" in text or "值班" in text] or texts
    for text in chosen:
        rest = _TITLE_WORDS.sub("", text).strip(":,、. ")
        if rest:
            return _HOSPITAL.sub("", rest)
    return next((_HOSPITAL.sub("", text) for text in texts if text.endswith(("科", "病区"))), "")
