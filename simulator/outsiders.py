"""Which phones outside the hospital are one and the same person's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outsider:
    """A candidate with a WeChat, a mailbox or a number: ids of phones, in the order to show."""

    name: str
    phones: tuple[str, ...]


def outsiders_from(raw: Iterable[Mapping[str, Any]]) -> list[Outsider]:
    """`[{"name", "phones": ["wechat:…", "mail:…", "sms:…"]}]`; a phone has one owner at most."""
    found = [Outsider(str(p["name"]), tuple(str(i) for i in p["phones"])) for p in raw]
    seen: set[str] = set()
    for phone in (phone for person in found for phone in person.phones):
        if phone in seen:
            raise ValueError(f"people: {phone} belongs to two of them")
        seen.add(phone)
    return found


def owner_of(people: Iterable[Outsider], phone: str) -> Outsider | None:
    return next((p for p in people if phone in p.phones), None)
