"""The least people a ward needs on a shift, as `units.staffing` keeps it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models.shift_codes import CodeUse, ShiftKind

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
KINDS = tuple(kind.value for kind in ShiftKind if kind.works)
_LEVEL = re.compile(r"N(\d)")


@dataclass(frozen=True, slots=True)
class Minimum:
    """At least `least` on shifts of `code` (a code of the ward, or a kind of shift) on `days`.

    `days` are weekdays, 1 for Monday; `senior` of them have at least `level`.
    """

    code: str
    least: int
    days: tuple[int, ...] = EVERY_DAY
    level: str = ""
    senior: int = 0

    @property
    def is_kind(self) -> bool:
        return self.code in KINDS

    def holds_on(self, day: date) -> bool:
        return day.isoweekday() in self.days

    def counts(self, use: CodeUse) -> bool:
        """Whether somebody with this duty is one of them."""
        return self.code == (str(use.code.kind) if self.is_kind else use.code.code)

    def is_senior(self, level: str) -> bool:
        return level_number(level) >= level_number(self.level)

    def as_json(self) -> dict[str, object]:
        """Only what is said: every day and no level are not."""
        said: dict[str, object] = {"code": self.code, "least": self.least}
        if self.days != EVERY_DAY:
            said["days"] = list(self.days)
        if self.senior:
            said |= {"level": self.level, "senior": self.senior}
        return said


def read_minimums(stored: object) -> tuple[Minimum, ...]:
    """`units.staffing`, as the driver gives it (text) or as it was written."""
    listed = json.loads(stored) if isinstance(stored, str) else stored
    assert isinstance(listed, Sequence)
    return tuple(_read(item) for item in listed)


def _read(item: Mapping[str, object]) -> Minimum:
    days = item.get("days") or EVERY_DAY
    assert isinstance(days, Sequence)
    return Minimum(
        str(item["code"]),
        int(str(item["least"])),
        tuple(int(day) for day in days),
        str(item.get("level", "")),
        int(str(item.get("senior", 0))),
    )


def level_number(level: str) -> int:
    """N3 → 3; −1 for levels without a number (实习)."""
    found = _LEVEL.match(level.upper())
    return int(found[1]) if found else -1
