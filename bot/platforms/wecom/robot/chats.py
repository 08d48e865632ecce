"""How much was said in each chat: replies and messages count together (D101463)."""

from __future__ import annotations

from collections import deque
from datetime import timedelta

from bot.platforms.wecom import limits
from models.clock import Clock

_MINUTE, _HOUR = 60.0, 3600.0
_MOST_CHATS = 10_000


class Chats:
    """Of this process only: after a hand-over the platform's refusal is the second guard."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[str, deque[float]] = {}

    def count(self, chat: str) -> None:
        """Something was said in this chat now."""
        if len(self._said) >= _MOST_CHATS:
            self._forget()
        self._said.setdefault(chat, deque()).append(self._clock.monotonic())

    def wait(self, chat: str) -> timedelta | None:
        """How long this chat must rest before more may be said; None when it need not."""
        times = self._recent(chat)
        now = self._clock.monotonic()
        if len(times) >= limits.MEMBER_PER_HOUR:
            return timedelta(seconds=times[-limits.MEMBER_PER_HOUR] + _HOUR - now)
        if len(times) >= limits.MEMBER_PER_MINUTE:
            seconds = times[-limits.MEMBER_PER_MINUTE] + _MINUTE - now
            return timedelta(seconds=seconds) if seconds > 0 else None
        return None

    def crowded(self, chat: str) -> bool:
        """Whether a refusal of the platform may well be for too many messages."""
        now = self._clock.monotonic()
        times = self._recent(chat)
        last_minute = sum(1 for at in times if at > now - _MINUTE)
        half = last_minute * 2 >= limits.MEMBER_PER_MINUTE
        return half or len(times) * 2 >= limits.MEMBER_PER_HOUR

    def _recent(self, chat: str) -> deque[float]:
        times = self._said.get(chat, deque())
        while times and times[0] <= self._clock.monotonic() - _HOUR:
            times.popleft()
        return times

    def _forget(self) -> None:
        for chat in list(self._said):
            if not self._recent(chat):
                del self._said[chat]
