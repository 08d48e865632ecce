"""Planned begins and ends of work → cells of a ward's roster, in the ward's own codes.

A platform knows hours, a ward knows codes. The instants decide: a night that the ward writes on
the day before lands there, whatever day the platform files it under. Where the roster already
says the same hours, or says nothing but rest or absence on a rest day, its cell stays as it is:
年休 is a rest to the platform, and 责 has the hours of 白.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby

from message_templates.environment import day as day_words
from models.clock import SHANGHAI
from models.shift_codes import CodeUse, ShiftCode, ShiftCodeTable, ShiftKind
from models.shift_hours import DAY, NOON, Segment, format_segments
from services.duties import uses_of
from services.sheets.diff import RosterMap
from services.sheets.people import StaffRef
from services.sheets.problems import Problem, Severity, capped
from services.sheets.roster import Entry, RosterSheet
from services.sources import PlannedCheck

SHEET = "钉钉排班"
NEIGHBOURS = (0, -1, 1)  # the platform's own day first, then the days around it
Segments = tuple[Segment, ...]
Key = tuple[int, date]


def margin(table: ShiftCodeTable) -> timedelta:
    """How far around a period the platform has to be asked: nights may be filed a day off."""
    nights = any(
        code.kind is ShiftKind.NIGHT and code.segments and code.segments[0][0] < NOON
        for code in table.codes
    )
    return timedelta(days=1 if nights else 0)


@dataclass(frozen=True, slots=True)
class _Placed:
    """Hours that landed on a day of the roster, with the code that means them."""

    code: ShiftCode
    segments: Segments
    others: tuple[ShiftCode, ...]


@dataclass
class _Day:
    """What is known of one cell: `told` when the platform says anything of that day."""

    placed: list[_Placed] = field(default_factory=list)
    told: bool = False
    broken: bool = False


class PlanReader:
    """Reads a plan for one unit and period; `current` is the roster as published."""

    def __init__(
        self,
        table: ShiftCodeTable,
        current: RosterMap,
        people: Mapping[str, StaffRef],
        first: date,
        last: date,
    ) -> None:
        self._table = table
        self._current = current
        self._people = {user.lower(): person for user, person in people.items()}
        self._period = (first, last)
        self._days: dict[Key, _Day] = {}
        self._entries: list[Entry] = []
        self._same: dict[tuple[str, ...], int] = {}
        self._silent: dict[StaffRef, list[date]] = {}
        self._problems: list[Problem] = []

    def read(self, checks: Iterable[PlannedCheck]) -> RosterSheet:
        """The roster it makes. With a problem of severity error nothing of it may be applied."""
        for (user, day), group in groupby(_ordered(checks), key=_filed):
            person = self._people.get(user)
            if person is not None:
                self._take(person, day, list(group))
        for person in sorted(set(self._people.values()), key=lambda one: one.staff_no):
            for day in _days(*self._period):
                self._settle(person, day)
        self._tell()
        problems = capped(self._problems)
        return RosterSheet(None, SHEET, "", self._period, tuple(self._entries), problems)

    def _take(self, person: StaffRef, filed: date, checks: Sequence[PlannedCheck]) -> None:
        self._day(person, filed).told = True
        work = [check for check in checks if not check.rest]
        pairs = _pairs(work)
        if pairs is None:
            self._break(person, filed, "plan_unpaired", hours="")
            return
        if not pairs:
            return
        segments = _minutes(filed, pairs)
        if self._place(person, filed, segments):
            return
        # Several codes in one cell: each stretch by itself, and only when all of them are known.
        found = [self._where(person, filed, (segment,)) for segment in segments]
        if any(one is None for one in found):
            self._break(person, filed, "plan_hours_unknown", hours=format_segments(segments))
        for segment in segments if None not in found else ():
            self._place(person, filed, (segment,))

    def _place(self, person: StaffRef, filed: date, segments: Segments) -> bool:
        found = self._where(person, filed, segments)
        if found is not None:
            day, placed = found
            self._day(person, day).placed.append(placed)
        return found is not None

    def _where(
        self, person: StaffRef, filed: date, segments: Segments
    ) -> tuple[date, _Placed] | None:
        """The day and code of these hours: what the roster has already wins over the table."""
        candidates = [
            (filed + timedelta(days=offset), _moved(segments, -offset)) for offset in NEIGHBOURS
        ]
        for day, moved in candidates:
            for use in self._working(person, day):
                if use.segments == moved:
                    return day, _Placed(use.code, moved, ())
        for day, moved in candidates:
            codes = [
                code
                for code in self._table.codes
                if code.kind.works and code.segments and code.placed_segments == moved
            ]
            if codes:
                return day, _Placed(codes[0], moved, tuple(codes[1:]))
        return None

    def _settle(self, person: StaffRef, day: date) -> None:
        """One cell: kept, worked, rest, or untouched because nothing is known of it."""
        known = self._days.get((person.id, day))
        current = self._current.get((person.id, day), ())
        if known is None or (not known.told and not known.placed):
            self._silent.setdefault(person, []).append(day)
        elif known.broken:
            return
        elif not known.placed:
            self._rest(person, day, current)
        elif self._agrees(person, day, known):
            self._add(person, day, current)
        else:
            self._work(person, day, known)

    def _agrees(self, person: StaffRef, day: date, known: _Day) -> bool:
        """Whether the roster has exactly these hours already, however it calls them."""
        here = sorted(part for use in self._working(person, day) for part in use.segments)
        there = sorted(part for one in known.placed for part in one.segments)
        return here == there

    def _work(self, person: StaffRef, day: date, known: _Day) -> None:
        placed = sorted(known.placed, key=lambda one: one.segments)
        for one in placed:
            if one.others:
                names = tuple(code.code for code in (one.code, *one.others))
                self._same[names] = self._same.get(names, 0) + 1
        self._add(person, day, tuple(dict.fromkeys(CodeUse(one.code).label for one in placed)))

    def _rest(self, person: StaffRef, day: date, current: tuple[str, ...]) -> None:
        if current and not self._working(person, day):
            self._add(person, day, current)
        elif self._table.rest is not None:
            self._add(person, day, (self._table.rest.code,))
        else:
            self._report(Severity.ERROR, "plan_no_rest_code")

    def _working(self, person: StaffRef, day: date) -> list[CodeUse]:
        labels = self._current.get((person.id, day), ())
        return [use for use in uses_of(self._table, labels) if use.code.kind.works]

    def _add(self, person: StaffRef, day: date, labels: tuple[str, ...]) -> None:
        uses = tuple(uses_of(self._table, labels))
        self._entries.append(Entry(0, "", person, day, uses, "/".join(labels)))

    def _day(self, person: StaffRef, day: date) -> _Day:
        return self._days.setdefault((person.id, day), _Day())

    def _break(self, person: StaffRef, day: date, key: str, *, hours: str) -> None:
        self._day(person, day).broken = True
        if self._period[0] <= day <= self._period[1]:
            self._report(Severity.ERROR, key, name=person.name, day=day_words(day), hours=hours)

    def _tell(self) -> None:
        for names, count in self._same.items():
            codes = "、".join(names)
            self._report(
                Severity.WARNING, "plan_same_hours", codes=codes, chosen=names[0], count=str(count)
            )
        for person, days in self._silent.items():
            self._report(Severity.WARNING, "plan_silent", name=person.name, days=_listed(days))
        if not self._entries and not self._problems_are_errors():
            self._report(Severity.ERROR, "plan_empty")

    def _problems_are_errors(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self._problems)

    def _report(self, severity: Severity, key: str, **params: str) -> None:
        problem = Problem(severity, key, params=params)
        if problem not in self._problems:
            self._problems.append(problem)


def _filed(check: PlannedCheck) -> tuple[str, date]:
    return check.user_id.lower(), check.day


def _ordered(checks: Iterable[PlannedCheck]) -> list[PlannedCheck]:
    """By person, day and instant; where one stretch meets the next, the end comes first."""
    distinct = dict.fromkeys(checks)
    return sorted(distinct, key=lambda one: (*_filed(one), one.at, one.begins))


def _pairs(checks: Sequence[PlannedCheck]) -> list[tuple[datetime, datetime]] | None:
    """Begins and ends in turn; None when they are not."""
    begins, ends = checks[::2], checks[1::2]
    whole = len(begins) == len(ends)
    if not whole or any(not b.begins or e.begins for b, e in zip(begins, ends, strict=True)):
        return None
    pairs = [(b.at, e.at) for b, e in zip(begins, ends, strict=True)]
    return pairs if all(start < end for start, end in pairs) else None


def _minutes(day: date, pairs: Sequence[tuple[datetime, datetime]]) -> Segments:
    midnight = datetime.combine(day, time(), SHANGHAI)
    return tuple(
        (int((start - midnight).total_seconds() // 60), int((end - start).total_seconds() // 60))
        for start, end in pairs
    )


def _moved(segments: Segments, days: int) -> Segments:
    return tuple((start + days * DAY, length) for start, length in segments)


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _listed(days: Sequence[date]) -> str:
    """`12月1日(周二)至12月5日(周六)、12月9日(周三)`."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return "、".join(
        day_words(run[0]) if len(run) == 1 else f"{day_words(run[0])}至{day_words(run[-1])}"
        for run in runs
    )
