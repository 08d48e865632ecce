"""Customer service as the hospital's configuration describes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ID = re.compile(r"[A-Za-z0-9_-]{2,64}")


@dataclass(slots=True)
class KfAccount:
    """`servicers` are the userids of its 接待人员; None: every member."""

    open_kfid: str
    name: str
    servicers: set[str] | None = None

    def served_by(self, userid: str) -> bool:
        return self.servicers is None or userid in self.servicers


@dataclass(slots=True)
class KfCustomer:
    """Somebody with a personal WeChat; neither phone number nor legal name is known."""

    external_userid: str
    nickname: str
    unionid: str = ""


@dataclass(slots=True)
class Kf:
    """`apps` are the agentids that may call; None: every ordinary app."""

    accounts: dict[str, KfAccount]
    customers: dict[str, KfCustomer]
    apps: list[int] | None = None


def kf_from(raw: Mapping[str, Any]) -> Kf:
    accounts = [_account(each) for each in raw["accounts"]]
    customers = [customer_from(c) for c in raw.get("customers", [])]
    if not accounts:
        raise ValueError("kf.accounts: at least one account")
    return Kf(
        {a.open_kfid: a for a in accounts},
        {c.external_userid: c for c in customers},
        [int(a) for a in raw["apps"]] if raw.get("apps") is not None else None,
    )


def _account(raw: Mapping[str, Any]) -> KfAccount:
    servicers = raw.get("servicers")
    return KfAccount(
        _checked(raw["open_kfid"], "wk"),
        str(raw["name"]),
        None if servicers is None else {str(each) for each in servicers},
    )


def customer_from(raw: Mapping[str, Any]) -> KfCustomer:
    """Raises KeyError and ValueError."""
    external = _checked(raw["external_userid"], "wm")
    return KfCustomer(external, str(raw["nickname"]), str(raw.get("unionid", "")))


def _checked(value: object, prefix: str) -> str:
    if not isinstance(value, str) or not value.startswith(prefix) or not _ID.fullmatch(value):
        raise ValueError(f"kf: {value!r} must begin with {prefix}: letters, digits, _ and -")
    return value
