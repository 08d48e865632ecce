"""Work notifications as the platform remembers them, and the limits that drop some [S0773]."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime

from simulator.clock import SHANGHAI
from simulator.dingtalk.bodies import Shown
from simulator.dingtalk.org import Person
from simulator.phones import Item

APP_MINUTE, ORG_MINUTE, DAILY, REPEATED = "143103", "143104", "143105", "143106"


@dataclass(slots=True)
class Limits:
    """Per user and day, and receivers per minute of this app and of the organisation."""

    daily: int = 500
    app_minute: int = 5000
    org_minute: int = 5000


@dataclass(slots=True)
class Task:
    """One call of asyncsend_v2; `forbidden` holds the code of each receiver left out."""

    id: int
    at: int
    kind: str
    shown: Shown
    fingerprint: str
    people: list[Person]
    invalid: list[str]
    by_users: bool
    status: int = 0
    forbidden: dict[str, str] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    swallowed: list[str] = field(default_factory=list)
    recalled: bool = False


@dataclass(slots=True)
class Notices:
    """Tasks by id, and what every user already got today."""

    tasks: dict[int, Task] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    today: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    prints: set[tuple[str, str]] = field(default_factory=set)
    recent: deque[float] = field(default_factory=deque)

    def judge(self, now: datetime, userid: str, fingerprint: str) -> str:
        """The code of the limit that this notice meets, or "" after noting it as sent."""
        day = now.astimezone(SHANGHAI).date().isoformat()
        if day != self.today:
            self.today = day
            self.counts.clear()
            self.prints.clear()
        while self.recent and self.recent[0] <= now.timestamp() - 60:
            self.recent.popleft()
        code = self._code(userid, fingerprint)
        if not code:
            self.counts[userid] += 1
            self.prints.add((userid, fingerprint))
            self.recent.append(now.timestamp())
        return code

    def _code(self, userid: str, fingerprint: str) -> str:
        if (userid, fingerprint) in self.prints:
            return REPEATED
        if self.counts[userid] >= self.limits.daily:
            return DAILY
        if len(self.recent) >= self.limits.app_minute:
            return APP_MINUTE
        return ORG_MINUTE if len(self.recent) >= self.limits.org_minute else ""
