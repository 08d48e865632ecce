"""Which day a word means, seen from today and from the offered times. Pure calendar arithmetic.

The readings, all in Asia/Shanghai; `offers` are local and naive:

* a bare weekday is the one nearest to an offered day, never before today;
* 这周, 本周 is the calendar week of today, Monday first; a day of it that is over means the
  same day a week on;
* 下周 is the calendar week after, 下下周 the one after that;
* a bare day of the month is the one nearest to an offered day, never before today;
* a month and a day without a year are the next such day, if it is within half a year.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

_HORIZON = timedelta(days=183)  # nobody moves an interview further; a longer way is a slip
_WEEK = timedelta(weeks=1)


def weekday(number: int, week: int | None, today: date, offers: Sequence[datetime]) -> date:
    """`number` counts Monday as 0; `week`: 0 this, 1 next …; None when no week is named."""
    monday = today - timedelta(days=today.weekday())
    if week is None:
        first = today + timedelta(days=(number - today.weekday()) % 7)
        last = max([*(offer.date() for offer in offers), today]) + _WEEK
        count = (last - first).days // 7 + 1
        return _nearest((first + _WEEK * step for step in range(count)), offers)
    day = monday + timedelta(days=number) + _WEEK * week
    return day if day >= today else day + _WEEK


def month_day(month: int, day: int, today: date) -> date | None:
    """The next such day; None when there is none within half a year."""
    for year in (today.year, today.year + 1):
        found = exact(year, month, day)
        if found is not None and found >= today:
            return found if found - today <= _HORIZON else None
    return None


def day_of_month(day: int, today: date, offers: Sequence[datetime]) -> date | None:
    """28号: among the coming months' 28th the one nearest to an offered day."""
    found = [exact(*_month_after(today, step), day) for step in range(8)]
    return _nearest((one for one in found if one is not None and one >= today), offers)


def day_of_next_month(day: int, months: int, today: date) -> date | None:
    """下月3号; None when that month has no such day or the day is over."""
    found = exact(*_month_after(today, months), day)
    return found if found is not None and found >= today else None


def first_of_month(day: date, months: int) -> date:
    """The first of the month of `day`, or of one so many months later."""
    return date(*_month_after(day, months), 1)


def exact(year: int, month: int, day: int) -> date | None:
    """The day, or None where the calendar has none."""
    with suppress(ValueError):
        return date(year, month, day)
    return None


def _month_after(today: date, months: int) -> tuple[int, int]:
    year, month = divmod(today.month - 1 + months, 12)
    return today.year + year, month + 1


def _nearest(days: Iterable[date], offers: Sequence[datetime]) -> date:
    """The day with the least distance to an offer; of two equal ones the earlier."""
    return min(days, key=lambda day: (min(abs(offer.date() - day) for offer in offers), day))
