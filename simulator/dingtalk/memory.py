"""What the platform remembers since the last reset."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.clock import Clock
from simulator.dingtalk.custom_robot import Custom
from simulator.dingtalk.notice_log import Notices
from simulator.dingtalk.org import Org
from simulator.dingtalk.quota import Quota
from simulator.dingtalk.todo_list import Todos
from simulator.dingtalk.tokens import Tokens
from simulator.phones import Item

if TYPE_CHECKING:
    from simulator.dingtalk.cards import Card

SESSION_MS = 90 * 60 * 1000


@dataclass(slots=True)
class Session:
    """The reply address of one incoming message."""

    phone: str
    expires_ms: int
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class RobotMessage:
    """One call of the robot API; `items` by the id of the phone that it reached."""

    key: str
    at: int
    group: str = ""
    recalled: bool = False
    items: dict[str, Item] = field(default_factory=dict)


@dataclass(slots=True)
class StoredFile:
    name: str
    data: bytes


@dataclass(slots=True)
class CardRoute:
    url: str
    secret: str


@dataclass(slots=True)
class Ticket:
    expires: int
    topics: frozenset[tuple[str, str]]


@dataclass(slots=True)
class Memory:
    """Sessions by token, robot messages by processQueryKey, cards by outTrackId."""

    tokens: Tokens
    quota: Quota
    sessions: dict[str, Session] = field(default_factory=dict)
    robot: dict[str, RobotMessage] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    downloads: dict[str, str] = field(default_factory=dict)
    routes: dict[str, CardRoute] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    subscriptions: Counter[str] = field(default_factory=Counter)
    custom: dict[str, Custom] = field(default_factory=dict)
    notices: Notices = field(default_factory=Notices)
    todos: Todos = field(default_factory=Todos)


def fresh(org: Org, clock: Clock) -> Memory:
    return Memory(Tokens(clock), Quota(org, clock))


def new_id(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(18)
