"""A table of interview slots → rows: where, when, how many seats, who asks the questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from services.sheets.cells import Sheet
from services.sheets.dates import UnreadableDate, weekday_name
from services.sheets.listing import Entry, ListWords, entries, find_head
from services.sheets.problems import Problem, Severity, capped, has_errors
from services.sheets.slot_times import (
    UnreadableTime,
    clock_text,
    read_slot_day,
    read_times,
)

_NAMES = re.compile(r"[、,;/和]+")
_MINUTES = re.compile(r"(\d{1,3})(?:分钟|分|min)?", re.IGNORECASE)
_NUMBER = re.compile(r"(\d{1,3})(?:人|个|位|名)?")
_LONGEST = 8 * 60
_MOST_SEATS = 500
_LONGEST_PLACE, _LONGEST_GROUP = 128, 32
_EARLY, _LATE = 7 * 60, 21 * 60


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot as listed: `minutes` long from `start` (local) on `day`. `row` is 1-based."""

    row: int
    post: str
    day: date
    start: time
    minutes: int
    place: str
    seats: int = 1
    taken: int = 0
    interviewers: tuple[str, ...] = ()
    group: str = ""

    @property
    def first_minute(self) -> int:
        return self.start.hour * 60 + self.start.minute

    def overlaps(self, other: SlotRow) -> bool:
        return (
            self.day == other.day
            and self.first_minute < other.first_minute + other.minutes
            and other.first_minute < self.first_minute + self.minutes
        )


@dataclass(frozen=True, slots=True)
class SlotList:
    """With any problem of severity error nothing of the list may be applied."""

    rows: tuple[SlotRow, ...]
    problems: tuple[Problem, ...]

    @property
    def applicable(self) -> bool:
        return bool(self.rows) and not has_errors(self.problems)


def parse_slots(sheets: Sequence[Sheet], words: ListWords, today: date) -> SlotList:
    """Read every sheet whose head has 岗位, 日期, 开始 and 地点; `today` is the local day."""
    found = [(sheet, head) for sheet in sheets if (head := find_head(sheet, words))]
    if not found:
        return SlotList((), (Problem(Severity.ERROR, "no_slots"),))
    problems: list[Problem] = []
    reader = _Reader(today)
    for sheet, head in found:
        for entry in entries(sheet, head, words, problems):
            reader.read(entry)
    if not reader.rows and not has_errors(problems):
        problems.append(Problem(Severity.ERROR, "no_rows"))
    return SlotList(tuple(reader.rows), capped(problems))


