"""The text message part of a hospital's configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SMS = "sms"  # stands where an app's agentid stands
PREFIX = "sms:"
_NUMBER = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class Number:
    """A mainland mobile number, and whose it is."""

    number: str
    name: str

    @property
    def shown(self) -> str:
        return f"{self.name} {masked(self.number)}".strip()


@dataclass(slots=True)
class Sms:
    """`templates`: code → approved words with `${name}` in them."""

    access_key_id: str
    access_key_secret: str
    sign_names: list[str]
    templates: dict[str, str]
    numbers: dict[str, Number]


def masked(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}"


def valid(number: str) -> bool:
    return bool(_NUMBER.fullmatch(number))


def sms_from(raw: Mapping[str, Any]) -> Sms:
    """Needs access_key_id, access_key_secret, sign_names and templates; numbers get phones."""
    numbers = [Number(str(n["number"]), str(n.get("name", ""))) for n in raw.get("numbers", [])]
    wrong = next((n for n in numbers if not valid(n.number)), None)
    if wrong:
        raise ValueError(f"sms number {masked(wrong.number)}: 11 digits beginning with 13 to 19")
    return Sms(
        access_key_id=str(raw["access_key_id"]),
        access_key_secret=str(raw["access_key_secret"]),
        sign_names=[str(s) for s in raw["sign_names"]],
        templates={str(code): str(words) for code, words in raw["templates"].items()},
        numbers={n.number: n for n in numbers},
    )
