"""What a candidate asks about, and what the posting answers; the words are data (topics.toml)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from message_templates.catalogue import Catalogue
from services.interview_facts import InterviewView
from services.understanding.normalise import normalise
from services.understanding.vocabulary import shipped

TOPICS = "candidates/topics"
PHRASES = "candidates/phrases"
LONGEST = 500  # characters of a reply that are searched
_CLAUSE = re.compile(r"[,，。.!！?？;；\n]")


@dataclass(frozen=True, slots=True)
class Answered:
    """`text`: the answers, a line each; `open`: something was asked that nobody wrote down."""

    text: str
    open: bool


@dataclass(frozen=True, slots=True)
class _Topic:
    key: str
    label: str
    facts: tuple[str, ...]


class Questions:
    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        raw = catalogue.words(TOPICS)
        self._topics: dict[str, _Topic] = {}
        self._words: dict[str, str] = {}
        self._weak: dict[str, str] = {}
        for key, topic in raw["topics"].items():
            self._topics[key] = _Topic(key, topic["label"], tuple(topic["facts"]))
            self._words |= dict.fromkeys(topic["words"], key)
            self._weak |= dict.fromkeys(topic.get("weak", ()), key)
        missing: Mapping[str, Sequence[str]] = raw["missing"]
        self._papers, self._lacks = tuple(missing["papers"]), tuple(missing["lacks"])
        self._no_lack = tuple(missing["not"])

    def topics(self, text: str) -> list[str]:
        """Keys of the topics in the order in which they are named; weak words count alone only."""
        plain = _plain(text).replace("请问", " ")
        return _found(plain, self._words) or _found(plain, self._weak)

    def answer(self, text: str, view: InterviewView) -> Answered:
        known = self._known(view)
        said: list[str] = []
        unknown = False
        topics = self.topics(text)
        for key in topics:
            topic = self._topics[key]
            fact = next((known[name] for name in topic.facts if known.get(name)), "")
            if fact:
                line = self.catalogue.phrase(PHRASES, "answer", label=topic.label, text=fact)
                said.append(line)
            unknown = unknown or not fact
        return Answered("\n".join(dict.fromkeys(said)), unknown or not topics)

    def paper_missing(self, text: str) -> bool:
        """没有执业证原件, 身份证丢了: a paper and its lack in one clause."""
        for clause in _CLAUSE.split(_plain(text)):
            rest = clause
            for harmless in self._no_lack:
                rest = rest.replace(harmless, " ")
            if _any(rest, self._papers) and _any(rest, self._lacks):
                return True
        return False

    def _known(self, view: InterviewView) -> dict[str, str]:
        """The posting's facts, under those of this interview."""
        say = self.catalogue.phrase
        known: dict[str, str] = dict(view.facts)
        known["documents"] = "、".join(view.documents)
        known["place"] = view.place or known.get("place", "")
        known["contact"] = "，".join(filter(None, (view.contact, view.phone)))
        known["time"] = known["result"] = ""
        if view.starts_at is not None:
            ends = view.ends_at
            known["time"] = say(PHRASES, "what_time", starts=view.starts_at, ends=ends)
        if view.result_due_at is not None:
            known["result"] = say(
                PHRASES,
                "result_public" if view.made_public else "result_by",
                due=view.result_due_at,
                url=view.notice_url,
            )
        return known


def _plain(text: str) -> str:
    return normalise(text[:LONGEST], shipped())


def _found(plain: str, words: Mapping[str, Any]) -> list[str]:
    """The longest words first, each character used once; keys in the order of the text."""
    places: dict[str, int] = {}
    rest = plain
    for word in sorted(words, key=len, reverse=True):
        place = rest.find(word)
        if place >= 0:
            places[words[word]] = min(place, places.get(words[word], place))
            rest = rest.replace(word, "\0" * len(word))
    return sorted(places, key=places.__getitem__)


def _any(text: str, words: Sequence[str]) -> bool:
    return any(word in text for word in words)
