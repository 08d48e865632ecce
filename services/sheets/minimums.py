"""A sheet of staffing minimums → rows: which shift of which ward, how many, on which weekdays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.sheets.cells import Sheet
from services.sheets.dates import weekday_number
from services.sheets.listing import Entry, ListWords, entries, find_head
from services.sheets.problems import Place, Problem, Severity, capped, has_errors
from services.sheets.staff_columns import Words, spelling

MOST = 500
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
_COUNT = re.compile(r"(?:至少|≥|>=)?(\d{1,4})[人名个]?")
_LEVEL = re.compile(r"(N\d)级?(?:护士)?(?:及?以上|\+)?", re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)?([一二三四五六日天1-7])")
_RANGE = re.compile(r"[至到~\-–—]")
_AND = re.compile(r"[、,;/和及]")


@dataclass(frozen=True, slots=True)
class MinimumRow:
    """One minimum as listed; `code` is as written. `row` is 1-based, `days` 1 for Monday."""

    row: int
    unit: str
    code: str
    least: int
    days: tuple[int, ...] = EVERY_DAY
    level: str = ""
    senior: int = 0
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class MinimumList:
    """With any problem of severity error nothing of the list may be applied."""

    rows: tuple[MinimumRow, ...]
    problems: tuple[Problem, ...]


def parse_minimums(sheets: Sequence[Sheet], words: ListWords) -> MinimumList:
    """Read every sheet that has 病区, 班次 and 最少."""
    found = [(sheet, head) for sheet in sheets if (head := find_head(sheet, words))]
    if not found:
        return MinimumList((), (Problem(Severity.ERROR, "no_minimums"),))
    problems: list[Problem] = []
    rows = []
    for sheet, head in found:
        for entry in entries(sheet, head, words, problems):
            row = _row(entry, words.choices["days"])
            if not entry.failed:
                rows.append(row)
    if not rows and not has_errors(problems):
        problems.append(Problem(Severity.ERROR, "no_rows"))
    return MinimumList(tuple(rows), capped(problems))


def _row(entry: Entry, day_words: Words) -> MinimumRow:
    least = _count(entry, "least") if entry.required("least") else 0
    level, senior = _level(entry), _count(entry, "senior")
    if level and not senior:
        senior = 1
    if senior and not entry.text("level"):
        entry.report("minimum_level_missing", "senior")
    if senior > least:
        entry.report("minimum_senior_more", "senior", least=str(least))
    return MinimumRow(
        row=entry.number,
        unit=entry.required("unit"),
        code=entry.required("code"),
        least=least,
        days=_days(entry, day_words),
        level=level,
        senior=senior,
        places={key: entry.place(key) for key in ("unit", "code")},
    )


def _count(entry: Entry, column: str) -> int:
    text = entry.text(column)
    if not text:
        return 0
    found = _COUNT.fullmatch(text)
    if found is None or not 0 <= int(found[1]) <= MOST:
        entry.report("minimum_number", column, most=str(MOST))
        return 0
    return int(found[1])


def _level(entry: Entry) -> str:
    text = entry.text("level")
    found = _LEVEL.fullmatch(text)
    if text and found is None:
        entry.report("minimum_level_unknown", "level")
    return found[1].upper() if found else ""


def _days(entry: Entry, words: Words) -> tuple[int, ...]:
    text = entry.text("days")
    found = read_days(text, words)
    if found is None:
        entry.report("minimum_days_unknown", "days")
    return found or EVERY_DAY


def read_days(text: str, words: Words) -> tuple[int, ...] | None:
    """周一至周五, 周六、周日, 工作日; "" is every day, None what nobody can read."""
    if not text:
        return EVERY_DAY
    if known := words.get(spelling(text)):
        return tuple(int(day) for day in known.split("-"))
    days: set[int] = set()
    for part in _AND.split(spelling(text)):
        ends = [_WEEKDAY.fullmatch(end) for end in _RANGE.split(part)]
        numbers = [_number(end[1]) for end in ends if end]
        if len(numbers) != len(ends) or len(numbers) > 2 or numbers[0] > numbers[-1]:
            return None
        days |= set(range(numbers[0], numbers[-1] + 1))
    return tuple(sorted(days))


def _number(character: str) -> int:
    return int(character) if character.isdecimal() else weekday_number(character) + 1
