"""Log lines that a flood cannot multiply."""

from __future__ import annotations

import structlog

from models.clock import Clock

EVERY_SECONDS = 10.0

log = structlog.get_logger()


class RareLog:
    """One warning per `event`, result and ten seconds: forgeries must not fill the disk."""

    def __init__(self, event: str, platform: str, clock: Clock) -> None:
        self._event = event
        self._platform = platform
        self._clock = clock
        self._logged: dict[str, float] = {}

    def note(self, result: str, **facts: object) -> None:
        """`result` is one of our own labels, `facts` hold no content."""
        now = self._clock.monotonic()
        if now - self._logged.get(result, float("-inf")) >= EVERY_SECONDS:
            self._logged[result] = now
            log.warning(self._event, platform=self._platform, result=result, **facts)
