"""Which posts are alike, and in what: so that HR sees why somebody of the pool is listed. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Likeness(StrEnum):
    """From the nearest; keys of the words in `pool/words.toml`."""

    SAME_POST = "same_post"
    SAME_WARD = "same_ward"
    NEAR_WARD = "near_ward"
    SAME_WORK = "same_work"


ORDER = tuple(Likeness)


@dataclass(frozen=True, slots=True)
class Similar:
    """`words` are what both titles have in common, or the two wards that are near."""

    likeness: Likeness
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Post:
    title: str
    work: str


@dataclass(frozen=True, slots=True)
class PostWords:
    """See `similar_posts.toml`. All words are compared without regard to width and case."""

    work: Mapping[str, Mapping[str, Sequence[str]]]
    any_ward: frozenset[str]
    wards: Mapping[str, Sequence[str]]
    near: tuple[frozenset[str], ...]
    drop: Sequence[str]


def load_post_words(data: Mapping[str, Any]) -> PostWords:
    """A parsed `similar_posts.toml`. Raises ValueError naming what is wrong."""
    try:
        wards = {ward: _longest_first(words) for ward, words in data["wards"].items()}
        near = tuple(frozenset(group) for group in data["near"]["groups"])
        if unknown := {ward for group in near for ward in group} - set(wards):
            raise ValueError(f"similar_posts.toml: no ward {sorted(unknown)[0]!r} in [wards]")
        return PostWords(
            work={
                work: {name: _longest_first(words) for name, words in names.items()}
                for work, names in data["work"].items()
            },
            any_ward=frozenset(data["any_ward"]["works"]),
            wards=wards,
            near=near,
            drop=_longest_first(data["drop"]["words"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"similar_posts.toml: {error} is missing or of another shape") from error


def similar(one: Post, other: Post, words: PostWords) -> Similar | None:
    """In what these two are alike; None when they are not."""
    if one.work != other.work:
        return None
    if _plain(one.title) == _plain(other.title):
        return Similar(Likeness.SAME_POST, (one.title,))
    works = words.work.get(one.work, {})
    work, other_work = _found(_plain(one.title), works), _found(_plain(other.title), works)
    ward, other_ward = _ward(one, words), _ward(other, words)
    if ward and ward == other_ward:
        return Similar(Likeness.SAME_WARD, (ward,))
    if work != other_work:
        return None
    if any({ward, other_ward} <= group for group in words.near):
        return Similar(Likeness.NEAR_WARD, (ward, other_ward))
    if work and one.work in words.any_ward:
        return Similar(Likeness.SAME_WORK, (work,))
    return None


def _found(plain: str, names: Mapping[str, Sequence[str]]) -> str:
    """The name whose longest spelling stands in the text; "" for none: 护士长 is no 护士."""
    best = ("", "")
    for name, spellings in names.items():
        for spelling in map(_plain, spellings):
            if spelling in plain and len(spelling) > len(best[1]):
                best = (name, spelling)
    return best[0]


def _ward(post: Post, words: PostWords) -> str:
    """The ward's name of our list, or what is left of the title when the work is taken away."""
    plain = _plain(post.title)
    spellings = [word for group in words.work.get(post.work, {}).values() for word in group]
    for word in (*_longest_first(spellings), *words.drop):
        plain = plain.replace(_plain(word), "")
    return _found(plain, words.wards) or plain


def _plain(text: str) -> str:
    squeezed = "".join(unicodedata.normalize("NFKC", text).split())
    return squeezed.lower()


def _longest_first(words: Sequence[str]) -> tuple[str, ...]:
    if isinstance(words, str):
        raise TypeError("a list of words")
    return tuple(sorted(words, key=lambda word: (-len(word), word)))
