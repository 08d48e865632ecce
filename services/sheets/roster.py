"""A roster file → who works when; every finding with its place; never half-applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from models.shift_codes import CodeUse, ShiftCodeTable
from services.sheets.cells import Sheet
from services.sheets.legend import compare_legend
from services.sheets.night_rule import doubtful_nights
from services.sheets.people import StaffDirectory, StaffRef
from services.sheets.problems import Problem, Severity, capped
from services.sheets.roster_layout import Layout, unit_title
from services.sheets.roster_month import find_month
from services.sheets.roster_rows import RowReader
from services.sheets.roster_week import find_week


class RosterFormat(StrEnum):
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's day. `row` is 1-based, `column` a letter; `raw` is the cell as written."""

    row: int
    column: str
    staff: StaffRef
    day: date
    codes: tuple[CodeUse, ...]
    raw: str

    @property
    def labels(self) -> tuple[str, ...]:
        """Canonical spellings, for comparing and storing."""
        return tuple(use.label for use in self.codes)


@dataclass(frozen=True, slots=True)
class RosterSheet:
    """What a sheet says. With any problem of severity error nothing of it may be applied.

    `period` is None only when the file holds no roster. `unit_title` is the ward as the title
    names it, "" when it names none.
    """

    format: RosterFormat | None
    sheet: str
    unit_title: str
    period: tuple[date, date] | None
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    @property
    def applicable(self) -> bool:
        return bool(self.entries) and all(
            problem.severity is not Severity.ERROR for problem in self.problems
        )


def parse_roster(
    sheets: Sequence[Sheet],
    codes: ShiftCodeTable,
    staff: Sequence[StaffRef],
    reference: date,
    *,
    sheet_name: str | None = None,
) -> RosterSheet:
    """Read the one roster among `sheets`.

    `reference` is the day by which years left unsaid are inferred. A file with several rosters
    is an error that lists their tabs, unless `sheet_name` chooses one.
    """
    wanted = [sheet for sheet in sheets if sheet_name in (None, sheet.name)]
    found = [layout for sheet in wanted if (layout := detect(sheet, reference))]
    if not found:
        return _refused(Problem(Severity.ERROR, "no_roster"))
    if len(found) > 1:
        names = "、".join(layout.sheet.name for _, layout in found)
        return _refused(Problem(Severity.ERROR, "several_rosters", params={"names": names}))
    return _read(*found[0], codes, staff)


def detect(sheet: Sheet, reference: date) -> tuple[RosterFormat, Layout] | None:
    """Which of the two formats a sheet has, and where its names and days are."""
    if week := find_week(sheet, reference):
        return RosterFormat.WEEK, week
    if month := find_month(sheet, reference):
        return RosterFormat.MONTH, month
    return None


def _refused(problem: Problem) -> RosterSheet:
    return RosterSheet(None, "", "", None, (), (problem,))


def _read(
    kind: RosterFormat,
    layout: Layout,
    codes: ShiftCodeTable,
    staff: Sequence[StaffRef],
) -> RosterSheet:
    reader = RowReader(layout, codes, StaffDirectory(staff))
    for row in range(layout.first_row, len(layout.sheet.rows)):
        if row not in layout.sheet.hidden_rows:
            reader.read(row)
    problems = [*layout.problems, *reader.finish()]
    problems += compare_legend(reader.notes, codes, layout.sheet.name)
    rest = (CodeUse(codes.rest),) if codes.rest else ()
    entries = tuple(
        Entry(
            cell.row, cell.column, cell.staff, cell.day, cell.codes if cell.raw else rest, cell.raw
        )
        for cell in reader.cells
    )
    if nights := doubtful_nights({(entry.staff.id, entry.day): entry.codes for entry in entries}):
        params = {"count": str(nights)}
        problems.append(
            Problem(
                Severity.WARNING, "night_rule_doubtful", sheet=layout.sheet.name, params=params
            )
        )
    if not reader.cells and not problems:
        problems.append(Problem(Severity.ERROR, "no_people", sheet=layout.sheet.name))
    return RosterSheet(
        format=kind,
        sheet=layout.sheet.name,
        unit_title=unit_title(layout.sheet, layout.header_row),
        period=layout.period if layout.days else None,
        entries=entries,
        problems=capped(problems),
    )
