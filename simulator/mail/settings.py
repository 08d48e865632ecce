"""The mail part of a hospital's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAIL = "mail"  # stands where an app's agentid stands
PREFIX = "mail:"  # in front of the address, as the id of a phone


@dataclass(frozen=True, slots=True)
class Mailbox:
    address: str
    name: str


@dataclass(slots=True)
class Mail:
    """`username` empty: nobody signs in. With `tls`, STARTTLS is offered and AUTH needs it."""

    users: dict[str, Mailbox]
    username: str = ""
    password: str = ""
    tls: bool = False

    def box(self, address: str) -> Mailbox | None:
        """Addresses are one whatever their case."""
        return self.users.get(address.lower())


def mail_from(raw: Mapping[str, Any]) -> Mail:
    """`{"users": [{"address", "name"}], "auth": {"username", "password"}, "tls": false}`."""
    boxes = [Mailbox(str(u["address"]), str(u.get("name", ""))) for u in raw.get("users", [])]
    for box in boxes:
        if box.address.count("@") != 1 or not box.address.isascii():
            raise ValueError(f"mail address {box.address!r} must read name@domain")
    auth = raw.get("auth") or {}
    return Mail(
        users={box.address.lower(): box for box in boxes},
        username=str(auth["username"]) if auth else "",
        password=str(auth["password"]) if auth else "",
        tls=bool(raw.get("tls", False)),
    )
