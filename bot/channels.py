"""The port that every outgoing channel implements, and the outcomes it can report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from models.cards import Card, Content


class Failure(StrEnum):
    """What an error of a platform asks of us; every known error code maps to one of these."""

    RETRY = "retry"  # passing fault: back off, try the same again
    WINDOW = "window"  # a rate limit: this app and API rest for `SendFailed.wait`
    RECIPIENT = "recipient"  # this person cannot be reached here: next channel of the ladder
    REQUEST = "request"  # our request is wrong: dead letter, operator told
    CONFIGURATION = "configuration"  # rights, secrets, trusted IP: all rest, operator told
    UNKNOWN = "unknown"  # timed out or cut off after sending: it may have arrived


@dataclass(frozen=True, slots=True)
class Refused:
    """Why one receiver did not get it although the call went through."""

    code: int
    reason: str
    failure: Failure = Failure.RECIPIENT


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform's own code said ok. `refused` is keyed by the user ids we passed in."""

    message_id: str
    response_code: str = ""
    refused: Mapping[str, Refused] = field(default_factory=dict)


class SendFailed(Exception):
    """The whole call failed. `cure` tells the hospital's engineer, in Chinese, what to do."""

    def __init__(
        self,
        failure: Failure,
        *,
        code: int = 0,
        reason: str = "",
        cure: str = "",
        wait: timedelta | None = None,
    ) -> None:
        super().__init__(f"{failure} {code}: {reason}")
        self.failure = failure
        self.code = code
        self.reason = reason
        self.cure = cure
        self.wait = wait


class Channel(Protocol):
    """One app on one platform. Implementations hold no state that another replica would need."""

    name: str
    batch: int  # most receivers of one call
    deduplicates: bool  # an identical call repeated within its window reaches nobody twice
    member_per_minute: int
    member_per_hour: int

    async def send(self, content: Content, to: Sequence[str], *, key: str) -> Sent:
        """Send one content to at most `batch` user ids.

        `key` is stable over retries and becomes the card's task id. Raises SendFailed.
        """
        ...

    async def redraw(self, card: Card, to: Sequence[str], *, response_code: str, key: str) -> str:
        """Redraw a card for these receivers; returns a fresh response code, if any."""
        ...

    async def recall(self, message_id: str) -> None:
        """Take a message back where the platform can. Raises SendFailed."""
        ...
