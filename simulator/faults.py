"""Switches that make the platform misbehave, by kind, API pattern, count and chance."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

_SENDS = (
    "message/*, webhook/*, kf/send_*, v1.0/robot/*, v1.0/card/*, v1.0/todo/*, "
    "oapi/robot/*, oapi/topapi/message/*, smtp/data, sms/*"
)
API_KINDS = {
    "expired_token": "*",
    "wrong_secret": "gettoken, oapi/gettoken, v1.0/oauth2/accessToken",
    "rate_limit": _SENDS,
    "permission": _SENDS,
    "api_error": _SENDS,
    "untrusted_ip": "*",
    "http_500": "*",
    "html_502": "*",
    "slow": "*",
    "accepted_then_timeout": _SENDS,
    "black_hole": _SENDS,
    "reset_after_bytes": _SENDS,
}
MAIL_KINDS = {
    "mail_error": "smtp/rcpt",
    "mail_greylist": "smtp/rcpt",
    "mail_cut": "smtp/data",
}
DELIVERY_KINDS = {"member_silent_drop": "*", "invalid_user": "*", "msg_send_fail": "kf/send_*"}
CALLBACK_KINDS = {
    "callback_duplicate": "*",
    "callback_reorder": "*",
    "callback_tampered": "*",
    "callback_replay_old": "*",
}
KINDS = API_KINDS | MAIL_KINDS | DELIVERY_KINDS | CALLBACK_KINDS
_NUMBERS = {
    "errcode": int,
    "ms": int,
    "bytes": int,
    "age_s": int,
    "seed": int,
    "count": int,
    "http": int,
    "fail_type": int,
}


class BadFault(ValueError):
    """A switch that does not exist or has a wrong value."""


@dataclass(slots=True)
class Fault:
    """One switch. `count` None means until switched off; `users` empty means everybody.

    `api` holds one or more patterns separated by commas. `code` and `http` are the answer of
    `api_error` on DingTalk's new API, `errcode` is that of all others.
    """

    id: int
    kind: str
    api: str
    count: int | None = None
    probability: float = 1.0
    seed: int | None = None
    users: list[str] = field(default_factory=list)
    errcode: int = 0
    code: str = ""
    http: int = 400
    ms: int = 1500
    bytes: int = 20
    age_s: int = 7200
    fail_type: int = 0
    fired: int = 0

    def view(self) -> dict[str, Any]:
        return asdict(self)


class Faults:
    """The switches that are on. One that has used up its count leaves the list."""

    def __init__(self) -> None:
        self._on: dict[int, tuple[Fault, random.Random]] = {}
        self._next = 0
        self.released = asyncio.Event()

    def add(self, raw: dict[str, Any]) -> Fault:
        self._next += 1
        fault = _read(self._next, raw)
        self._on[fault.id] = (fault, random.Random(fault.seed))  # noqa: S311
        return fault

    def on(self) -> list[Fault]:
        return [fault for fault, _ in self._on.values()]

    def clear(self, fault_id: int | None = None) -> int:
        """Switch one or all off; calls that are being held are let go."""
        gone = [i for i in self._on if fault_id in (None, i)]
        for i in gone:
            del self._on[i]
        self.released.set()
        self.released = asyncio.Event()
        return len(gone)

    def take(self, kinds: Iterable[str], target: str, user: str = "") -> list[Fault]:
        """The switches that fire now; each firing counts."""
        if not self._on:
            return []
        hits = []
        for fault, dice in tuple(self._on.values()):
            if self._fires(fault, dice, kinds, target, user):
                hits.append(fault)
                fault.fired += 1
                if fault.count is not None and fault.fired >= fault.count:
                    del self._on[fault.id]
        return hits

    async def hold(self, longest: float) -> None:
        """Answer nothing until all faults are cleared, the server stops or time is up."""
        try:
            async with asyncio.timeout(longest):
                await self.released.wait()
        except TimeoutError:
            return

    @staticmethod
    def _fires(
        fault: Fault, dice: random.Random, kinds: Iterable[str], target: str, user: str
    ) -> bool:
        return (
            fault.kind in kinds
            and any(fnmatchcase(target, p.strip()) for p in fault.api.split(","))
            and (not fault.users or user in fault.users)
            and dice.random() < fault.probability
        )


def _read(fault_id: int, raw: dict[str, Any]) -> Fault:
    kind = raw.get("kind")
    if kind not in KINDS:
        raise BadFault(f"unknown kind {kind!r}; one of: {', '.join(KINDS)}")
    numbers = {k: v for k, v in raw.items() if k in _NUMBERS}
    for name, value in numbers.items():
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise BadFault(f"{name} must be a whole number")
    chance = raw.get("probability", 1.0)
    if not isinstance(chance, int | float) or not 0 <= chance <= 1:
        raise BadFault("probability must lie between 0 and 1")
    return Fault(
        fault_id,
        kind,
        str(raw.get("api") or KINDS[kind]),
        probability=float(chance),
        code=str(raw.get("code") or ""),
        users=[str(u) for u in raw.get("users", [])],
        **numbers,
    )
