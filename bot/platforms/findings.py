"""What a doctor of any platform reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.channels import SendFailed
from bot.platforms.words import platform_words


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


def finding(platform: str, level: Level, entry: str, /, **values: object) -> Finding:
    """Worded by `entry` of the platform's doctor.toml, its cure by `<entry>_cure`."""
    texts = platform_words(platform, "doctor")
    cure = "" if level is Level.OK else texts.get(f"{entry}_cure", "")
    return Finding(level, texts[entry].format_map(values), cure.format_map(values))


def failed_call(platform: str, entry: str, failed: SendFailed) -> Finding:
    """A call that the platform refused; the cure is what its error table advises."""
    title = platform_words(platform, "doctor")[entry].format(
        code=failed.code, reason=failed.reason
    )
    return Finding(Level.ERROR, title, failed.cure)
