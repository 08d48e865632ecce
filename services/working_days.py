"""Office time: deadlines in working days, minutes within hours, and when a refusal may go out.

The days come from `WorkingCalendar`; everything here is local (Asia/Shanghai) time, and every
instant in and out is aware. A result that rests on a year not announced yet is `provisional`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from models.clock import SHANGHAI
from models.shift_hours import DAY, Segment, parse_segment
from services.calendar_days import WorkingCalendar

_FRIDAY = 4
_LOOK_AHEAD = 400  # days; longer than any rest WorkingCalendar accepts


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in UTC, its local day, and whether a guessed day was counted on the way."""

    at: datetime
    day: date
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class ReminderAt:
    """On the `working_day`-th working day after the interview, `at` this local time."""

    working_day: int
    at: time


@dataclass(frozen=True, slots=True)
class ResultClock:
    """C06: so many working days, and the reminders on the way."""

    working_days: int
    reminders: tuple[ReminderAt, ...]


@dataclass(frozen=True, slots=True)
class GoodbyeHours:
    """N6: between `start` and `until`, on a day before rest only until `before_rest_until`."""

    start: time
    until: time
    before_rest_until: time
    on_rest_days: bool


@dataclass(frozen=True, slots=True)
class ResultDue:
    """`reminders` are in order and before `deadline`, after which the HR head is told."""

    deadline: Moment
    reminders: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """`hours`: the segments of a working day, in order, apart, within the day."""

    hours: tuple[Segment, ...]
    answer_within: timedelta
    result: ResultClock
    goodbye: GoodbyeHours
    calendar: WorkingCalendar

    def add_working_days(self, instant: datetime, count: int) -> Moment:
        """The close of business on the `count`-th (1 or more) working day after that local day.

        Raises ValueError for a count below 1 or a naive instant.
        """
        start, length = self.hours[-1]
        return self._on_working_day(instant, count, _clock(start + length))

    def result_due(self, interview_ended: datetime, within: int | None = None) -> ResultDue:
        """Deadline and reminders; the date is to be printed, never "3 days".

        `within` are the working days of a post whose results are made public (公示): the same
        reminders, as near to that deadline as they are to the usual one.
        """
        days = within or self.result.working_days
        shift = days - self.result.working_days
        deadline = self.add_working_days(interview_ended, days)
        moments = (
            self._on_working_day(
                interview_ended, max(1, reminder.working_day + shift), reminder.at
            )
            for reminder in self.result.reminders
        )
        return ResultDue(deadline, tuple(sorted(moments, key=lambda moment: moment.at)))

    def add_working_minutes(self, instant: datetime, length: timedelta) -> Moment:
        """When so much office time has passed; outside the hours the clock stands still.

        Raises ValueError for a length that is not positive or a naive instant.
        """
        if length <= timedelta():
            raise ValueError("the length must be positive")
        left, provisional = length, False
        for start, end, guessed in self._open_from(instant):
            provisional = provisional or guessed
            if end - start >= left:
                return _moment(start + left, provisional)
            left -= end - start
        raise ValueError(f"no office hours in the {_LOOK_AHEAD} days after {instant}")

    def answer_due(self, instant: datetime) -> Moment:
        """Until when a person takes over what was not understood (C03)."""
        return self.add_working_minutes(instant, self.answer_within)

    def next_goodbye(self, instant: datetime) -> Moment:
        """`instant` itself where a refusal may be sent then, else the first instant it may."""
        local = _local(instant)
        provisional = False
        for step in range(_LOOK_AHEAD):
            day = local.date() + timedelta(days=step)
            provisional = provisional or self.calendar.is_provisional(day)
            opens = datetime.combine(day, self.goodbye.start, SHANGHAI)
            closes = datetime.combine(day, self._goodbye_until(day), SHANGHAI)
            if max(local, opens) < closes:
                return _moment(max(local, opens), provisional)
        raise ValueError(f"no allowed hours in the {_LOOK_AHEAD} days after {instant}")

    def _goodbye_until(self, day: date) -> time:
        """The end of that day's allowed hours; their start when there are none."""
        calendar, hours = self.calendar, self.goodbye
        if calendar.opens_holiday(day):
            return hours.start
        if not calendar.is_working_day(day):
            tomorrow_rests = not calendar.is_working_day(day + timedelta(days=1))
            late = hours.before_rest_until if tomorrow_rests else hours.until
            return late if hours.on_rest_days else hours.start
        before_rest = not calendar.is_working_day(day + timedelta(days=1))
        return hours.before_rest_until if before_rest or day.weekday() == _FRIDAY else hours.until

    def _on_working_day(self, instant: datetime, count: int, at: time) -> Moment:
        if count < 1:
            raise ValueError("count working days from 1")
        found = self.calendar.add_working_days(_local(instant).date(), count)
        return _moment(datetime.combine(found.day, at, SHANGHAI), found.provisional)

    def _open_from(self, instant: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
        """What is left of the office hours from then on: start, end, and if the day is a guess."""
        local = _local(instant)
        for step in range(_LOOK_AHEAD):
            found = self.calendar.on(local.date() + timedelta(days=step))
            if not found.working:
                if found.provisional:
                    yield local, local, True  # nothing to work, but counted on
                continue
            midnight = datetime.combine(found.day, time(), SHANGHAI)
            for start, length in self.hours:
                opens = max(local, midnight + timedelta(minutes=start))
                closes = midnight + timedelta(minutes=start + length)
                if opens < closes:
                    yield opens, closes, found.provisional


def load_working_time(data: Mapping[str, object], calendar: WorkingCalendar) -> WorkingTime:
    """A parsed `working_time.toml`. Raises ValueError naming what is wrong."""
    try:
        return WorkingTime(
            hours=_hours(_sequence(data["hours"])),
            answer_within=timedelta(minutes=_positive(data["answer_within"])),
            result=_result(_table(data["result"])),
            goodbye=_goodbye(_table(data["goodbye"])),
            calendar=calendar,
        )
    except KeyError as error:
        raise ValueError(f"working_time.toml: {error.args[0]} is missing") from error
    except ValueError as error:
        raise ValueError(f"working_time.toml: {error}") from error


def _hours(texts: Sequence[object]) -> tuple[Segment, ...]:
    hours = tuple(sorted(parse_segment(str(text)) for text in texts))
    ends = [start + length for start, length in hours]
    if not hours or ends[-1] >= DAY:
        raise ValueError("hours need at least one segment and end before midnight")
    if any(end > start for end, (start, _) in zip(ends, hours[1:], strict=False)):
        raise ValueError("hours overlap")
    return hours


def _result(data: Mapping[str, object]) -> ResultClock:
    days = _positive(data["working_days"])
    reminders = tuple(
        ReminderAt(_positive(item["working_day"]), time.fromisoformat(str(item["at"])))
        for item in map(_table, _sequence(data["reminders"]))
    )
    if any(reminder.working_day > days for reminder in reminders):
        raise ValueError("a reminder lies after the deadline")
    return ResultClock(days, reminders)


def _goodbye(data: Mapping[str, object]) -> GoodbyeHours:
    start, until, early = (
        time.fromisoformat(str(data[key])) for key in ("from", "until", "before_rest_until")
    )
    if not start < early <= until or not isinstance(data["on_rest_days"], bool):
        raise ValueError(
            "goodbye needs from < before_rest_until <= until; on_rest_days true/false"
        )
    return GoodbyeHours(start, until, early, data["on_rest_days"])


def _positive(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"a whole number of at least 1, not {value!r}")
    return value


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"a table, not {value!r}")
    return value


def _sequence(value: object) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"a list, not {value!r}")
    return value


def _local(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("the instant must be aware")
    return instant.astimezone(SHANGHAI)


def _clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


def _moment(local: datetime, provisional: bool) -> Moment:
    return Moment(local.astimezone(UTC), local.date(), provisional)
