"""A time someone names, and what it is read against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from services.understanding.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Mention:
    """A time someone names: `text[start:end]`.

    `dated`: a day is named, though `day` is None when the calendar has no such day. `anchor`:
    only the offered day is meant (那天). `part`: a key of `part_hours`. `clock`: as said, 三点 is
    03:00. `shift`: to be added to the offered time. `arrival`: 提前十分钟到 names no other time.
    `same`: the hour is the offered one (同一时间).
    """

    start: int
    end: int
    day: date | None = None
    dated: bool = False
    anchor: bool = False
    by_weekday: bool = False
    part: str | None = None
    clock: time | None = None
    exact_clock: bool = False
    shift: timedelta | None = None
    arrival: bool = False
    same: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What times are read against; naive local datetimes, at least one offer."""

    now: datetime
    offers: tuple[datetime, ...]
    vocabulary: Vocabulary

    @property
    def offered_day(self) -> date | None:
        """The day all offers share, or None."""
        found = {offer.date() for offer in self.offers}
        return found.pop() if len(found) == 1 else None
