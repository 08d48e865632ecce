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
    kept = [pair for index, pair in enumerate(pairs) if not _decorates(pairs, index)]
    return Folded("".join(letter for letter, _ in kept), tuple(place for _, place in kept), text)


def _vanishes(letter: str) -> bool:
    """Spaces, control and format characters, combining marks, emoji and other symbols."""
    return letter.isspace() or unicodedata.category(letter) in {"Cc", "Cf", "Mn", "Me", "So", "Sk"}


def _decorates(pairs: list[tuple[str, int]], index: int) -> bool:
    if pairs[index][0] not in _SEPARATORS:
        return False
    around = (_neighbour(pairs, index, -1), _neighbour(pairs, index, 1))
    return any(_HAN.match(letter) for letter in around)


def _neighbour(pairs: list[tuple[str, int]], index: int, step: int) -> str:
    index += step
    while 0 <= index < len(pairs):
        if pairs[index][0] not in _SEPARATORS:
            return pairs[index][0]
        index += step
    return ""
