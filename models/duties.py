"""A person's duty as the rest rules see it: when, of what kind, how many hours count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from models.shift_codes import CodeUse, Part, ShiftKind
from models.shift_hours import DAY, NOON, SHANGHAI, Segment, Span, spans_on

_ABSENT: dict[Part, tuple[Segment, ...]] = {
    Part.WHOLE: ((0, DAY),),
    Part.MORNING: ((0, NOON),),
    Part.AFTERNOON: ((NOON, NOON),),
}


@dataclass(frozen=True, slots=True)
class Duty:
    """One use of a code on one row of the roster.

    `spans` are its stretches in order, two for a split day, none where the hours are unknown;
    an absence spans its day or half day. `hours` are those that count. `label` is for people.
    """

    day: date
    label: str
    kind: ShiftKind
    spans: tuple[Span, ...] = ()
    hours: float = 0.0

    @property
    def start(self) -> datetime | None:
        return self.spans[0].start if self.spans else None

    @property
    def end(self) -> datetime | None:
        return self.spans[-1].end if self.spans else None

    @property
    def work_day(self) -> date:
        """The Shanghai date on which it really starts."""
        return self.spans[0].start.astimezone(SHANGHAI).date() if self.spans else self.day


def duty_of(use: CodeUse, day: date) -> Duty | None:
    """The duty of a roster cell's code; None for rest days, which bind nobody."""
    if use.code.kind is ShiftKind.REST:
        return None
    spans = use.spans(day)
    if use.code.kind is ShiftKind.ABSENCE:
        spans = spans_on(day, _ABSENT[use.part])
    return Duty(day, use.label, use.code.kind, spans, use.hours)
