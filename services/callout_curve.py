"""The answer curve: of those asked, which share has said yes after so many seconds."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from math import sqrt

from models import db
from models.callouts import CallKind
from models.clock import SHANGHAI

GRID = (60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800)  # seconds
DOUBT = 20.0  # yeses: so many more or fewer than expected weigh as much as what was measured
LEAST = 20  # fewer who could be watched that long say nothing about a share

# The newest of a part of the day, or of any ($3 null); people answer otherwise when they sleep.
_MEASURED = """
SELECT curve, asked FROM (
    SELECT c.curve, c.closed_at, c.night,
           (SELECT count(*) FROM call_answers a WHERE a.call_out_id = c.id) AS asked
      FROM (SELECT *, CASE WHEN $4::time < $5::time THEN at >= $4 AND at < $5
                           ELSE at >= $4 OR at < $5 END AS night
              FROM (SELECT *, (launched_at AT TIME ZONE 'Asia/Shanghai')::time AS at
                      FROM call_outs WHERE curve IS NOT NULL AND kind = ANY($1)) AS own) AS c
     WHERE $3::boolean IS NULL OR c.night = $3
     ORDER BY c.closed_at DESC LIMIT $2) AS newest
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


@dataclass(frozen=True, slots=True)
class Night:
    """From when until when people are asleep, in Shanghai; over midnight or not."""

    begins: time
    ends: time

    def covers(self, at: datetime) -> bool:
        local = at.astimezone(SHANGHAI).time()
        if self.begins < self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends


class Basis(StrEnum):
    """Whose answers a curve is made of: the hospital's own of this part of the day, its own of
    the other part for want of better, or nobody's here."""

    NIGHT = "night"
    DAY = "day"
    NIGHT_BY_DAY = "night_by_day"
    DAY_BY_NIGHT = "day_by_night"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Chosen:
    curve: Curve
    basis: Basis


async def current(
    kind: CallKind, default: Curve, newest: int, night: Night, launched_at: datetime
) -> Chosen:
    """The hospital's own curve from its newest call-outs of this kind and part of the day, else
    of any part, else the default.

    Drills speak for voluntary call-outs too, by day; an order is answered differently.
    """
    by_night = night.covers(launched_at)
    same = await _own(kind, newest, night, by_night)
    if same is not None:
        return Chosen(same, Basis.NIGHT if by_night else Basis.DAY)
    other = await _own(kind, newest, night, None)
    if other is not None:
        return Chosen(other, Basis.NIGHT_BY_DAY if by_night else Basis.DAY_BY_NIGHT)
    return Chosen(default, Basis.SHIPPED)


async def _own(kind: CallKind, newest: int, night: Night, by_night: bool | None) -> Curve | None:
    kinds = (
        [CallKind.ORDERED] if kind is CallKind.ORDERED else [CallKind.VOLUNTARY, CallKind.DRILL]
    )
    rows = await db.fetch(
        _MEASURED, [str(one) for one in kinds], newest, by_night, night.begins, night.ends
    )
    found = [(Curve(_points(row["curve"])), row["asked"]) for row in rows]
    known = [(curve, asked) for curve, asked in found if curve.points]
    return pooled(known) if known else None


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
