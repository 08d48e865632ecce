"""Policies as data: read from TOML, turned into the values that services are given."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields
from datetime import time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from models.policies import (
    Budgets,
    Escalate,
    Escalation,
    Policies,
    QuietHours,
    Quota,
    Reception,
    ReminderPolicy,
    Step,
)

SHIPPED = Path(__file__).parent
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d+)([smhd])")

T = TypeVar("T", QuietHours, ReminderPolicy, Budgets, Quota)


class PolicyError(Exception):
    """A policy file is wrong; the message names the file, the key and what is expected."""


@cache
def _parsed(text: str) -> dict[str, Any]:
    """The same file is parsed once in a process."""
    return tomllib.loads(text)


def read(name: str, folder: Path | None = None) -> dict[str, Any]:
    """A policy file: the hospital's own when it has one, else the shipped one."""
    own = folder / name if folder else None
    path = own if own and own.exists() else SHIPPED / name
    try:
        return deepcopy(_parsed(path.read_text("utf-8")))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(f"{path}: {error}") from error


def load(folder: Path | None = None) -> Policies:
    """All of `policies.toml`. Raises PolicyError."""
    raw = read("policies.toml", folder)
    try:
        return Policies(
            quiet=_section(QuietHours, raw.get("quiet", {})),
            reminders=_section(ReminderPolicy, raw.get("reminders", {})),
            budgets=_section(Budgets, raw.get("budgets", {})),
            ladder=tuple(raw["ladder"]),
            leading_directories=tuple(raw.get("leading_directories", ("wecom",))),
            escalations={
                name: _escalation(name, body) for name, body in raw["escalations"].items()
            },
            quotas={name: _section(Quota, body) for name, body in raw.get("quotas", {}).items()},
            approval_expires=duration(raw["approval_expires"]),
            swap_expires=duration(raw["swap_expires"]),
            records_kept=duration(raw.get("records_kept", "400d")),
            candidate_ladder=tuple(raw.get("candidate_ladder", ("phone_task",))),
            candidates_kept=duration(raw.get("candidates_kept", "180d")),
            reception=Reception(raw.get("reception", "button")),
            announce_rosters=_switch("announce_rosters", raw.get("announce_rosters", True)),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise PolicyError(f"policies.toml: {error}") from error


def duration(text: str) -> timedelta:
    """`90m`, `1h30m`, `3d`. Raises ValueError."""
    if not re.fullmatch(r"(\d+[smhd])+", text):
        raise ValueError(f"{text!r} is no duration; write for example 90m, 2h or 3d")
    return sum(
        (timedelta(**{_UNITS[unit]: int(number)}) for number, unit in _DURATION.findall(text)),
        timedelta(),
    )


def _switch(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{key} is true or false, not {value!r}")
    return value


def _section(kind: type[T], raw: Mapping[str, Any]) -> T:
    hints = get_type_hints(kind)
    unknown = set(raw) - {field.name for field in fields(kind)}
    if unknown:
        raise ValueError(f"{kind.__name__}: unknown key {sorted(unknown)[0]!r}")
    values = {key: _value(hints[key], value) for key, value in raw.items()}
    return kind(**values)


def _value(kind: type, value: Any) -> Any:
    if kind is time:
        return time.fromisoformat(value)
    if isinstance(value, list):
        return tuple(value)
    return duration(value) if kind is timedelta else kind(value)


def _escalation(name: str, raw: Mapping[str, Any]) -> Escalation:
    steps = tuple(_step(step) for step in raw.get("steps", []))
    return Escalation(name, steps, duration(raw.get("deadline", "24h")))


def _step(raw: Mapping[str, str]) -> Step:
    if ("after" in raw) == ("at" in raw):
        raise ValueError("a step has either `after` or `at`")
    if "after" in raw:
        return Step(Escalate(raw["act"]), after=duration(raw["after"]))
    return Step(Escalate(raw["act"]), at=time.fromisoformat(raw["at"]))
