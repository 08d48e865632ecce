"""What a hospital may tune of call-outs, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import time, timedelta
from typing import Any

from services.callout_curve import Curve, Night, curve_of

_DURATION = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class CallOutRules:
    """`travel` stands in where somebody's way is not known; `late` is how late is still of use."""

    curve: Curve
    newest: int
    look: timedelta
    least_wave: int
    most_waves: int
    board: timedelta
    travel: timedelta
    late: timedelta
    duration: timedelta
    most_needed: int
    ahead: timedelta
    drill_from: time
    drill_until: time
    night_from: time
    night_until: time

    @property
    def night(self) -> Night:
        """When people answer as they do when they sleep."""
        return Night(self.night_from, self.night_until)


def load_call_out_rules(data: Mapping[str, Any]) -> CallOutRules:
    """The parsed `callouts.toml`. Raises ValueError that names the key."""
    names = {field.name: field.type for field in fields(CallOutRules)}
    if set(data) != set(names):
        wrong = sorted(set(data) ^ set(names))
        raise ValueError(f"callouts.toml: missing or unknown keys {wrong}")
    return CallOutRules(**{key: _value(key, str(names[key]), data[key]) for key in names})


def _value(key: str, kind: str, raw: Any) -> Any:
    try:
        match kind:
            case "Curve":
                return curve_of(raw)
            case "timedelta":
                return _duration(raw)
            case "time":
                return time.fromisoformat(raw)
            case _:
                return _whole(raw)
    except (ValueError, TypeError) as error:
        raise ValueError(f"callouts.toml: {key}: {error}") from error


def _whole(raw: Any) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 1:
        raise ValueError(f"{raw!r} is no number from 1 on")
    return raw


def _duration(text: str) -> timedelta:
    if not re.fullmatch(r"(\d+[smhd])+", text):
        raise ValueError(f"{text!r} is no duration; write for example 90m, 2h or 3d")
    return sum(
        (timedelta(**{_UNITS[unit]: int(number)}) for number, unit in _DURATION.findall(text)),
        timedelta(),
    )
