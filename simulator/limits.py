"""How often an app may write to a member and to all: excess per member is dropped silently."""

from __future__ import annotations

from collections import Counter, deque

from simulator.clock import SHANGHAI, Clock
from simulator.errors import WeComError
from simulator.hospital import App

PER_MINUTE = 30
PER_HOUR = 1000
DAILY_PER_ACCOUNT = 200


class Limits:
    """Sliding windows per app and member, and the app's member-times of the local day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hours: dict[tuple[int, str], deque[float]] = {}
        self._days: Counter[tuple[int, str]] = Counter()
        self.dropped: Counter[str] = Counter()

    def admit(self, app: App, userid: str) -> bool:
        now = self._clock.now().timestamp()
        times = self._hours.setdefault((app.agentid, userid), deque())
        while times and times[0] <= now - 3600:
            times.popleft()
        full = len(times) >= PER_HOUR
        crowded = len(times) >= PER_MINUTE and times[-PER_MINUTE] > now - 60
        if full or crowded:
            self.dropped[userid] += 1
            return False
        times.append(now)
        return True

    def spend(self, app: App, receivers: int, accounts: int) -> None:
        day = (app.agentid, self._clock.now().astimezone(SHANGHAI).date().isoformat())
        cap = app.daily_cap if app.daily_cap is not None else accounts * DAILY_PER_ACCOUNT
        if self._days[day] + receivers > cap:
            raise WeComError(45009, f"api freq out of limit: {cap} member-times a day")
        self._days[day] += receivers
