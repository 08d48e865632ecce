"""The values of the rest rules: a person's conditions, a proposal, a rule, what it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from models.duties import Duty
from models.shift_codes import ShiftKind


class Reason(StrEnum):
    """女职工劳动保护特别规定 arts 6 (seven months pregnant or more), 9 (child under one)."""

    LATE_PREGNANCY = "late_pregnancy"
    NURSING = "nursing"


@dataclass(frozen=True, slots=True)
class Protection:
    """No night work and no overtime from `first` (None: already) to `last`, both included."""

    reason: Reason
    last: date
    first: date | None = None

    def covers(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and day <= self.last


@dataclass(frozen=True, slots=True)
class LicenceEnd:
    """A licence without which nobody may work, and its last valid day."""

    name: str
    last: date


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is true of the person. A licence whose end is not known is not among `licences`.

    `last_day` is their last day of work here, when they are about to leave.
    """

    protections: tuple[Protection, ...] = ()
    licences: tuple[LicenceEnd, ...] = ()
    last_day: date | None = None

    def protection_on(self, day: date) -> Protection | None:
        return next((found for found in self.protections if found.covers(day)), None)


@dataclass(frozen=True, slots=True)
class Change:
    """A proposal: duties given up and duties taken on."""

    remove: tuple[Duty, ...] = ()
    add: tuple[Duty, ...] = ()

    def applied(self, duties: Iterable[Duty]) -> tuple[Duty, ...]:
        """Raises ValueError when a duty to be removed is not there."""
        after = list(duties)
        for duty in self.remove:
            after.remove(duty)
        return (*after, *self.add)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as data. `limit` is in hours, nights or days; `days` is a window's length."""

    rule: str
    hard: bool
    limit: float = 0.0
    days: int = 7
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: the shifts concerned, and what was measured against which limit.

    `day` places it: the later shift's day, or the Monday of the week that is too long.
    """

    rule: Rule
    day: date
    first: Duty | None = None
    second: Duty | None = None
    measured: float = 0.0
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def hard(self) -> bool:
        return self.rule.hard

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes it the same trouble before and after a change."""
        return (self.rule.rule, self.day, self.first, self.second)


@dataclass(frozen=True, slots=True)
class Plan:
    """A person's duties in order, with what the checks ask of them."""

    duties: tuple[Duty, ...]
    conditions: Conditions

    @property
    def timed(self) -> tuple[Duty, ...]:
        """Everything with hours, stand-by included."""
        return tuple(
            duty for duty in self.duties if duty.spans and duty.kind is not ShiftKind.ABSENCE
        )

    @property
    def engaged(self) -> tuple[Duty, ...]:
        """Shifts and stand-by, also where the hours are unknown."""
        return tuple(duty for duty in self.duties if duty.kind is not ShiftKind.ABSENCE)

    @property
    def worked(self) -> tuple[Duty, ...]:
        """Day, evening and night shifts with hours."""
        return tuple(duty for duty in self.duties if duty.kind.works and duty.spans)
