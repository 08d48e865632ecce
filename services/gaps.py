"""What a ward lacks on one shift: counted from who is planned and may really work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models.duties import Duty, duty_of
from models.shift_codes import CodeUse, Part, ShiftCode, ShiftCodeTable
from models.shift_hours import spans_on
from services.minimums import Minimum

NAMED = 5  # people a hint names


@dataclass(frozen=True, slots=True)
class Cell:
    """One person's day on the roster that holds; `labels` as stored, `uses` what they mean."""

    person_id: int
    name: str
    level: str
    day: date
    labels: tuple[str, ...]
    uses: tuple[CodeUse, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A shift with too few people, or too few of a level. `planned` counts half days as halves.

    `barred` are planned and may not work (their licence has ended): they are not counted.
    """

    day: date
    minimum: Minimum
    code: ShiftCode
    planned: float
    seniors: int
    standby: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()

    @property
    def short(self) -> bool:
        return self.planned < self.minimum.least or self.seniors < self.minimum.senior

    def facts(self, kind_words: Mapping[str, str]) -> dict[str, Any]:
        """For templates; dates as text, as messages carry them."""
        minimum = self.minimum
        everyone = minimum.is_kind
        use = CodeUse(self.code)
        return {
            "day": self.day.isoformat(),
            "shift": kind_words[minimum.code] if everyone else self.code.name,
            "hours": "" if everyone else use.hours_text,
            "planned": f"{self.planned:g}",
            "least": minimum.least,
            "too_few": self.planned < minimum.least,
            "level": minimum.level if self.seniors < minimum.senior else "",
            "seniors": self.seniors,
            "senior": minimum.senior,
            "standby": list(self.standby[:NAMED]),
            "free": list(self.free[:NAMED]),
            "more_free": max(len(self.free) - NAMED, 0),
            "barred": list(self.barred[:NAMED]),
        }


def meant(minimum: Minimum, table: ShiftCodeTable, used: Iterable[CodeUse]) -> ShiftCode | None:
    """The code a minimum is about; of a kind, the one the ward uses most. None: no such code."""
    if not minimum.is_kind:
        return table.find(minimum.code)
    codes = [use.code for use in used if str(use.code.kind) == minimum.code]
    known = [code for code in table.codes if str(code.kind) == minimum.code]
    return max(codes, key=codes.count) if codes else (known[0] if known else None)


def begins(code: ShiftCode, day: date) -> datetime | None:
    """When this code starts on the row of a day; None where its hours are unknown."""
    spans = spans_on(day, code.placed_segments)
    return spans[0].start if spans else None


def counted(
    minimum: Minimum, cells: Sequence[Cell], barred: frozenset[tuple[int, date]]
) -> tuple[float, int]:
    """How many are planned for it, and how many of them have the level."""
    present = 0.0
    seniors = 0
    for cell in cells:
        uses = [use for use in cell.uses if minimum.counts(use)]
        if not uses or (cell.person_id, cell.day) in barred:
            continue
        whole = any(use.part is Part.WHOLE for use in uses) or len(uses) > 1
        present += 1.0 if whole else 0.5
        seniors += minimum.is_senior(cell.level)
    return present, seniors


def duties_of(cell: Cell) -> list[Duty]:
    found = (duty_of(use, cell.day) for use in cell.uses)
    return [duty for duty in found if duty is not None]
