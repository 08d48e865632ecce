"""The steps of a licence, as pure rules: which step to say on a day, and when to look next.

Steps are days before the deadline (negative after it), as licence_kinds.toml gives them. A licence
has one more than the file says: the day after the last valid day, on which the licence has ended;
where nobody may work without it, that one comes back every 30 days until it is renewed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.licence_kinds import LicenceKind

AGAIN = 30  # days between two words about one that has ended
LOOK_AGAIN = timedelta(days=30)  # at one whose holder has left: they may come back
_LOWEST = -30_000  # what the column can hold: some 80 years after the deadline


class Standing(StrEnum):
    """How a licence stands on a day."""

    VALID = "valid"
    DUE = "due"  # the first step has been reached, the deadline has not passed
    LATE = "late"  # the deadline has passed, the licence still holds
    EXPIRED = "expired"
    PERPETUAL = "perpetual"
    UNKNOWN = "unknown"  # no end is known: nothing is claimed


@dataclass(frozen=True, slots=True)
class Look:
    """What to do on a day: `say` is the step (None: nothing), `following` the day of the next."""

    say: int | None
    following: date | None


def ended(kind: LicenceKind) -> int:
    """The step of the first day on which it is no longer valid."""
    return -kind.apply_before - 1


def standing(kind: LicenceKind, valid_to: date | None, perpetual: bool, today: date) -> Standing:
    if perpetual or (valid_to is None and not kind.steps):  # kinds without steps have no term
        return Standing.PERPETUAL
    if valid_to is None:
        return Standing.UNKNOWN
    if today > valid_to:
        return Standing.EXPIRED
    left = (kind.deadline(valid_to) - today).days
    if left < 0:
        return Standing.LATE
    return Standing.DUE if kind.steps and left <= kind.steps[0] else Standing.VALID


def look(kind: LicenceKind, valid_to: date | None, said: int | None, today: date) -> Look:
    """The newest step that was not said, however many days were missed, and the next one's day.

    `said` is the last step that was said, None when none was.
    """
    if valid_to is None or not kind.steps:
        return Look(None, None)
    deadline = kind.deadline(valid_to)
    left = (deadline - today).days
    reached: int | None = None
    for step in _steps(kind):
        if step < left:
            return Look(_unsaid(reached, said), deadline - timedelta(days=step))
        reached = step
    return Look(_unsaid(reached, said), None)


def _steps(kind: LicenceKind) -> Iterator[int]:
    """Falling, without end where the licence blocks (until the column is full)."""
    last = min(ended(kind), *kind.steps)
    yield from sorted({*kind.steps, ended(kind)}, reverse=True)
    while kind.blocks and last - AGAIN > _LOWEST:
        last -= AGAIN
        yield last


def _unsaid(reached: int | None, said: int | None) -> int | None:
    return reached if reached is not None and (said is None or reached < said) else None


def first_look(kind: LicenceKind, valid_to: date | None, today: date) -> date | None:
    """When a new row is looked at first: today where a step has been reached already."""
    found = look(kind, valid_to, None, today)
    return today if found.say is not None else found.following


def end_of_cycle(kind: LicenceKind, done: date) -> date | None:
    """The last day that counts after it was done: the day before it is due again."""
    if kind.years is None:
        return None
    try:
        return done.replace(year=done.year + kind.years) - timedelta(days=1)
    except ValueError:  # 29 February
        return date(done.year + kind.years, 2, 28)
