"""Does the roster itself speak against what the ward is said to mean by a night from midnight?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from models.shift_codes import CodeUse, ShiftKind
from models.shift_hours import NOON, Span

Uses = Mapping[tuple[int, date], tuple[CodeUse, ...]]


def doubtful_nights(uses: Uses) -> int:
    """Nights from midnight that leave no minute between them and a shift of the row beside.

    P on row 17 and N on row 18 cannot both be worked when N is 00:00–08:00 of the 18th; nor N on
    row 18 and A on row 19 when N is the night 18th → 19th. Many such say the rule is wrong.
    """
    return sum(
        1
        for (staff_id, day), night in _midnight_nights(uses)
        if any(_touch(night, span) for span in _beside(uses, staff_id, day))
    )


def _midnight_nights(uses: Uses) -> Iterator[tuple[tuple[int, date], Span]]:
    for key, row in uses.items():
        for use in row:
            segments = use.code.segments
            midnight = bool(segments) and segments[0][0] < NOON and not use.factor
            if use.code.kind is ShiftKind.NIGHT and midnight and (spans := use.spans(key[1])):
                yield key, spans[0]


def _beside(uses: Uses, staff_id: int, day: date) -> Iterable[Span]:
    for step in (-1, 1):
        near = day + timedelta(days=step)
        for use in uses.get((staff_id, near), ()):
            if use.code.kind.works:
                yield from use.spans(near)


def _touch(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end
