"""What the platform remembers of sent messages: ids, tasks, response codes, duplicates."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

from simulator.clock import Clock
from simulator.errors import WeComError
from simulator.phones import Item

CODE_LIFETIME = 72 * 3600
RECALL_LIFETIME = 24 * 3600


@dataclass(slots=True)
class Sent:
    """One accepted message. `items` holds the receivers' copies that really arrived."""

    msgid: str
    agentid: int
    at: int
    kind: str
    card_type: str = ""
    task_id: str = ""
    receivers: set[str] = field(default_factory=set)
    items: dict[str, Item] = field(default_factory=dict)


@dataclass(slots=True)
class ResponseCode:
    value: str
    sent: Sent
    expires: int
    used: bool = False


class Outbox:
    """Sent messages by msgid, with the single-use codes that may change their cards."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: dict[str, Sent] = {}
        self._codes: dict[str, ResponseCode] = {}
        self._tasks: set[tuple[int, str]] = set()
        self._seen: dict[tuple[int, bytes], tuple[int, dict[str, Any]]] = {}

    def open(self, agentid: int, kind: str, card: dict[str, Any] | None) -> Sent:
        """Register a new message; a task id may be used once per app."""
        task_id = str((card or {}).get("task_id") or "")
        if task_id and (agentid, task_id) in self._tasks:
            raise WeComError(42014, "task_id already exists")
        if task_id:
            self._tasks.add((agentid, task_id))
        card_type = str((card or {}).get("card_type") or "")
        sent = Sent(
            secrets.token_urlsafe(32), agentid, self._clock.unix(), kind, card_type, task_id
        )
        self._sent[sent.msgid] = sent
        return sent

    def find(self, msgid: str) -> Sent | None:
        return self._sent.get(msgid)

    def issue(self, sent: Sent) -> str:
        code = secrets.token_urlsafe(32)
        self._codes[code] = ResponseCode(code, sent, self._clock.unix() + CODE_LIFETIME)
        return code

    def code(self, value: object) -> ResponseCode:
        found = self._codes.get(value) if isinstance(value, str) else None
        if found is None or found.used or found.expires <= self._clock.unix():
            raise WeComError(60140)
        return found

    def repeated(self, agentid: int, raw: bytes) -> dict[str, Any] | None:
        """The reply given to the same request within its interval."""
        until, reply = self._seen.get(_key(agentid, raw), (0, {}))
        return reply if until > self._clock.unix() else None

    def remember(self, agentid: int, raw: bytes, interval: int, reply: dict[str, Any]) -> None:
        self._seen[_key(agentid, raw)] = (self._clock.unix() + interval, reply)

    def may_recall(self, sent: Sent) -> bool:
        return sent.at + RECALL_LIFETIME > self._clock.unix()


def _key(agentid: int, raw: bytes) -> tuple[int, bytes]:
    return agentid, hashlib.sha256(raw).digest()
