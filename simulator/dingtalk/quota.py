"""The month's allowance of the organisation: the hook that the API and the pushes ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.clock import SHANGHAI, Clock
from simulator.dingtalk.org import Org

KINDS = ("api", "push")
# Changes of the directory and of the medical directory are told for nothing [S1434].
FREE = ("user_", "org_", "label_", "industry_medical_")


@dataclass(slots=True)
class Meter:
    """What was used this month, by name. `limit` None: counted, but without an end."""

    limit: int | None
    before: int = 0
    by: Counter[str] = field(default_factory=Counter)

    @property
    def used(self) -> int:
        return self.before + self.by.total()

    def spend(self, name: str) -> bool:
        if self.limit is not None and self.used >= self.limit:
            return False
        self.by[name] += 1
        return True

    def view(self) -> dict[str, Any]:
        return {"used": self.used, "limit": self.limit, "by": dict(self.by)}


class Quota:
    """Counts API calls, and pushes: robot messages, events and webhook posts [S1431, S1435].

    A refused call is not counted. A new local month begins at nothing.
    """

    def __init__(self, org: Org, clock: Clock) -> None:
        self._clock = clock
        self._month = ""
        self._meters = {kind: Meter(org.month.get(kind)) for kind in KINDS}

    def call(self, name: str) -> bool:
        """Whether this counted API call may still be made."""
        return self._now()["api"].spend(name)

    def push(self, label: str) -> bool:
        """Whether a robot message, event or webhook may still carry its content."""
        return label.startswith(FREE) or self._now()["push"].spend(label)

    def set(self, kind: str, wanted: Mapping[str, Any]) -> None:
        """Set `used` and `limit` of one kind; a limit of None has no end."""
        meter = self._now()[kind]
        if "used" in wanted:
            meter.by.clear()
            meter.before = int(wanted["used"])
        if "limit" in wanted:
            meter.limit = None if wanted["limit"] is None else int(wanted["limit"])

    def view(self) -> dict[str, Any]:
        """`{month, api: {used, limit, by}, push: {…}}`."""
        meters = self._now()
        return {"month": self._month, **{kind: meters[kind].view() for kind in KINDS}}

    def _now(self) -> dict[str, Meter]:
        month = self._clock.now().astimezone(SHANGHAI).strftime("%Y-%m")
        if month != self._month:
            self._month = month
            for meter in self._meters.values():
                meter.before = 0
                meter.by.clear()
        return self._meters
