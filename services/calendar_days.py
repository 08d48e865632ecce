"""Working days with 调休, from our own table first; years nobody announced yet are provisional."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import chinese_calendar

_WEEKDAYS = "一二三四五六日"
_SATURDAY = 5
_LONGEST_REST = 366  # days; an own table that rests longer is a mistake, not a holiday


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """`provisional`: a guess by weekday, since the State Council's notice is not in yet."""

    day: date
    working: bool
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """`own` maps a day to whether it is worked; it wins over the published calendar.

    In an `announced` year all other days go by the weekday and none is provisional.
    """

    own: Mapping[date, bool] = field(default_factory=dict)
    announced: frozenset[int] = frozenset()

    def on(self, day: date) -> CalendarDay:
        """Our own table, else chinesecalendar, else Monday to Friday marked provisional."""
        known = self.own.get(day)
        if known is not None:
            return CalendarDay(day, known)
        try:
            return CalendarDay(day, bool(chinese_calendar.is_workday(day)))
        except NotImplementedError:  # beyond the years the package knows
            guess = day.weekday() < _SATURDAY
            return CalendarDay(day, guess, provisional=day.year not in self.announced)

    def is_working_day(self, day: date) -> bool:
        return self.on(day).working

    def is_provisional(self, day: date) -> bool:
        return self.on(day).provisional

    def add_working_days(self, day: date, count: int) -> CalendarDay:
        """The `count`-th working day after `day` (before it, when negative).

        With 0 it is `day` itself, or the next working day when `day` is none. The result is
        provisional when any day passed on the way was. Raises ValueError when the own table
        leaves no day of a year to work.
        """
        step = timedelta(days=-1 if count < 0 else 1)
        left, resting = abs(count), 0
        current = self.on(day)
        provisional = current.provisional
        if left == 0 and not current.working:
            left = 1
        while left:
            current = self.on(current.day + step)
            provisional = provisional or current.provisional
            left -= current.working
            resting = 0 if current.working else resting + 1
            if resting > _LONGEST_REST:
                raise ValueError(f"no working day in {_LONGEST_REST} days around {current.day}")
        return CalendarDay(current.day, current.working, provisional)

    def opens_holiday(self, day: date) -> bool:
        """The last worked day before rest that takes in some Monday to Friday: a holiday's eve.

        Raises ValueError when no day of the coming year is worked.
        """
        if not self.is_working_day(day) or self.is_working_day(day + timedelta(days=1)):
            return False
        return any(rest.weekday() < _SATURDAY for rest in self._rest_after(day))

    def _rest_after(self, day: date) -> Iterator[date]:
        for step in range(1, _LONGEST_REST + 1):
            rest = day + timedelta(days=step)
            if self.is_working_day(rest):
                return
            yield rest
        raise ValueError(f"no working day in the {_LONGEST_REST} days after {day}")


def load_calendar(data: Mapping[str, object]) -> WorkingCalendar:
    """A parsed `working_days.toml`: `worked` and `rest` days, `announced` years.

    Raises ValueError naming the key and the entry that is wrong.
    """
    unknown = set(data) - {"worked", "rest", "announced"}
    if unknown:
        raise ValueError(f"working_days.toml: nobody reads {sorted(unknown)[0]!r}")
    worked, rest = _days(data, "worked"), _days(data, "rest")
    if both := sorted(worked & rest):
        raise ValueError(f"working_days.toml: {both[0]} stands under both worked and rest")
    years = frozenset(int(str(year)) for year in _list(data, "announced"))
    own = dict.fromkeys(worked, True) | dict.fromkeys(rest, False)
    return WorkingCalendar(own, years)


def _days(data: Mapping[str, object], key: str) -> set[date]:
    days = _list(data, key)
    for day in days:
        if not isinstance(day, date) or isinstance(day, datetime):
            raise ValueError(f"working_days.toml: {key} holds days like 2027-01-01, not {day!r}")
    return {day for day in days if isinstance(day, date)}


def _list(data: Mapping[str, object], key: str) -> Sequence[object]:
    value = data.get(key, ())
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"working_days.toml: {key} is a list, not {value!r}")
    return value


def weekday_name(day: date) -> str:
    """周一 … 周日."""
    return f"周{_WEEKDAYS[day.weekday()]}"
