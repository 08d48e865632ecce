"""Phones of every platform in one list: who owns one, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.callbacks import Outcome
from simulator.phones import Item

Body = Mapping[str, Any]
TEXT_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class Owner:
    """A phone: `id` is unique over all platforms, `key` is the userid or group id there.

    `members` are userid and name of everybody in a group.
    """

    id: str
    key: str
    name: str
    department: str = ""
    position: str = ""
    platform: str = "wecom"
    kind: str = "person"
    members: tuple[tuple[str, str], ...] = ()


class Platform(Protocol):
    """What the control API asks of each platform; refusals are raised as `Refused`."""

    def owners(self) -> list[Owner]: ...

    def owner(self, phone: str) -> Owner | None: ...

    async def say(self, owner: Owner, text: str, body: Body) -> Outcome: ...

    async def enter(self, owner: Owner, body: Body) -> Outcome: ...

    async def event(self, owner: Owner, body: Body) -> Outcome: ...

    async def tap(self, owner: Owner, item: Item, body: Body) -> dict[str, Any]: ...

    def read(self, owner: Owner, body: Body) -> None: ...

    def login(self, owner: Owner, body: Body) -> str: ...


def outcome_view(outcome: Outcome) -> dict[str, Any]:
    """The JSON form that say, tap, enter and event answer."""
    return {
        "status": outcome.status,
        "attempts": outcome.attempts,
        "reply": outcome.reply,
        "problem": outcome.problem,
        "took_ms": outcome.took_ms,
    }
