"""Why a candidate declines, read out of what they said by themselves. Pure; nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.understanding.normalise import normalise
from services.understanding.vocabulary import GAP, shipped

LONGEST = 500  # characters that are read
_ROOM = r"[^,，.。;；!！?？~、]{1,12}?"  # what … stands for: no longer, and within one clause


class DeclineReason(StrEnum):
    """In the order in which they are shown; `decline_reasons.toml` says which is read first."""

    ELSEWHERE = "elsewhere"  # 已入职别处
    PLACE = "place"
    TIME = "time"
    PAY = "pay"
    FAMILY = "family"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class DeclineWords:
    """Reason → a pattern of its words, in the order in which they are looked for; what stands in
    `before` right before a word, or in `behind` right behind it, undoes it."""

    words: Mapping[DeclineReason, re.Pattern[str]]
    before: Mapping[DeclineReason, tuple[str, ...]]
    behind: Mapping[DeclineReason, tuple[str, ...]]

    def of(self, text: str) -> DeclineReason | None:
        """The reason that these words give; None when they give none."""
        plain = normalise(text[:LONGEST], shipped())
        return next((reason for reason in self.words if self._gives(plain, reason)), None)

    def _gives(self, plain: str, reason: DeclineReason) -> bool:
        before, behind = self.before[reason], self.behind[reason]
        return any(
            not plain[: match.start()].endswith(before)
            and not plain.startswith(behind, match.end(1))
            for match in self.words[reason].finditer(plain)
        )


def load_decline_words(data: Mapping[str, Any]) -> DeclineWords:
    """A parsed `decline_reasons.toml`. Raises ValueError naming what is wrong."""
    try:
        tables = data["reasons"]
        if missing := set(DeclineReason) - set(tables):
            raise ValueError(f"decline_reasons.toml: no words for {sorted(missing)[0]!r}")
        words = {DeclineReason(key): _pattern(table["words"]) for key, table in tables.items()}
        return DeclineWords(words, _undoing(data, "not"), _undoing(data, "not_behind"))
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"decline_reasons.toml: {error} is missing or of another shape"
        ) from error


def _undoing(data: Mapping[str, Any], key: str) -> dict[DeclineReason, tuple[str, ...]]:
    """What undoes a word of each reason: common to all, and its own."""
    common = _words(data[key])
    return {
        DeclineReason(name): (*common, *_words(table.get(key, [])))
        for name, table in data["reasons"].items()
    }


def _listed(words: object) -> list[str]:
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise TypeError("a list of words")
    return words


def _words(listed: object) -> tuple[str, ...]:
    return tuple(map(_plain, _listed(listed)))


def _plain(word: str) -> str:
    """As replies are read, but with the space that an English word may begin or end with."""
    head, tail = " " * word.startswith(" "), " " * word.endswith(" ")
    return head + normalise(word, shipped()) + tail


def _pattern(listed: object) -> re.Pattern[str]:
    """Finds each word wherever it begins, also inside another (hence the look-ahead)."""
    words = [_one(word) for word in _listed(listed)]
    return re.compile(f"(?=({'|'.join(sorted(words, key=len, reverse=True))}))")


def _one(word: str) -> str:
    """English words begin where a word begins; … leaves room between two parts."""
    body = _ROOM.join(re.escape(_plain(part)) for part in word.split(GAP))
    return rf"(?<![a-z]){body}" if word[0].isascii() else body
