"""The one place that reads the wall clock; everything else is handed a Clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never run backwards; for intervals only."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """Stands still until a test or the demo moves it."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("the clock needs an aware instant")
        self._now = start.astimezone(UTC)
        self._ticks = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._ticks

    def advance(self, by: timedelta) -> None:
        """Move forward; a clock that went back would hide faults, so that is refused."""
        if by < timedelta():
            raise ValueError("time moves forward")
        self._now += by
        self._ticks += by.total_seconds()
