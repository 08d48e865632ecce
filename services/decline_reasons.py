"""Why a candidate declines, read out of what they said by themselves. Pure; nobody is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.understanding.normalise import normalise
from services.understanding.vocabulary import shipped

LONGEST = 500  # characters that are read


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
    """Reason → its words, in the order in which they are looked for; `negations` right before a
    word undo it."""

    words: Mapping[DeclineReason, Sequence[str]]
    negations: Mapping[DeclineReason, tuple[str, ...]]

    def of(self, text: str) -> DeclineReason | None:
        """The reason that these words give; None when they give none."""
        plain = normalise(text[:LONGEST], shipped())
        return next((reason for reason in self.words if self._gives(plain, reason)), None)

    def _gives(self, plain: str, reason: DeclineReason) -> bool:
        return any(
            not plain[:at].endswith(self.negations[reason])
            for word in self.words[reason]
            for at in _places(plain, word)
        )


def load_decline_words(data: Mapping[str, Any]) -> DeclineWords:
    """A parsed `decline_reasons.toml`. Raises ValueError naming what is wrong."""
    try:
        tables = data["reasons"]
        if missing := set(DeclineReason) - set(tables):
            raise ValueError(f"decline_reasons.toml: no words for {sorted(missing)[0]!r}")
        words = {DeclineReason(key): _words(table["words"]) for key, table in tables.items()}
        common = _words(data["not"])
        undone = {
            DeclineReason(key): (*common, *_words(table.get("not", [])))
            for key, table in tables.items()
        }
        return DeclineWords(words, undone)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"decline_reasons.toml: {error} is missing or of another shape"
        ) from error


def _words(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, list) or not all(isinstance(word, str) and word for word in listed):
        raise TypeError("a list of words")
    return tuple(normalise(word, shipped()) for word in listed)


def _places(plain: str, word: str) -> list[int]:
    found, at = [], plain.find(word)
    while at >= 0:
        found.append(at)
        at = plain.find(word, at + 1)
    return found
