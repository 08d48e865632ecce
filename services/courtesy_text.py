"""A text brought into one form against spelling tricks, that can still quote its original."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

_SEPARATORS = frozenset("·•・.-_*~/|+^'\"`=#\\、")
_HAN = re.compile(r"[\u3400-\u9fff]")
MASK = "\0"


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` without decoration; `origins` are the places of its characters in `original`."""

    text: str
    origins: tuple[int, ...]
    original: str

    def quote(self, start: int, end: int) -> str:
        """The original words of text[start:end], on one line."""
        words = self.original[self.origins[start] : self.origins[end - 1] + 1]
        return " ".join(words.split())

    def masked(self, pattern: re.Pattern[str]) -> Folded:
        """With every match blanked out, so that nothing in it is found."""
        text = pattern.sub(lambda found: MASK * len(found[0]), self.text)
        return Folded(text, self.origins, self.original)


def fold(text: str, characters: Mapping[int, str]) -> Folded:
    """Half width, lower case, simplified, 没 for 未; no spaces, marks or separators inside words.

    Sentence punctuation and separators between digits (2026-08-05) stay.
    """
    pairs = [
        (letter, place)
        for place, written in enumerate(text)
        for letter in unicodedata.normalize("NFKC", written).lower().translate(dict(characters))
        if not _vanishes(letter)
    ]
    beside = _beside_han(pairs)
    kept = [pair for pair, gone in zip(pairs, beside, strict=True) if not gone]
    return Folded("".join(letter for letter, _ in kept), tuple(place for _, place in kept), text)


def _vanishes(letter: str) -> bool:
    """Spaces, control and format characters, combining marks, emoji and other symbols."""
    return letter.isspace() or unicodedata.category(letter) in {"Cc", "Cf", "Mn", "Me", "So", "Sk"}


def _beside_han(pairs: list[tuple[str, int]]) -> list[bool]:
    """Which are separators of a run with a Han character before or after it; in one pass."""
    gone = [False] * len(pairs)
    run: list[int] = []
    before = False
    for index, (letter, _) in enumerate([*pairs, ("\n", -1)]):
        if letter in _SEPARATORS:
            run.append(index)
            continue
        han = _HAN.match(letter) is not None
        for place in run:
            gone[place] = before or han
        run, before = [], han
    return gone
