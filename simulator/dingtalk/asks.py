"""One request to the DingTalk API as its functions see it, and how a function is registered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from simulator.asks import Upload
from simulator.calls import Call
from simulator.dingtalk.errors import NewError, OldError, Problem
from simulator.dingtalk.memory import Memory
from simulator.dingtalk.org import Org
from simulator.state import Simulator

if TYPE_CHECKING:
    from simulator.dingtalk.service import DingTalk

Reply = dict[str, Any]
Run = Callable[["Ask"], "Reply | web.Response"]


@dataclass(slots=True)
class Ask:
    """`path` holds the parts of the address in braces, `base` the address the bot uses."""

    sim: Simulator
    service: DingTalk
    org: Org
    memory: Memory
    api: Api
    path: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes
    body: dict[str, Any]
    call: Call
    base: str
    upload: Upload | None = None

    def text(self, name: str, problem: Problem) -> str:
        """A field that must be a string with something in it."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise problem
        return value

    def strings(self, name: str, problem: Problem) -> list[str]:
        """A field that must be a list of strings with something in it."""
        value = self.body.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            raise problem
        return value


@dataclass(frozen=True, slots=True)
class Api:
    """A function of the platform. Paths below v1.0/ are of the new API, all others of the old.

    `pattern` may hold parts in braces. `token` false: no access token is asked for. `scope` is
    the permission that the fault `permission` names. `counted` false: not in the month's count.
    """

    method: str
    pattern: str
    run: Run
    token: bool = True
    scope: str = ""
    counted: bool = True
    _regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.pattern))
        object.__setattr__(self, "_regex", re.compile(parts))

    @property
    def new(self) -> bool:
        return self.pattern.startswith("v1.0/")

    @property
    def name(self) -> str:
        """How faults and the call log name it: WeCom has functions of the same address."""
        return self.pattern if self.new else f"oapi/{self.pattern}"

    def match(self, method: str, path: str) -> dict[str, str] | None:
        found = self._regex.fullmatch(path)
        return found.groupdict() if found and method == self.method else None


def unknown_api(new: bool) -> Problem:
    if new:
        return NewError(404, "InvalidAction.NotFound", "Specified api is not found")
    return OldError(22, "不合法的ApiName")
