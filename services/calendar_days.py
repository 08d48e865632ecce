"""Working days with 调休, from our own table first; years nobody announced yet are provisional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import chinese_calendar

_WEEKDAYS = "一二三四五六日"
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """`provisional`: a guess by weekday, since the State Council's notice is not in yet."""

    day: date
    working: bool
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """`own` maps a day to whether it is worked; it wins over the published calendar."""

    own: Mapping[date, bool] = field(default_factory=dict)

    def on(self, day: date) -> CalendarDay:
        """Our own table, else chinesecalendar, else Monday to Friday marked provisional."""
        known = self.own.get(day)
        if known is not None:
            return CalendarDay(day, known)
        try:
            return CalendarDay(day, bool(chinese_calendar.is_workday(day)))
        except NotImplementedError:  # beyond the years the package knows
            return CalendarDay(day, day.weekday() < _SATURDAY, provisional=True)

    def is_working_day(self, day: date) -> bool:
        return self.on(day).working

    def is_provisional(self, day: date) -> bool:
        return self.on(day).provisional

    def add_working_days(self, day: date, count: int) -> CalendarDay:
        """The `count`-th working day after `day` (before it, when negative).

        With 0 it is `day` itself, or the next working day when `day` is none. The result is
        provisional when any day passed on the way was.
        """
        step = timedelta(days=-1 if count < 0 else 1)
        left = abs(count)
        current = self.on(day)
        provisional = current.provisional
        if left == 0 and not current.working:
            left = 1
        while left:
            current = self.on(current.day + step)
            provisional = provisional or current.provisional
            left -= current.working
        return CalendarDay(current.day, current.working, provisional)

    def working_days_between(self, first: date, last: date) -> int:
        """How many of the days first … last, both included, are worked."""
        span = (last - first).days + 1
        return sum(self.is_working_day(first + timedelta(days=step)) for step in range(span))

    def missing_years(self, first: date, last: date) -> tuple[int, ...]:
        """Years of which some day in first … last is only guessed, to warn in time."""
        days = (first + timedelta(days=step) for step in range((last - first).days + 1))
        return tuple(sorted({day.year for day in days if self.is_provisional(day)}))


def weekday_name(day: date) -> str:
    """周一 … 周日."""
    return f"周{_WEEKDAYS[day.weekday()]}"
