"""Cut a normalised reply into words of known kinds, times, stops and what nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from services.understanding.mentions import Mention
from services.understanding.vocabulary import GAP, Vocabulary

STOPS = frozenset(",，。.!;；\n…~:：()（）[]【】—-_*|·^=+&#'")
MARKS = frozenset("?？")
_ROOM = 8
_HAN_ASKS = re.compile(r"([\u4e00-\u9fff])不\1")  # 停车贵不贵
_AFTER_MAY = "问咨"  # 可以问一下 is one clause, 好的想问一下 are two
_KIND = frozenset({"harmless", "polite", "thanks", "receipt", "yes", "attend", "pledge"})


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: a heading of words.toml, or `time`, `unknown`, `stop`, `mark`.
    `entry`: the word of ours that was found; it holds nothing of the reply."""

    kind: str
    text: str
    mention: Mention | None = None
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """What stands between two stops. `asked`: it ends in a question mark."""

    tokens: tuple[Token, ...]
    asked: bool
    kinds: frozenset[str]

    def has(self, kinds: Set[str]) -> bool:
        return not self.kinds.isdisjoint(kinds)


@dataclass(slots=True)
class _Part:
    tokens: list[Token] = field(default_factory=list)
    asked: bool = False


def tokens(text: str, mentions: Sequence[Mention], vocabulary: Vocabulary) -> list[Token]:
    """Every character of `text` belongs to one token; the longest word wins at every place."""
    found: list[Token] = []
    position = 0
    for mention in mentions:
        found += _words(text, position, mention.start, vocabulary)
        found.append(Token("time", text[mention.start : mention.end], mention))
        position = mention.end
    found += _words(text, position, len(text), vocabulary)
    return found


def clauses(found: Sequence[Token]) -> tuple[Clause, ...]:
    """Split at stops, after question marks, and before 请问."""
    parts = [_Part()]
    for token in found:
        if token.kind == "mark":
            _marked(parts).asked = True
        apart = token.kind == "ask" and token.text[0] not in _AFTER_MAY
        if (token.kind in ("mark", "stop") or apart) and parts[-1].tokens:
            parts.append(_Part())
        if token.kind not in ("mark", "stop"):
            parts[-1].tokens.append(token)
    return tuple(
        Clause(tuple(part.tokens), part.asked, frozenset(token.kind for token in part.tokens))
        for part in parts
        if part.tokens or part.asked
    )


def _marked(parts: list[_Part]) -> _Part:
    """可以……？ asks as 可以？ does."""
    if not parts[-1].tokens and len(parts) > 1:
        return parts[-2]
    return parts[-1]


def _words(text: str, start: int, end: int, vocabulary: Vocabulary) -> Iterator[Token]:
    unknown = ""
    while start < end:
        token = _known(text, start, end, vocabulary)
        if token is None:
            unknown += text[start]
            start += 1
            continue
        if unknown.strip():
            yield Token("unknown", unknown.strip())
        unknown = ""
        yield token
        start += len(token.text)
    if unknown.strip():
        yield Token("unknown", unknown.strip())


def _across_gap(text: str, start: int, end: int, vocabulary: Vocabulary) -> Token | None:
    """找到…工作 in 找到新工作: one to eight characters between, and no stop."""
    best: Token | None = None
    for first, last, kind in vocabulary.gapped.get(text[start], ()):
        inner = start + len(first)
        if not text.startswith(first, start):
            continue
        found = text.find(last, inner + 1, min(end, inner + _ROOM + len(last)))
        if found < 0 or any(sign in STOPS | MARKS for sign in text[inner:found]):
            continue
        if kind in _KIND and any(sign in vocabulary.small["denied"] for sign in text[inner:found]):
            continue
        token = Token(kind, text[start : found + len(last)], entry=first + GAP + last)
        if best is None or len(token.text) > len(best.text):
            best = token
    return best


def _known(text: str, start: int, end: int, vocabulary: Vocabulary) -> Token | None:
    across = _across_gap(text, start, end, vocabulary)
    shortest = len(across.text) if across else 0
    for length in range(min(vocabulary.longest, end - start), shortest, -1):
        word = text[start : start + length]
        kind = vocabulary.words.get(word)
        if kind is not None and _whole(text, start, start + length):
            return Token(kind, word, entry=word)
    if across is not None:
        return across
    if _HAN_ASKS.match(text, start, end):
        return Token("asks_fact", text[start : start + 3], entry="A不A")
    if text[start] in MARKS:
        return Token("mark", text[start])
    return Token("stop", text[start]) if text[start] in STOPS else None


def _whole(text: str, start: int, end: int) -> bool:
    """Latin letters and digits are words only as a whole: ok is not in book, 1 not in 12."""
    before = start > 0 and _joins(text[start - 1], text[start])
    after = end < len(text) and _joins(text[end - 1], text[end])
    return not before and not after


def _joins(left: str, right: str) -> bool:
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()
