"""Shift hours as (start minute, length) pairs, read from "08:00-16:00" and written for people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

# China has had one offset and no summer time since 1991, so no zone database is needed.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
DAY = 24 * 60
NOON = 12 * 60

Segment = tuple[int, int]
"""Minutes after the midnight that opens the date, and length in minutes (1 … 1440)."""

HOURS_PATTERN = re.compile(
    r"(?P<h1>\d{1,2})[:点](?P<m1>\d{2})?\s*(?:-|~|至|到)+\s*"
    r"(?P<next>次日|次晨|第二天|翌日)?\s*(?P<h2>\d{1,2})[:点](?P<m2>\d{2})?"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－~～﹣", "-"))


@dataclass(frozen=True, slots=True)
class Span:
    """An instant and the instant it ends; both aware, `start` < `end`."""

    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def plain_hours(text: str) -> str:
    """Half-width digits and one kind of dash, so that hours can be matched."""
    return unicodedata.normalize("NFKC", text).translate(_DASHES)


def parse_segment(text: str) -> Segment:
    """Read "19:30-次日08:00". An end not after the start lies on the next day.

    Raises ValueError naming the text when it is not a pair of times.
    """
    found = HOURS_PATTERN.fullmatch(plain_hours(text).strip())
    if found is None:
        raise ValueError(f"not hours of the form 08:00-16:00: {text!r}")
    return segment_of(found)


def segment_of(found: re.Match[str]) -> Segment:
    """The segment of a match of HOURS_PATTERN. Raises ValueError beyond 24:00."""
    start = int(found["h1"]) * 60 + int(found["m1"] or 0)
    end = int(found["h2"]) * 60 + int(found["m2"] or 0)
    if start >= DAY or end > DAY or int(found["m1"] or 0) > 59 or int(found["m2"] or 0) > 59:
        raise ValueError(f"no such time of day: {found[0]!r}")
    if found["next"] or end <= start:
        end += DAY
    return start, min(end - start, DAY)


def midnight(day: date) -> datetime:
    """The instant that opens a day in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def spans_on(day: date, segments: Iterable[Segment]) -> tuple[Span, ...]:
    """The instants (Asia/Shanghai) of `segments` counted from the midnight opening `day`."""
    opens = midnight(day)
    return tuple(
        Span(opens + timedelta(minutes=start), opens + timedelta(minutes=start + length))
        for start, length in segments
    )


def format_segments(segments: Sequence[Segment]) -> str:
    """`08:00–12:00、14:00–17:30`, `19:30–次日08:00`; relative to the day the shift starts on."""
    if not segments:
        return ""
    base = segments[0][0] // DAY * DAY
    return "、".join(_format(start - base, length) for start, length in segments)


def format_spans(spans: Sequence[Span]) -> str:
    """The same for instants; the date of the first start is to be shown beside it."""
    if not spans:
        return ""
    first = spans[0].start.astimezone(SHANGHAI)
    midnight = datetime.combine(first.date(), time(), SHANGHAI)
    return format_segments(
        [(int((span.start - midnight).total_seconds() // 60), span.minutes) for span in spans]
    )


def _format(start: int, length: int) -> str:
    end = start + length
    return f"{_clock(start)}–{_clock(end)}"


def _clock(minute: int) -> str:
    if minute == DAY:
        return "24:00"
    prefix = "次日" if minute > DAY else ""
    return f"{prefix}{minute % DAY // 60:02d}:{minute % 60:02d}"


def before_noon(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The part of the hours before 12:00, for cells such as 上午."""
    return tuple(
        (start, min(start + length, NOON) - start) for start, length in segments if start < NOON
    )


def after_noon(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The part of the hours from 12:00 on, for cells such as 下午."""
    return tuple(
        (max(start, NOON), start + length - max(start, NOON))
        for start, length in segments
        if start + length > NOON
    )
