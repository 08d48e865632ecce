"""The answer curve: of those asked, which share has said yes after so many seconds."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from models import db
from models.callouts import CallKind

GRID = (60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800)  # seconds
DOUBT = 20.0  # yeses: so many more or fewer than expected weigh as much as what was measured
LEAST = 20  # fewer who could be watched that long say nothing about a share

_MEASURED = """
SELECT c.curve, (SELECT count(*) FROM call_answers a WHERE a.call_out_id = c.id) AS asked
  FROM call_outs c
 WHERE c.curve IS NOT NULL AND c.kind = ANY($1) ORDER BY c.closed_at DESC LIMIT $2
"""
_ANSWERS = """
SELECT extract(epoch FROM $2::timestamptz - asked_at)::float8 AS watched,
       CASE WHEN state IN ('yes', 'too_late', 'left')
            THEN extract(epoch FROM answered_at - asked_at)::float8 END AS yes_after
  FROM call_answers WHERE call_out_id = $1
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points (seconds, share), both rising; straight between them, flat after the last."""

    points: tuple[tuple[float, float], ...]

    def share(self, seconds: float) -> float:
        """The share of those asked who have said yes `seconds` later."""
        if seconds <= 0 or not self.points:
            return 0.0
        after = bisect_right(self.points, (seconds, float("inf")))
        if after == len(self.points):
            return self.points[-1][1]
        low = self.points[after - 1] if after else (0.0, 0.0)
        high = self.points[after]
        return low[1] + (high[1] - low[1]) * (seconds - low[0]) / (high[0] - low[0])

    def still(self, age: float, ahead: float) -> float:
        """How likely somebody silent for `age` seconds says yes within `ahead` more.

        Who said no is not among the silent, so this is on the low side: rather a few too many
        are asked than too few.
        """
        so_far = self.share(age)
        return max(0.0, (self.share(age + ahead) - so_far) / (1 - so_far)) if so_far < 1 else 0.0


def curve_of(points: Iterable[Sequence[float]]) -> Curve:
    """Raises ValueError unless seconds rise and shares rise from 0 to at most 1."""
    found = tuple((float(seconds), float(share)) for seconds, share in points)
    if not found:
        raise ValueError("an answer curve needs points")
    times, shares = [point[0] for point in found], [point[1] for point in found]
    if times != sorted(set(times)) or times[0] < 0:
        raise ValueError("the seconds of an answer curve must rise")
    if shares != sorted(shares) or not 0 <= shares[0] <= shares[-1] <= 1:
        raise ValueError("the shares of an answer curve must rise from 0 to at most 1")
    return Curve(found)


def measured(answers: Iterable[tuple[float, float | None]]) -> Curve | None:
    """The curve of one call-out: (seconds watched, seconds until yes) of everybody asked.

    Whoever was asked late was watched for a short time only and says nothing of later seconds.
    None when too few were asked for it to mean anything.
    """
    rows = list(answers)
    points: list[tuple[float, float]] = []
    for seconds in GRID:
        watched = [yes for seen, yes in rows if seen >= seconds]
        if len(watched) < LEAST:
            break
        share = sum(yes is not None and yes <= seconds for yes in watched) / len(watched)
        points.append((float(seconds), max(share, points[-1][1] if points else 0.0)))
    return Curve(tuple(points)) if points else None


def pooled(curves: Sequence[tuple[Curve, int]]) -> Curve:
    """Several curves as one, each weighed by how many were asked."""
    times = sorted({seconds for curve, _ in curves for seconds, _ in curve.points})
    whole = sum(weight for _, weight in curves)
    points = [
        (time, sum(curve.share(time) * weight for curve, weight in curves) / whole)
        for time in times
    ]
    return Curve(tuple(points))


def learned(curve: Curve, asked: Iterable[tuple[float, int, int]]) -> Curve:
    """The curve as this call-out itself corrects it: an unusual night shows in its first answers.

    `asked` are (seconds since they were asked, people, how many of them have said yes).
    """
    expected, said = DOUBT, DOUBT
    for age, people, yes in asked:
        expected += people * curve.share(age)
        said += yes
    factor = said / expected
    return Curve(tuple((seconds, min(1.0, share * factor)) for seconds, share in curve.points))


async def current(kind: CallKind, default: Curve, newest: int) -> Curve:
    """The hospital's own curve from its newest call-outs of this kind, else the default.

    Drills speak for voluntary call-outs too; an order is answered differently.
    """
    kinds = (
        [CallKind.ORDERED] if kind is CallKind.ORDERED else [CallKind.VOLUNTARY, CallKind.DRILL]
    )
    rows = await db.fetch(_MEASURED, [str(one) for one in kinds], newest)
    found = [(Curve(_points(row["curve"])), row["asked"]) for row in rows]
    return pooled([(curve, asked) for curve, asked in found if curve.points]) if found else default


def _points(stored: object) -> tuple[tuple[float, float], ...]:
    body = json.loads(stored) if isinstance(stored, str) else stored
    assert isinstance(body, list)
    return tuple((float(seconds), float(share)) for seconds, share in body)


async def measure(call_out_id: int, until: datetime) -> Curve | None:
    """The curve of this call-out as it stands at `until`."""
    rows = await db.fetch(_ANSWERS, call_out_id, until)
    return measured((row["watched"], row["yes_after"]) for row in rows)


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many are to be expected: those who have a place, and what the silent may bring."""

    taken: int
    silent: float
    spread: float  # one standard deviation of `silent`

    @property
    def expected(self) -> float:
        return self.taken + self.silent

    def with_more(self, people: int, share: float) -> Outlook:
        """The same when so many more are asked, of whom such a share says yes."""
        spread = sqrt(self.spread**2 + people * share * (1 - share))
        return Outlook(self.taken, self.silent + people * share, spread)


def outlook(taken: int, ages: Iterable[tuple[float, int]], curve: Curve, ahead: float) -> Outlook:
    """`ages` are (seconds silent, how many people); `ahead` is how long answers are of use."""
    silent = variance = 0.0
    for age, people in ages:
        chance = curve.still(age, ahead)
        silent += people * chance
        variance += people * chance * (1 - chance)
    return Outlook(taken, silent, sqrt(variance))
