"""What a doctor of any platform reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `cure` is empty when nothing needs doing."""

    level: Level
    title: str
    cure: str = ""
