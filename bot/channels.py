"""The port that every outgoing channel implements, and the outcomes it can report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from models.cards import Card, Content

AGAIN = "again"  # a response code that is good for any number of redraws


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
    """Why one receiver did not get it, or not yet, although the call went through.

    `failure` says what to do for this receiver alone: RECIPIENT tries the next channel, RETRY and
    WINDOW keep it queued, UNKNOWN may have arrived, REQUEST and CONFIGURATION give it up.
    """

    code: int
    reason: str
    failure: Failure = Failure.RECIPIENT
    wait: timedelta | None = None  # for RETRY and WINDOW: not before that


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform's own code said ok. `refused` is keyed by the user ids we passed in.

    `each` gives a platform message id per receiver where one call has none for all. Where the
    platform answers ok before it knows (`confirmed` False), the deliveries stay unknown until
    their receipts are asked for (`TellsReceipts`).
    """

    message_id: str
    response_code: str = ""
    refused: Mapping[str, Refused] = field(default_factory=dict)
    each: Mapping[str, str] = field(default_factory=dict)
    confirmed: bool = True


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


class TooLarge(SendFailed):
    """A file is longer than was asked for; nothing of it is kept."""

    def __init__(self, most: int) -> None:
        super().__init__(Failure.REQUEST, reason=f"more than {most} bytes")


class Channel(Protocol):
    """One app on one platform. Implementations hold no state that another replica would need."""

    name: str
    batch: int  # most receivers of one call
    member_per_minute: int
    member_per_hour: int

    @property
    def ready(self) -> bool:
        """Whether this process can send on it now; while False nothing is claimed here."""
        ...

    def repeatable(self, content: Content) -> bool:
        """Whether repeating a call of unknown fate, with `again`, reaches nobody twice."""
        ...

    async def send(
        self, content: Content, to: Sequence[str], *, key: str, again: bool = False
    ) -> Sent:
        """Send one content to at most `batch` user ids.

        `key` is stable over retries and becomes the card's task id; `again` says that the same
        call was made before and may have arrived. Raises SendFailed.
        """
        ...

    async def redraw(self, card: Card, to: Sequence[str], *, response_code: str, key: str) -> str:
        """Redraw a card for these receivers; returns a fresh response code, if any."""
        ...

    async def recall(self, message_id: str) -> None:
        """Take a message back where the platform can. Raises SendFailed."""
        ...


@dataclass(frozen=True, slots=True)
class File:
    """A picture or PDF to show; `filename` is what people read."""

    data: bytes = field(repr=False)
    media_type: str
    filename: str


@runtime_checkable
class ShowsFiles(Protocol):
    """A channel that can show files; to any other one goes where to look at them."""

    async def send_file(self, file: File, to: Sequence[str], *, key: str) -> Sent:
        """As `send`, never a second time. Raises SendFailed; REQUEST when it cannot show this."""
        ...


class ReceiptState(StrEnum):
    ARRIVED = "arrived"
    SEEN = "seen"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform knows of one receiver after the call; `code` and `reason` of a failure."""

    state: ReceiptState
    code: int = 0
    reason: str = ""


@runtime_checkable
class TellsReceipts(Protocol):
    """A channel that can be asked later what became of a message."""

    name: str

    async def receipts(self, message_id: str, to: Sequence[str]) -> Mapping[str, Receipt]:
        """User id → receipt, for those of whom the platform knows something. Raises SendFailed."""
        ...
