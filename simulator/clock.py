"""The simulator's own time: it flows like real time and can be moved forward."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d+)([smhd])")
_LONGEST = timedelta(days=400)


class BadTime(ValueError):
    """A time or a span that cannot be read, or that lies in the past."""


class Clock:
    """Real monotonic time plus an offset; the only reader of the wall clock here."""

    def __init__(self, start: datetime | None = None) -> None:
        self._wall = datetime.now(UTC)  # noqa: TID251
        self._mono = time.monotonic()
        self._offset = (start - self._wall) if start else timedelta()

    def now(self) -> datetime:
        return self.real() + self._offset

    def unix(self) -> int:
        return int(self.now().timestamp())

    @property
    def offset(self) -> float:
        """Seconds that this clock is ahead of the real one; steady between two moves."""
        return self._offset.total_seconds()

    def move(self, span: timedelta) -> None:
        if span < timedelta():
            raise BadTime("the clock only goes forward")
        self._offset += span

    def real(self) -> datetime:
        return self._wall + timedelta(seconds=time.monotonic() - self._mono)


def monotonic() -> float:
    """Real seconds, for measuring how long something took."""
    return time.monotonic()


def parse_span(text: str) -> timedelta:
    """Read "90m", "2h", "1d", "1h30m"."""
    compact = text.strip().lower()
    parts = _SPAN.findall(compact)
    if not parts or "".join(n + unit for n, unit in parts) != compact or len(compact) > 20:
        raise BadTime(f'cannot read the span "{text[:40]}"')
    seconds = sum(int(n) * _UNITS[unit] for n, unit in parts)
    if seconds > _LONGEST.total_seconds():
        raise BadTime("at most 400 days at once")
    return timedelta(seconds=seconds)


def parse_moment(text: str) -> datetime:
    """Read an ISO date and time; without a zone it is local time in Shanghai."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadTime(f'cannot read the time "{text[:40]}"') from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def parse_target(text: str, now: datetime) -> datetime:
    """Read "20:00" as the next such local time, anything else as a moment."""
    short = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip())
    if not short:
        return parse_moment(text)
    try:
        target = now.astimezone(SHANGHAI).replace(
            hour=int(short[1]), minute=int(short[2]), second=0, microsecond=0
        )
    except ValueError:
        raise BadTime(f'cannot read the time "{text[:40]}"') from None
    return (target if target > now else target + timedelta(days=1)).astimezone(UTC)
