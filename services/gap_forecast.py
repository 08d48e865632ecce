"""The next 72 hours of a ward against the least it needs (product C15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from models import db
from models.clock import SHANGHAI, Clock
from models.shift_codes import CodeUse, ShiftCode, ShiftCodeTable, ShiftKind
from services.duties import Codes, RestCheck, cells_of_unit, uses_of
from services.gaps import Cell, Gap, begins, counted, duties_of, meant
from services.minimums import Minimum, read_minimums
from services.rest_rules import check_person

AHEAD = timedelta(hours=72)
CANDIDATES = 60  # resting people whose rest rules are asked for one gap

_WARDS = """
SELECT id, name, staffing FROM units
 WHERE staffing <> '[]' AND ($1::bigint[] IS NULL OR id = ANY($1)) ORDER BY id
"""
_PEOPLE = "SELECT id, name, level FROM persons WHERE active AND id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Ward:
    id: int
    name: str
    minimums: tuple[Minimum, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """One ward's gaps in order, and the days on which it has no roster at all."""

    ward: Ward
    gaps: tuple[Gap, ...]
    unpublished: tuple[date, ...]

    @property
    def short(self) -> bool:
        return bool(self.gaps or self.unpublished)


async def wards(units: Sequence[int] | None = None) -> list[Ward]:
    """Those with minimums, of these units or of all."""
    rows = await db.fetch(_WARDS, None if units is None else list(units))
    return [Ward(row["id"], row["name"], read_minimums(row["staffing"])) for row in rows]


class GapForecast:
    def __init__(self, codes: Codes, rest: RestCheck, clock: Clock) -> None:
        self.codes = codes
        self.rest = rest
        self.clock = clock

    async def of(self, ward: Ward) -> Forecast:
        """What is short from now on for 72 hours, each with who might help out."""
        now = self.clock.now()
        today = now.astimezone(SHANGHAI).date()
        days = [today + timedelta(days=step) for step in range(AHEAD.days + 1)]
        table = await self.codes.of_unit(ward.id)
        cells = await _cells(ward.id, table, days[0], days[-1])
        barred = await self._barred(ward.id, cells)
        used = [use for cell in cells for use in cell.uses]
        gaps, blank = [], set()
        for day, minimum, code in _due(ward, table, used, days):
            starts = begins(code, day)
            if starts is None or not now <= starts < now + AHEAD:
                continue
            row = [cell for cell in cells if cell.day == day]
            if not row:
                blank.add(day)
                continue
            gap = _gap(day, minimum, code, row, barred)
            if gap.short:
                gaps.append(await self._with_help(ward.id, gap, row))
        return Forecast(ward, tuple(gaps), tuple(sorted(blank)))

    async def _barred(self, unit_id: int, cells: Sequence[Cell]) -> frozenset[tuple[int, date]]:
        """Who is planned and may not work: by the same rule as every roster and swap."""
        rules = [rule for rule in self.rest.rules if rule.rule == "licence"]
        people = sorted({cell.person_id for cell in cells})
        conditions = await self.rest.conditions(unit_id, people)
        return frozenset(
            (cell.person_id, cell.day)
            for cell in cells
            if check_person(duties_of(cell), conditions[cell.person_id], rules)
        )

    async def _with_help(self, unit_id: int, gap: Gap, row: Sequence[Cell]) -> Gap:
        """Who is on stand-by, and who is off that day and could take it within the rules."""
        standby = [
            cell.name
            for cell in row
            if any(use.code.kind is ShiftKind.STANDBY for use in cell.uses)
        ]
        off = [cell for cell in row if cell.uses and _rests(cell.uses)][:CANDIDATES]
        if gap.planned >= gap.minimum.least:  # only the level lacks
            off = [cell for cell in off if gap.minimum.is_senior(cell.level)]
        changes = {
            cell.person_id: [(cell.day, cell.labels, (CodeUse(gap.code).label,))] for cell in off
        }
        broken = await self.rest.check(unit_id, changes)
        free = [
            cell.name
            for cell in off
            if not any(violation.hard for violation in broken.get(cell.person_id, ()))
        ]
        return replace(gap, standby=tuple(standby), free=tuple(free))


def _due(
    ward: Ward, table: ShiftCodeTable, used: Sequence[CodeUse], days: Sequence[date]
) -> Iterator[tuple[date, Minimum, ShiftCode]]:
    """Every minimum on every day it holds; a code the ward has dropped binds nobody."""
    for day in days:
        for minimum in ward.minimums:
            code = meant(minimum, table, used)
            if code is not None and minimum.holds_on(day):
                yield day, minimum, code


def _gap(
    day: date,
    minimum: Minimum,
    code: ShiftCode,
    row: Sequence[Cell],
    barred: frozenset[tuple[int, date]],
) -> Gap:
    planned, seniors = counted(minimum, row, barred)
    names = tuple(
        cell.name
        for cell in row
        if (cell.person_id, day) in barred and any(minimum.counts(use) for use in cell.uses)
    )
    return Gap(day, minimum, code, planned, seniors, barred=names)


def _rests(uses: Sequence[CodeUse]) -> bool:
    return all(use.code.kind is ShiftKind.REST for use in uses)


async def _cells(unit_id: int, table: ShiftCodeTable, first: date, last: date) -> list[Cell]:
    """The roster that holds, of those who still work here."""
    rows = await cells_of_unit(unit_id, first, last)
    people = {row["person_id"] for row in rows}
    known = {row["id"]: row for row in await db.fetch(_PEOPLE, sorted(people))}
    by_day: dict[date, list[Cell]] = defaultdict(list)
    for row in rows:
        if row["person_id"] in known:
            who = known[row["person_id"]]
            uses = tuple(uses_of(table, row["codes"]))
            labels = tuple(row["codes"])
            cell = Cell(who["id"], who["name"], who["level"], row["day"], labels, uses)
            by_day[row["day"]].append(cell)
    return [
        cell for day in sorted(by_day) for cell in sorted(by_day[day], key=lambda c: c.person_id)
    ]
