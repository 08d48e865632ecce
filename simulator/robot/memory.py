"""What the platform remembers of the robot: connections, chats, callbacks that wait, task ids."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from aiohttp import web

from simulator.clock import SHANGHAI, Clock, monotonic
from simulator.phones import Item
from simulator.robot.files import ParkedFiles
from simulator.robot.uploading import Uploads

PER_MINUTE = 30
PER_HOUR = 1000
Frame = dict[str, Any]


@dataclass(slots=True, eq=False)
class Line:
    """One connection. While it is frozen the platform neither reads nor writes on it."""

    id: int
    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    at: datetime
    subscribed: bool = False
    pings: int = 0
    heard: int = 0
    thawed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def frozen(self) -> bool:
        return not self.thawed.is_set()

    async def send(self, frame: Frame) -> bool:
        """False when the other side is gone. What is sent into a frozen line is lost."""
        if self.frozen:
            return True
        try:
            await self.ws.send_json(frame)
        except ConnectionError:
            return False
        return True

    def drop(self) -> None:
        """Cut without a word."""
        self.thawed.set()
        if self.transport is not None:
            self.transport.abort()


@dataclass(slots=True, eq=False)
class Asked:
    """A callback and what became of it. `done` is set by the first whole answer."""

    req_id: str
    kind: str
    userid: str
    chat: str
    at: datetime
    line: Line
    item: Item | None = None
    started: float = field(default_factory=monotonic)
    answered: bool = False
    stream: str = ""
    shown: Item | None = None
    reply: str | None = None
    lost: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Chats:
    """Who has written, who came in today, and how much was said in each chat."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.written: set[str] = set()
        self.groups: dict[str, list[Frame]] = {}
        self._entered: dict[str, date] = {}
        self._hours: dict[str, deque[float]] = {}

    def enters(self, userid: str) -> bool:
        """Whether this is the first entry of the local day."""
        today = self._clock.now().astimezone(SHANGHAI).date()
        first = self._entered.get(userid) != today
        self._entered[userid] = today
        return first

    def admit(self, chat: str) -> bool:
        now = self._clock.now().timestamp()
        times = self._hours.setdefault(chat, deque())
        while times and times[0] <= now - 3600:
            times.popleft()
        crowded = len(times) >= PER_MINUTE and times[-PER_MINUTE] > now - 60
        if crowded or len(times) >= PER_HOUR:
            return False
        times.append(now)
        return True


class RobotMemory:
    """`forget` drops what happened; connections stay, as the bot's socket does not care."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lines: dict[int, Line] = {}
        self.live: Line | None = None
        self.flat_events = False
        self.base = ""
        self._last = 0
        self.forget()

    def forget(self) -> None:
        self.chats = Chats(self._clock)
        self.asked: dict[str, Asked] = {}
        self.tasks: set[str] = set()
        self.uploads = Uploads(self._clock)
        self.parked = ParkedFiles(self._clock, self.base)

    def reached_at(self, base: str) -> None:
        """The address by which the bot came, for what it is to fetch."""
        self.base = self.parked.base = base

    def opened(self, ws: web.WebSocketResponse, transport: asyncio.Transport | None) -> Line:
        self._last += 1
        line = Line(self._last, ws, transport, self._clock.now())
        line.thawed.set()
        self.lines[line.id] = line
        return line

    def closed(self, line: Line) -> None:
        self.lines.pop(line.id, None)
        if self.live is line:
            self.live = None
        for asked in self.asked.values():
            if asked.line is line and not asked.done.is_set():
                asked.lost = True
                asked.done.set()

    def ask(
        self, line: Line, kind: str, userid: str, chat: str, item: Item | None = None
    ) -> Asked:
        asked = Asked(secrets.token_hex(12), kind, userid, chat, self._clock.now(), line, item)
        self.asked[asked.req_id] = asked
        return asked

    def waiting_in(self, chat: str, kind: str) -> Asked | None:
        """The newest callback of this chat that nobody has answered."""
        rows = [a for a in self.asked.values() if a.chat == chat and a.kind == kind]
        return next((a for a in reversed(rows) if not a.done.is_set()), None)
