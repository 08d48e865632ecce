"""Real seconds of DingTalk's pushing rules, so that tests need not wait for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamPace:
    """`again`: pause before a robot message comes once more; `event_wait`: before an event does.

    `parting` is the silence between a SYSTEM disconnect and the closing of TCP, `ping` the pause
    between two SYSTEM pings.
    """

    patience: float = 3.0
    http_patience: float = 2.5
    card_patience: float = 2.0
    again: float = 60.0
    event_wait: float = 10.0
    event_tries: int = 5
    parting: float = 10.0
    ping: float = 25.0
