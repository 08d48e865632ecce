"""How often a custom robot of a group may post [S0717]."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

PER_MINUTE = 20
PUNISHMENT = 600


@dataclass(slots=True)
class Custom:
    """What the platform remembers of one custom robot."""

    posted: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0
    uuids: set[str] = field(default_factory=set)

    def admit(self, now: float) -> bool:
        """The 21st message within a minute closes the robot for ten minutes."""
        if now < self.blocked_until:
            return False
        while self.posted and self.posted[0] <= now - 60:
            self.posted.popleft()
        if len(self.posted) >= PER_MINUTE:
            self.blocked_until = now + PUNISHMENT
            return False
        self.posted.append(now)
        return True
