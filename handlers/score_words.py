"""评分 李 专业8 沟通9 录用 优势：… 评语：…: what interviewers write, taken apart. No database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.score_notes import ScoreNote

ABSENT = "absent"
_WORDS = re.compile(r"(优势|评语)\s*[:：]\s*")
_SCORE = re.compile(r"([^\s\d.:,;、]{1,16}?)\s*:?\s*(\d{1,3}(?:\.\d{1,2})?)\s*分?(?!\d)")
_TARGET = re.compile(r"(?P<number>\d{1,2})(?![\d.分])|(?P<name>[^\s\d:,;、]+)")
_BETWEEN = re.compile(r"[\s,;、。.:]+")


@dataclass(frozen=True, slots=True)
class Said:
    """`number` in their list, or (the beginning of) a `name`; `absent`: nobody came."""

    number: int | None
    name: str
    note: ScoreNote
    absent: bool = False


class Unclear(ValueError):
    """`part` is what could not be read."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


def read_score(text: str, words: Mapping[str, Sequence[str]]) -> Said:
    """`words`: verdict (or absent) → how people write it. Raises Unclear.

    The words of strength and comment are kept as they were written.
    """
    head, free = _free_words(text)
    plain = unicodedata.normalize("NFKC", head).strip()
    number, name, rest = _target(plain, words)
    scores, left = _scores(rest)
    verdict = _verdict(left, words)
    note = ScoreNote(
        scores, "" if verdict == ABSENT else verdict, free.get("优势", ""), free.get("评语", "")
    )
    return Said(number, name, note, verdict == ABSENT)


def _free_words(text: str) -> tuple[str, dict[str, str]]:
    head, *pieces = _WORDS.split(text)
    return head, {
        label: said.strip(" \t\r\n,，;；、")
        for label, said in zip(pieces[::2], pieces[1::2], strict=True)
    }


def _target(plain: str, words: Mapping[str, Sequence[str]]) -> tuple[int | None, str, str]:
    found = _TARGET.match(plain.lstrip(" :,"))
    if found is None:
        raise Unclear(plain)
    rest = plain.lstrip(" :,")[found.end() :]
    if found["number"]:
        return int(found["number"]), "", rest
    if any(found["name"] in spelt for spelt in words.values()) or rest[:1].isdigit():
        raise Unclear(plain)  # whose score it is has been left out
    return None, found["name"], rest


def _scores(text: str) -> tuple[dict[str, float], str]:
    """Dimension → score, and what is left."""
    scores: dict[str, float] = {}

    def take(found: re.Match[str]) -> str:
        if found[1] in scores:
            raise Unclear(found[0].strip())
        scores[found[1]] = float(found[2])
        return " "

    return scores, _SCORE.sub(take, text)


def _verdict(left: str, words: Mapping[str, Sequence[str]]) -> str:
    verdict = ""
    for word in filter(None, _BETWEEN.split(left)):
        meant = next((key for key, spelt in words.items() if word in spelt), "")
        if not meant or (verdict and verdict != meant):
            raise Unclear(word)
        verdict = meant
    return verdict
