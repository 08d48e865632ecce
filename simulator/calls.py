"""The log of everything that crossed the wire, without tokens, secrets or response codes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from simulator.clock import Clock
from simulator.pulse import Pulse

KEPT = 20_000


class TooLong(TypedDict):
    """A text beyond its recommended length: delivered, but phones may cut it."""

    field: str
    length: int
    recommended: int


@dataclass(slots=True)
class Call:
    """One request to the API, or one callback to the bot; `code` is that of DingTalk's new API."""

    api: str
    direction: str = "api"
    app: int | str = 0
    who: str = ""
    summary: str = ""
    errcode: int = 0
    code: str = ""
    errmsg: str = ""
    http: int = 200
    fault: str = ""
    took_ms: float = 0.0
    attempt: int = 1
    dropped: int = 0
    duplicate: bool = False
    advice: list[TooLong] = field(default_factory=list)
    seq: int = 0
    at: datetime | None = None

    def view(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def failed(self) -> bool:
        return self.errcode != 0 or bool(self.code) or self.http != 200


class Calls:
    """The newest calls, numbered."""

    def __init__(self, clock: Clock, pulse: Pulse) -> None:
        self._clock = clock
        self._pulse = pulse
        self._kept: deque[Call] = deque(maxlen=KEPT)
        self.last = 0

    def add(self, call: Call) -> None:
        self.last += 1
        call.seq = self.last
        call.at = self._clock.now()
        self._kept.append(call)
        self._pulse.bump()

    def after(self, seq: int) -> Iterable[Call]:
        newer = min(len(self._kept), self.last - seq)
        start = len(self._kept) - newer
        return [self._kept[i] for i in range(start, len(self._kept))] if newer > 0 else []
