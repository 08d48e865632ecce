"""Planned work, read window by window: one that fails is tried again, or all is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.sources import AttendanceSource, PlannedCheck, SourceFailed

TRIES = 3
PAUSE = 2.0  # seconds before the second try; doubled before the third


@dataclass(frozen=True, slots=True)
class Window:
    """One call; `number` of `total`."""

    number: int
    total: int
    user_ids: tuple[str, ...]
    first: date
    last: date


class WindowNotRead(Exception):
    """This window could not be read; whatever was read before it is of no use alone."""

    def __init__(self, window: Window, failed: SourceFailed) -> None:
        super().__init__(failed.reason)
        self.window = window
        self.failed = failed


Progress = Callable[[Window], None]


class WindowReader:
    """`wait` pauses between the tries of a window, in seconds."""

    def __init__(
        self,
        source: AttendanceSource,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.source = source
        self._wait = wait

    async def read(
        self,
        user_ids: Sequence[str],
        first: date,
        last: date,
        progress: Progress | None = None,
    ) -> list[PlannedCheck]:
        """All of it. Raises WindowNotRead."""
        found: list[PlannedCheck] = []
        for window in windows(self.source, user_ids, first, last):
            found += await self._read_one(window)
            if progress is not None:
                progress(window)
        return found

    async def _read_one(self, window: Window) -> Sequence[PlannedCheck]:
        pause = PAUSE
        for attempt in range(1, TRIES + 1):
            try:
                return await self.source.planned(window.user_ids, window.first, window.last)
            except SourceFailed as failed:
                if not failed.passing or attempt == TRIES:
                    raise WindowNotRead(window, failed) from failed
            await self._wait(pause)
            pause *= 2
        raise AssertionError("the last try returns or raises")


def windows(
    source: AttendanceSource, user_ids: Sequence[str], first: date, last: date
) -> Iterator[Window]:
    """Days outside, people inside: what is given up at is a stretch of days."""
    people = [
        tuple(user_ids[start : start + source.most_people])
        for start in range(0, len(user_ids), source.most_people)
    ]
    spans = []
    day = first
    while day <= last:
        end = min(day + timedelta(days=source.most_days - 1), last)
        spans.append((day, end))
        day = end + timedelta(days=1)
    total = len(people) * len(spans)
    for number, (span, group) in enumerate(
        ((span, group) for span in spans for group in people), start=1
    ):
        yield Window(number, total, group, *span)
