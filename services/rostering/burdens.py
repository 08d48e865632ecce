"""What the last two months weighed on each: nights, rest days and holidays worked, for evenness.

Only who was there like the others is compared: newcomers and who was long away start level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models import db
from models.duties import Duty
from models.shift_codes import ShiftCodeTable, ShiftKind
from services.calendar_days import WorkingCalendar
from services.duties import duties_on
from services.rostering.problem import SATURDAY, Carried

THERE = 0.8  # of the days that the ward rostered in these months


@dataclass(frozen=True, slots=True)
class RestDays:
    """`holidays` are Mondays to Fridays off by the calendar, `worked` weekends worked (调休)."""

    holidays: frozenset[date]
    worked: frozenset[date]

    def off(self, day: date) -> bool:
        return day in self.holidays or (day.weekday() >= SATURDAY and day not in self.worked)


def rest_days(calendar: WorkingCalendar, days: Iterable[date]) -> RestDays:
    """A year that nobody has announced goes by the weekday alone."""
    moved = [day for day in days if calendar.is_working_day(day) != (day.weekday() < SATURDAY)]
    return RestDays(
        frozenset(day for day in moved if day.weekday() < SATURDAY),
        frozenset(day for day in moved if day.weekday() >= SATURDAY),
    )


def carried(
    rows: Sequence[db.Row], table: ShiftCodeTable, rest: RestDays, most: int
) -> dict[int, Carried]:
    """Person → how many more (or fewer) of each than the average, at most `most`.

    `rows` are the ward's cells of the months before.
    """
    duties: dict[int, dict[date, list[Duty]]] = {}
    for row in rows:
        found = duties_on(table, row["day"], row["codes"]) if row["codes"] else None
        if found is not None and all(duty.kind is not ShiftKind.ABSENCE for duty in found):
            duties.setdefault(row["person_id"], {})[row["day"]] = found
    days = {row["day"] for row in rows}
    there = {who: its for who, its in duties.items() if len(its) >= THERE * len(days)}
    counts = {who: _counted(its, rest) for who, its in there.items()}
    if len(counts) < 2:
        return {}
    means = [sum(column) / len(counts) for column in zip(*counts.values(), strict=True)]
    return {
        who: Carried(*(_apart(one, mean, most) for one, mean in zip(its, means, strict=True)))
        for who, its in counts.items()
    }


def _counted(days: Mapping[date, Sequence[Duty]], rest: RestDays) -> tuple[int, int, int]:
    """Nights, rest days and holidays worked."""
    worked = [duty for its in days.values() for duty in its if duty.kind.works]
    return (
        sum(duty.kind is ShiftKind.NIGHT for duty in worked),
        sum(rest.off(duty.work_day) for duty in worked),
        sum(duty.work_day in rest.holidays for duty in worked),
    )


def _apart(one: int, mean: float, most: int) -> int:
    return max(-most, min(most, round(one - mean)))
