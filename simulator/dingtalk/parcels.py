"""What is pushed to the bot, and how it went."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from simulator.callbacks import Outcome


@dataclass(frozen=True, slots=True)
class Push:
    """One thing to tell. `channel` is robot, card or event; every attempt has the same ids."""

    channel: str
    label: str
    kind: str
    topic: str
    who: str
    data: dict[str, Any]
    summary: str = ""
    route: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    message_id: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(slots=True)
class Verdict:
    """How it went, and the JSON that the bot answered, if any."""

    outcome: Outcome
    answer: dict[str, Any] | None = None
