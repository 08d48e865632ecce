"""The whole state of one simulated platform."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from simulator.calls import Calls
from simulator.clock import Clock
from simulator.dingtalk import memory
from simulator.dingtalk.pace import StreamPace
from simulator.faults import Faults
from simulator.followers import PATIENCE, Followers
from simulator.hospital import App, Hospital, Member, parse
from simulator.kf.memory import KfMemory
from simulator.limits import Limits
from simulator.mail.post import Post
from simulator.media import MediaStore
from simulator.phones import Phones
from simulator.pulse import Pulse
from simulator.robot.memory import RobotMemory
from simulator.sample import SAMPLE
from simulator.sent import Outbox
from simulator.tokens import Tokens
from simulator.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Pace:
    """Real seconds of the callback rules: patience, and the pause before each retry.

    `step` is how long a move of the clock waits, at each step, for those who follow it.
    """

    timeout: float = 5.0
    retry_wait: float = 1.0
    retries: int = 3
    hold: float = 60.0
    verify: float = 1.0
    step: float = PATIENCE
    ding: StreamPace = field(default_factory=StreamPace)


class Simulator:
    """Holds clock, hospital, phones and memory; `reset` forgets what happened."""

    def __init__(
        self,
        hospital: Hospital | None = None,
        now: datetime | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.clock = Clock(now)
        self.pulse = Pulse()
        self.pace = pace or Pace()
        self.followers = Followers(self.clock, self.pulse, self.pace.step)
        self.faults = Faults()
        self.world = hospital or parse(SAMPLE)
        self.epoch = 0
        self.robot = RobotMemory(self.clock)
        self.kf = KfMemory(self.clock)
        self.post = Post()
        self._forget()

    def reset(self, hospital: Hospital | None = None) -> None:
        """Begin anew, on request with another hospital; the clock stays where it is."""
        self.world = hospital or self.world
        self.epoch += 1
        self.faults.clear()
        self._forget()
        self.pulse.bump()

    def _forget(self) -> None:
        self.phones = Phones(self.clock, self.pulse)
        self.calls = Calls(self.clock, self.pulse)
        self.tokens = Tokens(self.clock)
        self.limits = Limits(self.clock)
        self.media = MediaStore(self.clock)
        self.outbox = Outbox(self.clock)
        self.ding = memory.fresh(self.world.ding, self.clock) if self.world.ding else None
        self.webhooks = Webhooks(self.clock)
        self.robot.forget()
        self.kf.forget()
        self.post.forget()
        if self.world.robot is not None and self.world.robot.greeted:
            self.robot.chats.written.update(self.world.members)
        self.counters: Counter[str] = Counter()
        self._msgid = 7_000_000_000_000_000_000

    def next_msgid(self) -> int:
        self._msgid += 1
        return self._msgid

    def visible(self, app: App) -> list[Member]:
        return [m for m in self.world.members.values() if self.world.sees(app, m)]

    def stop(self) -> None:
        """Let everything go that waits."""
        self.pulse.close()
        self.followers.close()
        self.faults.clear()
