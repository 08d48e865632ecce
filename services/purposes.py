"""Why messages are sent: each purpose with its words, its urgency and its guard.

A feature declares its purposes; the ledger refuses any other. `load` is called with a batch of
messages when they are due (and again when a card is redrawn) and tells what is true *then*.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.ledger import Priority


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message is about: its id, the row it speaks of, and the context it was given."""

    message_id: int
    subject_id: int
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of a subject now. `stands` false means: do not send any more, and why.

    `broken` says why nothing can be said at all; the message becomes a dead letter. A `live` card
    is redrawn while it is open, where a platform lets us; a closing one that `spares_answered`
    leaves alone the cards of those who answered, since theirs show their own answer.
    """

    context: Mapping[str, Any]
    stands: bool = True
    why_not: str = ""
    broken: str = ""
    live: bool = False
    spares_answered: bool = False


Load = Callable[[Sequence[Subject]], Awaitable[Mapping[int, Facts]]]


async def from_context(subjects: Sequence[Subject]) -> Mapping[int, Facts]:
    """For messages that carry all they say."""
    return {subject.message_id: Facts(subject.context) for subject in subjects}


@dataclass(frozen=True, slots=True)
class Purpose:
    """`useful_for` is how long after its time a message is still worth sending.

    `always` goes even to candidates who wish no more messages: what they must know all the same.
    `only` names the channels that may carry it, where not every one may. `window` gives the first
    instant, from one on, at which it may leave; on any channel and however often it is tried.
    """

    name: str
    load: Load
    priority: Priority = Priority.REMINDER
    quiet: bool = True
    useful_for: timedelta = timedelta(hours=12)
    always: bool = False
    only: tuple[str, ...] | None = None
    window: Callable[[datetime], datetime] | None = None

    @property
    def template(self) -> str:
        return self.name.replace(".", "/")


class Purposes:
    """All purposes of the running bot, by name."""

    def __init__(self, purposes: Iterable[Purpose] = ()) -> None:
        self._by_name: dict[str, Purpose] = {}
        self.add(purposes)

    def add(self, purposes: Iterable[Purpose]) -> None:
        for purpose in purposes:
            if purpose.name in self._by_name:
                raise ValueError(f"two purposes are called {purpose.name!r}")
            self._by_name[purpose.name] = purpose

    def __getitem__(self, name: str) -> Purpose:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Purpose]:
        return iter(self._by_name.values())
