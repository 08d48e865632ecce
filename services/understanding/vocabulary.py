"""The words the understanding works with, read once from TOML; a hospital's files add to ours."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.understanding.time_patterns import beginnings, time_pattern

SHIPPED = Path(__file__).parent
GAP = "…"


class VocabularyError(Exception):
    """A word file is wrong; the message names the file and the cure."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`words`: spelling → kind (`yes`, `obstacle` …). `times`: the parsed times.toml.
    `characters`: traditional → simplified. `slips`: mistyped → meant. `small`: the parsed
    small_words.toml. `gapped`: first character → (beginning, end, kind) of the words with … in
    them. `longest`: characters of the longest word."""

    words: Mapping[str, str]
    times: Mapping[str, Mapping[str, Any]]
    characters: dict[int, str]
    slips: Mapping[str, str]
    slip_pattern: re.Pattern[str]
    small: Mapping[str, frozenset[str]]
    surnames: frozenset[str]
    gapped: Mapping[str, tuple[tuple[str, str, str], ...]]
    time_pattern: re.Pattern[str]
    time_begins: re.Pattern[str]
    longest: int


@lru_cache(maxsize=1)
def shipped() -> Vocabulary:
    """What Wardbell brings along."""
    return load()


def load(own: Path | None = None) -> Vocabulary:
    """Our words, with those of a hospital's folder over them.

    The folder may hold `words/*.toml`, `times.toml`, `small_words.toml` and `characters.toml` of
    the shapes shipped; a word of its own wins over ours. Raises VocabularyError.
    """
    words, times, letters = _kinds(SHIPPED), _read(SHIPPED / "times.toml"), _letters(SHIPPED)
    signs, small = _read(SHIPPED / "characters.toml"), _small(SHIPPED)
    surnames, slips = signs["surnames"], signs["slips"]
    if own is not None:
        words |= _known_only(_kinds(own), frozenset(words.values()), own)
        _extend(times, _optional(own / "times.toml"), own / "times.toml")
        _extend(small, _small(own), own / "small_words.toml")
        letters |= _letters(own)
        surnames += _optional(own / "characters.toml").get("surnames", "")
        slips |= _optional(own / "characters.toml").get("slips", {})
    whole = {word: kind for word, kind in words.items() if GAP not in word}
    longest = max(map(len, whole))
    names = frozenset(surnames) - {"\n"}
    patterns = time_pattern(times), beginnings(times)
    slip = re.compile("|".join(map(re.escape, sorted(slips, key=len, reverse=True))))
    return Vocabulary(
        whole, times, letters, slips, slip, small, names, _gapped(words), *patterns, longest
    )


def _extend(ours: dict[str, Any], added: Mapping[str, Any], path: Path) -> None:
    """A section that no rule reads would have no effect and is refused."""
    for section, entries in added.items():
        if section not in ours:
            raise VocabularyError(f"{path}: nobody reads [{section}]")
        ours[section] = ours[section] | entries


def _known_only(words: dict[str, str], kinds: frozenset[str], folder: Path) -> dict[str, str]:
    for word, kind in words.items():
        if kind not in kinds:
            raise VocabularyError(
                f"{folder / 'words'}: {word!r} stands under {kind!r}, which no rule reads; "
                f"choose one of {', '.join(sorted(kinds))}"
            )
    return words


def _gapped(words: Mapping[str, str]) -> dict[str, tuple[tuple[str, str, str], ...]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for word, kind in words.items():
        first, gap, last = word.partition(GAP)
        if gap:
            found.setdefault(first[0], []).append((first, last, kind))
    return {start: tuple(entries) for start, entries in found.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise VocabularyError(f"{path}: {error}") from error


def _optional(path: Path) -> dict[str, Any]:
    return _read(path) if path.exists() else {}


def _kinds(folder: Path) -> dict[str, str]:
    """Spelling → kind; a spelling under two kinds would mean two things and is refused."""
    kinds: dict[str, str] = {}
    for path in sorted((folder / "words").glob("*.toml")):
        for kind, body in _read(path).items():
            for word in _spellings(path, kind, body):
                if kinds.setdefault(word, kind) != kind:
                    raise VocabularyError(
                        f"{path}: {word!r} stands under {kinds[word]} and {kind}; "
                        "take it out of one of them"
                    )
    return kinds


def _spellings(path: Path, kind: str, body: object) -> list[str]:
    if not isinstance(body, list) or not all(map(_is_word, body)):
        raise VocabularyError(f"{path}: {kind} must be a list of words; … may stand once, inside")
    return [word.lower() for word in body]


def _is_word(word: object) -> bool:
    return isinstance(word, str) and bool(word) and word.strip(GAP) == word and word.count(GAP) < 2


def _small(folder: Path) -> dict[str, frozenset[str]]:
    path = folder / "small_words.toml"
    return {
        section: frozenset(_spellings(path, section, body))
        for section, body in _optional(path).items()
    }


def _letters(folder: Path) -> dict[int, str]:
    path = folder / "characters.toml"
    raw = _optional(path)
    old, new = raw.get("traditional", ""), raw.get("simplified", "")
    if len(old) != len(new):
        raise VocabularyError(
            f"{path}: traditional has {len(old)} characters and simplified {len(new)}; each needs "
            "its partner in the same place"
        )
    return {ord(one): other for one, other in zip(old, new, strict=True) if one != "\n"}
