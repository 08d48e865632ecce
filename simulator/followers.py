"""Moves the clock in small steps, each waited for by those who live by this clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.clock import Clock, monotonic
from simulator.pulse import Pulse

LIVE = 30.0
POLL = 25.0
PATIENCE = 20.0
STEP = timedelta(minutes=10)
_NOTHING = timedelta(milliseconds=1)


@dataclass(slots=True)
class Follower:
    """Someone who polls the clock; asking with a revision says all due then is done."""

    id: str
    done: int
    polled: float
    parked: int = 0
    given_up: bool = False

    @property
    def live(self) -> bool:
        return self.parked > 0 or monotonic() - self.polled < LIVE


@dataclass(slots=True)
class Move:
    """What a move did. `late` are followers that did not answer in time."""

    steps: int = 0
    waited_for: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)


class Followers:
    """The one way to move the clock while others follow it."""

    def __init__(self, clock: Clock, news: Pulse, patience: float = PATIENCE) -> None:
        self._clock = clock
        self._news = news
        self.patience = patience
        self._ticks = Pulse()
        self._answers = Pulse()
        self._known: dict[str, Follower] = {}
        self._turn = asyncio.Lock()
        self.target: datetime | None = None

    @property
    def rev(self) -> int:
        return self._ticks.rev

    @property
    def moving(self) -> bool:
        return self.target is not None

    async def poll(self, follower_id: str, rev: int, wait: float = POLL) -> None:
        """Note that `rev` is done, then wait for the next one."""
        follower = self._known.setdefault(follower_id, Follower(follower_id, 0, monotonic()))
        follower.done = rev
        follower.polled = monotonic()
        follower.given_up = False
        follower.parked += 1
        self._answers.bump()
        try:
            # A revision from before a restart of the simulator must not wait for ever.
            if rev <= self.rev:
                await self._ticks.beyond(rev, wait)
        finally:
            follower.parked -= 1
            follower.polled = monotonic()

    async def move_to(self, target: datetime, step: timedelta = STEP) -> Move:
        """Go to `target` by steps that end on round times; one move at a time."""
        move = Move()
        async with self._turn:
            self.target = target
            try:
                while (rest := target - self._clock.now()) > _NOTHING:
                    self._clock.move(min(rest, self._to_round(step)))
                    move.steps += 1
                    self._news.bump()
                    await self._settle(self._ticks.bump(), move)
            finally:
                self.target = None
                self._news.bump()
        return move

    def live(self) -> set[str]:
        return {f.id for f in self._known.values() if f.live}

    def close(self) -> None:
        self._ticks.close()
        self._answers.close()

    def _to_round(self, step: timedelta) -> timedelta:
        now = self._clock.now().timestamp()
        width = step.total_seconds()
        return timedelta(seconds=width - now % width)

    async def _settle(self, rev: int, move: Move) -> None:
        """Wait until each live follower has done `rev`; the slow count again when they ask."""
        deadline = monotonic() + self.patience
        asked = self.live()  # whoever works longer than `LIVE` at one step does not cease to count
        while waiting := self._behind(rev, asked):
            move.waited_for |= {f.id for f in waiting}
            seen = self._answers.rev
            if not await self._answers.beyond(seen, deadline - monotonic()):
                self._give_up(waiting, move)
                return
        await asyncio.sleep(0)

    def _behind(self, rev: int, asked: set[str]) -> list[Follower]:
        known = self._known.values()
        counted = [f for f in known if f.live or f.id in asked]
        return [f for f in counted if f.done < rev and not f.given_up]

    def _give_up(self, waiting: list[Follower], move: Move) -> None:
        for follower in waiting:
            follower.given_up = True
            move.late.add(follower.id)
