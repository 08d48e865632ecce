"""Staffing minimums from a sheet: each ward it names has exactly these afterwards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from models import db
from models.clock import SHANGHAI, Clock
from services.duties import Codes, uses_of
from services.import_drafts import Change, Line, Plan
from services.minimums import EVERY_DAY, Minimum, read_minimums
from services.sheets.cells import Sheet
from services.sheets.dates import weekday_name
from services.sheets.listing import ListWords
from services.sheets.minimums import MinimumRow, parse_minimums
from services.sheets.problems import Problem, Severity
from services.sheets.staff_columns import Words, spelling

AROUND = timedelta(days=31)  # in which a code that is used appears

_UNITS = "SELECT id, name, staffing FROM units ORDER BY id"
_USED = "SELECT DISTINCT code FROM shifts WHERE unit_id = $1 AND day BETWEEN $2 AND $3"
_STORE = "UPDATE units SET staffing = $2 WHERE id = $1"


@dataclass(slots=True)
class _Ward:
    """What the sheet says of one ward: its rows in order, with the minimum each means."""

    id: int
    name: str
    known: tuple[Minimum, ...]
    wanted: list[tuple[MinimumRow, Minimum]]

    @property
    def after(self) -> tuple[Minimum, ...]:
        return tuple(minimum for _, minimum in self.wanted)


class MinimumImport:
    def __init__(self, words: ListWords, codes: Codes, clock: Clock) -> None:
        self._words = words
        self._codes = codes
        self.clock = clock

    def read(self, sheets: Sequence[Sheet]) -> tuple[Sequence[MinimumRow], Sequence[Problem]]:
        found = parse_minimums(sheets, self._words)
        return found.rows, found.problems

    async def plan(self, rows: Sequence[MinimumRow]) -> Plan:
        lock = " FOR UPDATE" if db.in_a_transaction() else ""
        units = await db.fetch(f"{_UNITS}{lock}")
        by_name = {spelling(unit["name"]): unit for unit in units}
        wards: dict[int, _Ward] = {}
        problems: list[Problem] = []
        for row in rows:
            unit = by_name.get(spelling(row.unit))
            if unit is None:
                problems.append(row.places["unit"].problem("unit_unknown", unit=row.unit))
                continue
            known = read_minimums(unit["staffing"])
            ward = wards.setdefault(unit["id"], _Ward(unit["id"], unit["name"], known, []))
            await self._add(ward, row, problems)
        lines = [line for ward in wards.values() for line in _lines(ward, self._words)]
        steps = [
            (ward.id, ward.after) for ward in wards.values() if set(ward.after) != set(ward.known)
        ]
        return Plan(tuple(lines), tuple(problems), tuple(steps), frozenset(wards))

    async def store(
        self,
        steps: Sequence[tuple[int, Sequence[Minimum]]],
        by: object,  # noqa: ARG002
        source: str,  # noqa: ARG002
    ) -> None:
        for unit_id, minimums in steps:
            body = json.dumps([minimum.as_json() for minimum in minimums], ensure_ascii=False)
            await db.execute(_STORE, unit_id, body)

    async def _add(self, ward: _Ward, row: MinimumRow, problems: list[Problem]) -> None:
        table = await self._codes.of_unit(ward.id)
        place = row.places["code"]
        found = table.find(row.code)
        kind = self._words.choices["kinds"].get(spelling(row.code), "")
        if found is None and not kind:
            known = "、".join(code.code for code in table.codes if code.kind.works)
            problems.append(place.problem("minimum_code_unknown", known=known))
            return
        if found is not None and not found.kind.works:
            problems.append(place.problem("minimum_code_no_work"))
            return
        code = found.code if found else kind
        minimum = Minimum(code, row.least, row.days, row.level, row.senior)
        if first := _overlapping(ward, minimum):
            problems.append(place.problem("minimum_twice", first=str(first)))
            return
        if found is not None and not await self._used(ward.id, code):
            word = _kind_word(self._words, found.kind)
            told = {"code": code, "word": word}
            problems.append(place.problem("minimum_code_unused", Severity.WARNING, **told))
        ward.wanted.append((row, minimum))

    async def _used(self, unit_id: int, code: str) -> bool:
        """Whether the ward's rosters around now have it; without any roster nothing is known."""
        today = self.clock.now().astimezone(SHANGHAI).date()
        rows = await db.fetch(_USED, unit_id, today - AROUND, today + AROUND)
        uses = uses_of(await self._codes.of_unit(unit_id), [row["code"] for row in rows])
        return not rows or any(use.code.code == code for use in uses)


def _overlapping(ward: _Ward, minimum: Minimum) -> int:
    """The row that speaks of the same shift on one of the same days; 0 for none."""
    return next(
        (
            row.row
            for row, other in ward.wanted
            if other.code == minimum.code and set(other.days) & set(minimum.days)
        ),
        0,
    )


def _lines(ward: _Ward, words: ListWords) -> list[Line]:
    known = {(minimum.code, minimum.days): minimum for minimum in ward.known}
    lines = []
    for row, minimum in ward.wanted:
        before = known.pop((minimum.code, minimum.days), None)
        change = Change.NEW if before is None else Change.CHANGED
        if before == minimum:
            change = Change.SAME
        lines.append(Line(row.row, change, _cells(ward, minimum, words)))
    return lines + [Line(0, Change.GONE, _cells(ward, gone, words)) for gone in known.values()]


def _cells(ward: _Ward, minimum: Minimum, words: ListWords) -> tuple[str, ...]:
    code = _kind_word(words, minimum.code) if minimum.is_kind else minimum.code
    senior = f"{minimum.level}及以上{minimum.senior}人" if minimum.senior else ""
    return (ward.name, code, days_text(minimum.days), str(minimum.least), senior)


def _kind_word(words: ListWords, kind: str) -> str:
    """The first word of a kind of shift: day → 日间."""
    kinds: Words = words.choices["kinds"]
    return next((word for word, meaning in kinds.items() if meaning == kind), kind)


def days_text(days: Sequence[int]) -> str:
    """每天, or the weekdays: 周一、周二."""
    if tuple(days) == EVERY_DAY:
        return "每天"
    return "、".join(weekday_name(day - 1) for day in days)
