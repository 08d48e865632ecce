"""The labelled replies: `replies/*.toml`, a row being intent, when (- for none) and the reply."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.understanding.reply import Understood, understand, when_text

FOLDER = Path(__file__).parent / "replies"
LABELLED = (
    *("held_out", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"),
    *("ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth"),
    "tuned",
)
NOT_CONFIRM = "not_confirm"


@dataclass(frozen=True, slots=True)
class Case:
    """`when` as the command prints it; "-" for null."""

    group: str
    now: datetime
    offered: tuple[datetime, ...]
    intent: str
    when: str
    text: str

    def understood(self, text: str | None = None) -> Understood:
        return understand(self.text if text is None else text, self.now, self.offered)

    def is_right(self) -> bool:
        found = self.understood()
        return (found.intent, when_text(found.when) or "-") == (self.intent, self.when)


def cases(name: str) -> Iterator[Case]:
    """The rows of one file."""
    for group in tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))["group"]:
        now = datetime.fromisoformat(group["now"])
        offered = tuple(map(datetime.fromisoformat, group["offered"]))
        for row in group["rows"].strip().splitlines():
            intent, when, *text = row.split(" ", 2)
            yield Case(group["name"], now, offered, intent, when, "".join(text))


def plain_confirmations() -> list[Case]:
    """Replies to a single offer that are a yes and nothing else."""
    found = [case for name in LABELLED for case in cases(name)]
    return [
        case
        for case in found
        if case.intent == "confirm" and len(case.offered) == 1 and not case.understood().also_asks
    ]