class _Reader:
    def __init__(self, today: date) -> None:
        self._today = today
        self._known: dict[tuple[object, ...], SlotRow] = {}
        self._at: dict[tuple[date, str], _Times] = {}
        self._of: dict[tuple[date, str], _Times] = {}
        self.rows: list[SlotRow] = []

    def read(self, entry: Entry) -> None:
        post, place = entry.required("post"), entry.required("place", _LONGEST_PLACE)
        day, times = self._day(entry), _times(entry)
        seats = _count(entry, "seats", "slot_seats_unknown", 1, _MOST_SEATS, default=1)
        taken = _count(entry, "taken", "slot_taken_unknown", 0, seats, default=0)
        names = tuple(name for name in _NAMES.split(entry.text("interviewers")) if name)
        group = entry.text("group", _LONGEST_GROUP)
        if day is None or times is None or entry.failed:
            return
        start = time(times[0] // 60, times[0] % 60)
        length = times[1]
        row = SlotRow(entry.number, post, day, start, length, place, seats, taken, names, group)
        self._compare(row, entry)
        if not entry.failed:
            self.rows.append(row)

    def _day(self, entry: Entry) -> date | None:
        if not entry.required("day"):
            return None
        try:
            day, weekday, guessed = read_slot_day(entry.value("day"), self._today)
        except UnreadableDate as error:
            entry.report(error.message_key, "day")
            return None
        text = day.isoformat()
        if weekday is not None and weekday != day.weekday():
            real, written = weekday_name(day.weekday()), weekday_name(weekday)
            entry.report("slot_weekday_differs", "day", date=text, real=real, written=written)
        elif day < self._today:
            entry.report("slot_past", "day", date=text)
        elif guessed:
            entry.report("slot_year_missing", "day", Severity.WARNING, date=text)
        return day

    def _compare(self, row: SlotRow, entry: Entry) -> None:
        """Of each kind the first that is in the way: a column filled down would tell millions."""
        same = (row.post, row.day, row.start, row.place, row.group)
        at = self._at.setdefault((row.day, row.place), _Times())
        if other := self._known.get(same):
            told = {"first": str(other.row), "place": row.place}
            entry.report("slot_twice", "place", Severity.ERROR, **told)
            return
        if other := at.first(row):
            told = {"first": str(other.row), "place": row.place}
            entry.report("slot_place_busy", "place", Severity.WARNING, **told)
        for person in dict.fromkeys(row.interviewers):
            theirs = self._of.setdefault((row.day, person), _Times())
            if other := theirs.first(row, elsewhere=True):
                told = {"first": str(other.row), "person": person}
                entry.report("slot_interviewer_busy", "interviewers", Severity.WARNING, **told)
            theirs.note(row)
        self._known[same] = row
        at.note(row)


class _Times:
    """When a place or a person is taken on a day: of equal times the first row alone."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int, str], SlotRow] = {}

    def note(self, row: SlotRow) -> None:
        self._rows.setdefault((row.first_minute, row.minutes, row.place), row)

    def first(self, row: SlotRow, *, elsewhere: bool = False) -> SlotRow | None:
        for other in self._rows.values():
            if row.overlaps(other) and not (elsewhere and other.place == row.place):
                return other
        return None


def _times(entry: Entry) -> tuple[int, int] | None:
    """Start and length in minutes; None, and reported, when they cannot be had."""
    if not entry.required("start"):
        return None
    written = _clock(entry, "start")
    ends = _clock(entry, "end") if entry.text("end") else None
    length = _length(entry)
    if written is None or entry.failed:
        return None
    start, end = written
    end = ends[0] if ends else end
    if not _EARLY <= start < _LATE:
        later = clock_text((start + 12 * 60) % (24 * 60))
        entry.report(
            "slot_odd_hour", "start", Severity.WARNING, time=clock_text(start), later=later
        )
    if end is None and length is None:
        entry.report("slot_end_missing", "end" if entry.has("end") else "start")
        return None
    return _agreed(entry, start, end, length)


def _agreed(
    entry: Entry, start: int, end: int | None, length: int | None
) -> tuple[int, int] | None:
    if end is None:
        assert length is not None
        return start, length
    first, last = clock_text(start), clock_text(end)
    if end <= start:
        entry.report("slot_end_before_start", "start", start=first, end=last)
        return None
    if length is not None and length != end - start:
        entry.report("slot_end_differs", "length", minutes=str(length), end=last)
        return None
    return start, end - start


def _clock(entry: Entry, field: str) -> tuple[int, int | None] | None:
    value = entry.value(field)
    if isinstance(value, date):
        entry.report("slot_time_lost", field)
        return None
    try:
        return read_times(value)
    except UnreadableTime:
        entry.report("slot_time_unreadable", field)
        return None


def _length(entry: Entry) -> int | None:
    written = entry.text("length")
    if not written:
        return None
    found = _MINUTES.fullmatch(written)
    if found is None or not 1 <= int(found[1]) <= _LONGEST:
        entry.report("slot_length_unknown", "length")
        return None
    return int(found[1])


def _count(entry: Entry, field: str, key: str, least: int, most: int, *, default: int) -> int:
    written = entry.text(field)
    if not written:
        return default
    found = _NUMBER.fullmatch(written)
    if found is None or not least <= int(found[1]) <= most:
        entry.report(key, field)
        return default
    return int(found[1])
