"""A licence list → licences: long or wide, with every contradiction within a row found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.licence_kinds import LicenceKind
from services.licence_steps import end_of_cycle
from services.sheets.cells import CellValue, Sheet
from services.sheets.dates import Precision, UnreadableDate, read_start, read_term
from services.sheets.licence_columns import FIELDS, PERSON, LicenceWords
from services.sheets.listing import Entry, entries
from services.sheets.people import number_key
from services.sheets.problems import Place, Problem, Severity, capped, has_errors

# Renewed early, a licence runs on from its old end: so much longer than its term it may be.
EARLY = timedelta(days=184)
LONGEST = 60  # years, where a kind has no term
_NUMBER = 64
_TEXT = 128


@dataclass(frozen=True, slots=True)
class LicenceRow:
    """One licence as listed; "" and None where the list is silent. `row` is 1-based.

    `issued` is when a cycle was last done, where the kind goes by cycles. `places` are the cells
    of `staff_no`, `name` and `valid_to`, for what only the database can tell about them.
    """

    row: int
    staff_no: str
    name: str
    kind: str
    number: str = ""
    issuer: str = ""
    first_issued: date | None = None
    issued: date | None = None
    valid_to: date | None = None
    perpetual: bool = False
    place: str = ""
    scope: str = ""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class LicenceList:
    """With any problem of severity error nothing of the list may be applied."""

    rows: tuple[LicenceRow, ...]
    problems: tuple[Problem, ...]


def parse_licences(sheets: Sequence[Sheet], words: LicenceWords, today: date) -> LicenceList:
    """Read every sheet that lists licences, in the shape each has."""
    found = [(sheet, known) for sheet in sheets if (known := words.find(sheet))]
    if not found:
        return LicenceList((), (Problem(Severity.ERROR, "no_licences"),))
    problems: list[Problem] = []
    rows: list[LicenceRow] = []
    for sheet, (head, shape) in found:
        wide = [key for key in head.columns if "." in key]
        kinds = dict.fromkeys(key.partition(".")[0] for key in wide)
        for entry in entries(sheet, head, shape, problems):
            reader = _Reader(entry, words, today)
            rows += reader.wide(list(kinds)) if wide else reader.long()
    if not rows and not has_errors(problems):
        problems.append(Problem(Severity.ERROR, "no_rows"))
    return LicenceList(tuple(rows), capped(problems))


class _Reader:
    """One row of the sheet: one licence, or what a person has of each kind."""

    def __init__(self, entry: Entry, words: LicenceWords, today: date) -> None:
        self._entry = entry
        self._words = words
        self._today = today

    def long(self) -> list[LicenceRow]:
        entry = self._entry
        written = entry.required("kind")
        kind = self._words.kinds.named(written)
        if written and kind is None:
            known = "、".join(each.name for each in self._words.kinds)
            entry.report("licence_kind_unknown", "kind", known=known)
        row = self._licence(kind, "") if kind else None
        return [row] if row and not entry.failed else []

    def wide(self, kinds: Sequence[str]) -> list[LicenceRow]:
        """Kinds of which the row says nothing are no licences."""
        rows = [
            self._licence(self._words.kinds[key], f"{key}.")
            for key in kinds
            if any(
                self._said(f"{key}.{name}") for name in ("number", "issued", "valid_to", "done")
            )
        ]
        return [row for row in rows if row and not self._entry.failed]

    def _said(self, name: str) -> bool:
        return self._entry.has(name) and not _silent(self._entry.value(name))

    def _licence(self, kind: LicenceKind, prefix: str) -> LicenceRow | None:
        entry = self._entry
        columns = {name: f"{prefix}{name}" for name in FIELDS}
        number, name = number_key(entry.value("staff_no")), entry.name("name")
        if not number and not name:
            entry.report("name_missing", "name")
            return None
        begun, valid_to, perpetual = self._term(columns["valid_to"])
        done = self._day(columns["done"]) if kind.cycle else None
        issued = done or self._day(columns["issued"]) or begun
        if kind.cycle and issued and not valid_to and not perpetual:
            valid_to = end_of_cycle(kind, issued)
        row = LicenceRow(
            row=entry.number,
            staff_no=number,
            name=name,
            kind=kind.key,
            number=_plain(entry, columns["number"], _NUMBER),
            issuer=_plain(entry, columns["issuer"], _TEXT),
            first_issued=self._day(columns["first_issued"]),
            issued=issued,
            valid_to=valid_to,
            perpetual=perpetual,
            place=_plain(entry, columns["place"], _TEXT),
            scope=_plain(entry, columns["scope"], _TEXT),
            places={key: entry.place(key) for key in PERSON}
            | {"valid_to": entry.place(columns["valid_to"])},
        )
        self._check(kind, row, columns)
        return row

    def _term(self, column: str) -> tuple[date | None, date | None, bool]:
        """Begin, end, and whether it is 长期."""
        try:
            begin, end = read_term(self._entry.value(column))
        except UnreadableDate as error:
            self._entry.report(error.message_key, column)
            return None, None, False
        forever = end is not None and end.precision is Precision.FOREVER
        last = end.day if end and not forever else None
        return (begin.day if begin else None), last, forever

    def _day(self, column: str) -> date | None:
        try:
            return read_start(self._entry.value(column))
        except UnreadableDate as error:
            self._entry.report(error.message_key, column)
            return None

    def _check(self, kind: LicenceKind, row: LicenceRow, columns: Mapping[str, str]) -> None:
        end, issued = columns["valid_to"], columns["issued"]
        say = self._entry.report
        begun = row.issued or row.first_issued
        if begun and begun > self._today:
            say("licence_issued_later", issued, day=begun.isoformat())
        if row.issued and row.first_issued and row.first_issued > row.issued:
            say("licence_first_after", columns["first_issued"], issued=row.issued.isoformat())
        if row.perpetual and kind.years:
            say("licence_not_forever", end, licence=kind.name, years=str(kind.years))
        if row.valid_to:
            self._check_end(kind, row, row.valid_to, end)
        elif not row.perpetual and kind.years and not self._entry.failed:
            say("licence_end_missing", end, Severity.WARNING, licence=kind.name)

    def _check_end(self, kind: LicenceKind, row: LicenceRow, end: date, column: str) -> None:
        say = self._entry.report
        told = {"licence": kind.name, "end": end.isoformat()}
        begun = row.issued or row.first_issued
        years = kind.years or LONGEST
        if begun and end < begun:
            say("licence_ends_before", column, Severity.ERROR, begun=begun.isoformat(), **told)
        elif end > _later(self._today, years) + EARLY:
            say("licence_term_long", column, Severity.ERROR, years=str(years), **told)
        elif row.issued and kind.years and end > _later(row.issued, years) + EARLY:
            begun_text = row.issued.isoformat()
            told |= {"years": str(years), "begun": begun_text}
            say("licence_term_doubtful", column, Severity.WARNING, **told)
        if end < self._today:
            key = "licence_over_blocks" if kind.blocks else "licence_over"
            say(key, column, Severity.WARNING, **told)


def _later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 2, 28)


def _silent(value: CellValue) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return read_term(value) == (None, None)
    except UnreadableDate:
        return False


def _plain(entry: Entry, column: str, limit: int) -> str:
    text = "" if _silent(entry.value(column)) else entry.text(column)
    if len(text) > limit:
        entry.report("text_too_long", column, limit=str(limit))
    return text
