"""Every way a sheet writes a day: serial numbers, 2024.10, 24.10.31, 长期, and 10.16 周一."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.sheets.cells import CellValue, squeeze

_SERIAL_ZERO = date(1899, 12, 30)
SERIALS = range(20_000, 80_001)  # 1954 … 2119; smaller numbers are counts, larger are digits
_EARLIEST = 1900  # before it nothing of ours happened, and reckoning ends at year 1
_LONG_TERM = frozenset(
    {"长期", "长期有效", "永久", "永久有效", "终身", "终身有效", "无期限", "无固定期限", "不限"}
)
_NOTHING = frozenset({"", "/", "\\", "-", "--", "—", "——", "无", "暂无", "不详"})
_UNTIL = re.compile(r"至|到|~+|[—–―]+|--+|-(?=\d{4})")
_AROUND_TERM = re.compile(r"^(?:有效期)?(?:截止|截至|限)?[::]?|(?:止|前|为止|\(含\))$")
_FULL = re.compile(r"(\d{4}|\d{2})[-./年](\d{1,2})[-./月](\d{1,2})日?(?:T?\d{1,2}:\d{2}.*)?")
_MONTH = re.compile(r"(\d{4})[-./年](\d{1,2})月?")
_HEADING = re.compile(
    r"(?:(?P<year>\d{4})[-./年])?(?P<month>\d{1,2})[-./月](?P<day>\d{1,2})[日号]?"
    r"(?:\(?(?P<word>周|星期|礼拜)?(?P<weekday>[一二三四五六日天])\)?)?"
)
_WEEKDAY = re.compile(r"\(?(?:周|星期|礼拜)?([一二三四五六日天])\)?")
_WEEKDAYS = "一二三四五六日"


class Precision(StrEnum):
    DAY = "day"
    MONTH = "month"
    FOREVER = "forever"


@dataclass(frozen=True, slots=True)
class SheetDate:
    """A day as written. A month alone stands for its last day; 长期 for date.max."""

    day: date
    precision: Precision = Precision.DAY


class UnreadableDate(ValueError):
    """`message_key` tells apart nonsense and numbers that could be two dates."""

    def __init__(self, message_key: str = "date_unreadable") -> None:
        super().__init__(message_key)
        self.message_key = message_key


def read_date(value: CellValue) -> SheetDate:
    """A full date or an expiry. Raises UnreadableDate.

    2024.10 stored as a number has lost its zero and could be January: it is refused.
    """
    if isinstance(value, date):
        return SheetDate(_day(value.year, value.month, value.day))
    if isinstance(value, float):
        return _from_float(value)
    text = squeeze(value)
    if text in _LONG_TERM:
        return SheetDate(date.max, Precision.FOREVER)
    if text.isdecimal():
        return _from_digits(text)
    if found := _FULL.fullmatch(text):
        return SheetDate(_day(_full_year(found[1]), int(found[2]), int(found[3])))
    if found := _MONTH.fullmatch(text):
        return _month(int(found[1]), int(found[2]))
    raise UnreadableDate


def read_term(value: CellValue) -> tuple[SheetDate | None, SheetDate | None]:
    """When it begins and ends, as 有效期 cells say it: 至2029.10, 2024.10.31-2029.10.30, 长期.

    None where nothing is said: a blank, a stroke, 无. Raises UnreadableDate.
    """
    if not isinstance(value, str):
        return None, read_date(value)
    text = squeeze(value)
    if text in _NOTHING:
        return None, None
    parts = [_AROUND_TERM.sub("", part) for part in _UNTIL.split(text)]
    days = [read_date(part) for part in parts if part]
    if not 1 <= len(days) <= 2:
        raise UnreadableDate
    if len(days) == 2 and days[0].precision is Precision.FOREVER:
        raise UnreadableDate
    return (days[0] if len(days) == 2 else None), days[-1]


def read_start(value: CellValue) -> date | None:
    """A day on which something began; a month alone is its first day. Raises UnreadableDate."""
    if isinstance(value, str) and squeeze(value) in _NOTHING:
        return None
    found = read_date(value)
    if found.precision is Precision.FOREVER:
        raise UnreadableDate
    return found.day.replace(day=1) if found.precision is Precision.MONTH else found.day


def _from_float(value: float) -> SheetDate:
    if int(value) in SERIALS:
        return SheetDate(_SERIAL_ZERO + timedelta(days=int(value)))
    year, _, month = f"{value:.4f}".rstrip("0").partition(".")
    if not 1950 <= int(year) <= 2100 or not 1 <= len(month) <= 2:
        raise UnreadableDate
    if month == "1":
        raise UnreadableDate("date_lost_zero")
    return _month(int(year), int(month))


def _from_digits(text: str) -> SheetDate:
    if len(text) == 8:
        return SheetDate(_day(int(text[:4]), int(text[4:6]), int(text[6:])))
    if len(text) == 5 and int(text) in SERIALS:
        return SheetDate(_SERIAL_ZERO + timedelta(days=int(text)))
    if len(text) == 6:
        return _from_six(text)
    raise UnreadableDate


def _from_six(text: str) -> SheetDate:
    """202410 is a month, 241031 a day; 201211 could be either and is refused."""
    as_month = as_day = None
    if 1950 <= int(text[:4]) <= 2100 and 1 <= int(text[4:]) <= 12:
        as_month = _month(int(text[:4]), int(text[4:]))
    with suppress(UnreadableDate):
        as_day = SheetDate(_day(_full_year(text[:2]), int(text[2:4]), int(text[4:])))
    if as_month and as_day:
        raise UnreadableDate("date_two_ways")
    if found := as_month or as_day:
        return found
    raise UnreadableDate


def _full_year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 70 else 1900)


def _day(year: int, month: int, day: int) -> date:
    if year < _EARLIEST:
        raise UnreadableDate
    try:
        return date(year, month, day)
    except ValueError:
        raise UnreadableDate from None


def _month(year: int, month: int) -> SheetDate:
    if not 1 <= month <= 12 or not _EARLIEST <= year <= 9999:
        raise UnreadableDate
    return SheetDate(date(year, month, calendar.monthrange(year, month)[1]), Precision.MONTH)


@dataclass(frozen=True, slots=True)
class Heading:
    """A date as a column heading: often without a year. `weekday` counts Monday as 0."""

    month: int
    day: int
    year: int | None = None
    weekday: int | None = None


def read_heading(value: CellValue) -> Heading | None:
    """10.16 周一, 10/16(周一), 10月16日星期一, 2026-10-16, or a true date; None for others."""
    if isinstance(value, date):
        return Heading(value.month, value.day, value.year)
    if isinstance(value, int) and value in SERIALS:
        day = _SERIAL_ZERO + timedelta(days=value)
        return Heading(day.month, day.day, day.year)
    if isinstance(value, float):
        return None  # 10.1 could be the 1st or the 10th
    found = _HEADING.fullmatch(squeeze(value))
    if found is None or not 1 <= int(found["month"]) <= 12 or not 1 <= int(found["day"]) <= 31:
        return None
    year = int(found["year"]) if found["year"] else None
    weekday = weekday_number(found["weekday"]) if found["weekday"] else None
    return Heading(int(found["month"]), int(found["day"]), year, weekday)


def read_weekday(value: CellValue) -> int | None:
    """周一, 星期一, 一 → 0 … 周日, 天 → 6; None for anything else."""
    found = _WEEKDAY.fullmatch(squeeze(value))
    return weekday_number(found[1]) if found else None


def weekday_number(character: str) -> int:
    return _WEEKDAYS.index("日" if character == "天" else character)


def weekday_name(number: int) -> str:
    return f"周{_WEEKDAYS[number]}"


def resolve_headings(
    headings: Sequence[Heading], reference: date, year: int | None = None
) -> tuple[date | None, ...]:
    """Give every heading its year; None for days that do not exist, such as 2.30.

    `year` is the first heading's year where a title names it. Otherwise the year is taken, among
    last, this and next, in which most weekdays agree; then the one nearest to `reference`. A
    month that goes back (12.30 … 01.05) opens the next year.
    """
    if not headings:
        return ()
    first = headings[0]
    known = first.year or year
    if known:
        return _in_year(headings, known)
    candidates = [reference.year + step for step in (0, -1, 1)]
    return min(
        (_in_year(headings, candidate) for candidate in candidates),
        key=lambda days: (-_agreeing(headings, days), _distance(days, reference)),
    )


def _in_year(headings: Sequence[Heading], year: int) -> tuple[date | None, ...]:
    days: list[date | None] = []
    before = (0, 0)
    for heading in headings:
        if (heading.month, heading.day) < before and before[0] - heading.month >= 6:
            year += 1
        before = (heading.month, heading.day)
        try:
            days.append(date(heading.year or year, heading.month, heading.day))
        except ValueError:
            days.append(None)
    return tuple(days)


def _agreeing(headings: Sequence[Heading], days: Sequence[date | None]) -> int:
    return sum(
        1
        for heading, day in zip(headings, days, strict=True)
        if day is not None and heading.weekday == day.weekday()
    )


def _distance(days: Sequence[date | None], reference: date) -> int:
    known = [abs((day - reference).days) for day in days if day is not None]
    return min(known, default=10_000)
