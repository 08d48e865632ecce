"""When an interview slot is: a day with or without its year, 09:30, 上午9点半, 14:00-14:30."""

from __future__ import annotations

import re
from datetime import date, timedelta

from services.sheets.cells import CellValue, squeeze
from services.sheets.dates import Precision, UnreadableDate, read_date, read_heading

_DASHES = re.compile("[‐‑‒–—―−~至到-]+")
_CLOCK = re.compile(
    r"(?P<half>上午|早上|早晨|中午|下午|晚上|晚|早)?(?P<hour>\d{1,2})"
    r"(?:[:时点](?P<minute>\d{1,2})?分?(?::00)?(?P<thirty>半)?(?:整)?)"
)
_AFTERNOON = frozenset({"下午", "晚上", "晚"})
_DAY = 24 * 60


class UnreadableTime(ValueError):
    """No time, or one that may be two."""


def read_times(value: CellValue) -> tuple[int, int | None]:
    """Minutes after midnight of the start and, where both are written, the end.

    Raises UnreadableTime.
    """
    if isinstance(value, float) and 0 < value < 1:  # a time that lost its format
        return round(value * _DAY), None
    parts = _DASHES.split(squeeze(value))
    if len(parts) == 1:
        return _minutes(parts[0])[0], None
    if len(parts) != 2:
        raise UnreadableTime
    start, half = _minutes(parts[0])
    end, own_half = _minutes(parts[1])
    if half in _AFTERNOON and not own_half and end < start:
        end += _DAY // 2
    return start, end


def _minutes(text: str) -> tuple[int, str]:
    found = _CLOCK.fullmatch(text)
    if found is None or (found["minute"] and found["thirty"]):
        raise UnreadableTime
    hour, half = int(found["hour"]), found["half"] or ""
    minute = 30 if found["thirty"] else int(found["minute"] or 0)
    if half in _AFTERNOON and hour < 12:
        hour += 12
    if hour > 23 or minute > 59:
        raise UnreadableTime
    return hour * 60 + minute, half


def read_slot_day(value: CellValue, today: date) -> tuple[date, int | None, bool]:
    """The day, the weekday written beside it (Monday 0), and whether its year was guessed.

    A day without its year is the next one from today on. Raises UnreadableDate.
    """
    heading = read_heading(value)
    if heading is None or (isinstance(value, (int, float))):
        found = read_date(value)
        if found.precision is not Precision.DAY:
            raise UnreadableDate
        return found.day, None, False
    year = heading.year or today.year
    day = _existing(year, heading.month, heading.day)
    if heading.year is None and (day is None or day < today - timedelta(days=7)):
        day = _existing(year + 1, heading.month, heading.day)
    if day is None:
        raise UnreadableDate
    return day, heading.weekday, heading.year is None


def _existing(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def clock_text(minutes: int) -> str:
    """570 → 09:30."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
