"""A sheet of leave and wishes → rows: who, what, from when until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.sheets.cells import Sheet
from services.sheets.dates import Precision, UnreadableDate, read_term
from services.sheets.listing import Entry, ListWords, entries, find_head
from services.sheets.people import number_key
from services.sheets.problems import Place, Problem, Severity, capped, has_errors

LONGEST = 400  # days of one leave; 进修 and 产假 are the longest


@dataclass(frozen=True, slots=True)
class WishRow:
    """One leave or wish as listed; `kind` is as written, both days are included."""

    row: int
    staff_no: str
    name: str
    kind: str
    first: date
    last: date
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class WishList:
    """With any problem of severity error nothing of the list may be applied."""

    rows: tuple[WishRow, ...]
    problems: tuple[Problem, ...]


def parse_wishes(sheets: Sequence[Sheet], words: ListWords, today: date) -> WishList:
    """Read every sheet that has 姓名, 类别 and 起."""
    found = [(sheet, head) for sheet in sheets if (head := find_head(sheet, words))]
    if not found:
        return WishList((), (Problem(Severity.ERROR, "no_wishes"),))
    problems: list[Problem] = []
    rows = [
        row
        for sheet, head in found
        for entry in entries(sheet, head, words, problems)
        if (row := _row(entry, today))
    ]
    if not rows and not has_errors(problems):
        problems.append(Problem(Severity.ERROR, "no_rows"))
    return WishList(tuple(rows), capped(problems))


def _row(entry: Entry, today: date) -> WishRow | None:
    number, name = number_key(entry.value("staff_no")), entry.name("name")
    if not number and not name:
        entry.report("name_missing", "name")
    kind = entry.required("kind")
    first, last = _days(entry)
    if first is None or last is None:
        return None
    if last < first:
        entry.report("wish_ends_before", "last", first=first.isoformat())
    elif (last - first).days >= LONGEST:
        entry.report("wish_long", "last", most=str(LONGEST))
    elif last < today:
        entry.report("wish_past", "last" if entry.has("last") else "first", Severity.WARNING)
    if entry.failed:
        return None
    places = {key: entry.place(key) for key in ("staff_no", "name", "kind", "first")}
    return WishRow(entry.number, number, name, kind, first, last, places)


def _days(entry: Entry) -> tuple[date | None, date | None]:
    """起 and 止, or both in one cell: 2026-12-20至2026-12-22. Without an end it is one day."""
    begun, end = _term(entry, "first")
    if end is None:
        entry.required("first")
        return None, None
    _, last = _term(entry, "last")
    first = begun or end
    return first, last or end


def _term(entry: Entry, column: str) -> tuple[date | None, date | None]:
    """Whole days only: a month alone or 长期 is no leave."""
    try:
        begun, end = read_term(entry.value(column))
    except UnreadableDate as error:
        entry.report(error.message_key, column)
        return None, None
    for day in (begun, end):
        if day and day.precision is not Precision.DAY:
            entry.report("date_unreadable", column)
            return None, None
    return begun.day if begun else None, end.day if end else None
