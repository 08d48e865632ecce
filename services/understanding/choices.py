"""Answers to the questions after a rejection, and words about one's own data. Pure.

A whole reply must be one of the words in `choices.toml`, politeness aside: a question, a condition
or anything else beside it makes it doubtful, and doubtful is no consent.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.understanding.normalise import normalise
from services.understanding.vocabulary import shipped

LONGEST = 60  # characters; whoever writes more says more than one word
_QUESTION = re.compile(r"\?|吗|么|嘛|呢|如果|要是|多久|几时|什么")
_MARKS = re.compile(r"[\s,.。，、!！?~;；:：\"'“”()\[\]【】<>《》*的]")
_TWO_NUMBERS = re.compile(r"\d[^\d\u4e00-\u9fff]+\d")
_POINTS = re.compile(r"(?:打|给|评)?([1-5一二两三四五满])(?:分|颗?星)?")


class Choice(StrEnum):
    """What to do with the CV."""

    KEEP = "keep"
    DELETE = "delete"


class Wish(StrEnum):
    """What somebody wants done with their own data, or to be told about it."""

    CONFIRM_DELETE = "confirm_delete"
    DELETE = "ask_delete"
    VIEW = "view"
    CORRECT = "correct"
    WHY = "why"


@dataclass(frozen=True, slots=True)
class _Words:
    heads: Sequence[str]
    tails: Sequence[str]
    kinds: Mapping[str, frozenset[str]]


def choice(text: str) -> Choice | None:
    """Keep or delete, where the reply says nothing else."""
    if _QUESTION.search(_normal(text)) or _TWO_NUMBERS.search(_normal(text)):
        return None
    return next((each for each in Choice if _says(text, each, _choices())), None)


def said_in_words(text: str) -> bool:
    """Whether a choice was made without a number, so that no other question can be meant."""
    return choice(text) is not None and not any(map(str.isdigit, _normal(text)))


def may_mean_choice(text: str) -> bool:
    """Whether a reply that is no answer may still be meant for the question."""
    plain = _plain(text)
    return any(word in plain for word in _data()["about"])


def only_thanks(text: str) -> bool:
    """谢谢告知: polite, and nobody needs to answer it."""
    return not _QUESTION.search(_normal(text)) and _says(text, "thanks", _choices())


def points(text: str) -> int | None:
    """1 to 5, where the reply says nothing else."""
    normal = _normal(text)
    if _QUESTION.search(normal) or _TWO_NUMBERS.search(normal):
        return None
    for core in _cores(_plain(text), _choices()):
        if found := _POINTS.fullmatch(core):
            return int(_data()["points"].get(found[1], found[1]))
    return None


def wish(text: str) -> Wish | None:
    """What is wanted with one's own data; None when the reply is about something else."""
    words, plain = _wishes(), _plain(text)
    for each in Wish:
        if each is Wish.CONFIRM_DELETE and _QUESTION.search(_normal(text)):
            continue
        if _says(text, each, words):
            return each
    begins = any(plain.startswith(word) for word in words.kinds["correct_before"])
    return Wish.CORRECT if begins else None


def _says(text: str, kind: str, words: _Words) -> bool:
    plain = _plain(text)
    return bool(plain) and any(core in words.kinds[kind] for core in _cores(plain, words))


def _cores(plain: str, words: _Words) -> Collection[str]:
    """The reply with politeness taken away in every possible way."""
    if len(plain) > LONGEST:
        return ()
    found, left = {plain}, [plain]
    while left:
        text = left.pop()
        shorter = [text.removeprefix(head) for head in words.heads]
        shorter += [text.removesuffix(tail) for tail in words.tails]
        fresh = {each for each in shorter if each} - found
        found |= fresh
        left += fresh
    return found


def _normal(text: str) -> str:
    return normalise(text[: 4 * LONGEST], shipped())


def _plain(text: str) -> str:
    return _MARKS.sub("", _normal(text))


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("choices.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def _choices() -> _Words:
    return _words(_data(), ("keep", "delete", "thanks"))


@lru_cache(maxsize=1)
def _wishes() -> _Words:
    return _words(_data()["wishes"], (*Wish, "correct_before"))


def _words(raw: Mapping[str, Any], kinds: Collection[str]) -> _Words:
    """Words are compared as replies are: without marks and 的."""
    return _Words(
        raw["heads"],
        raw["tails"],
        {str(kind): frozenset(_MARKS.sub("", word) for word in raw[kind]) for kind in kinds},
    )
