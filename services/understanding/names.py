"""Which unknown words of a reply are somebody's name."""

from __future__ import annotations

from collections.abc import Iterator

from services.understanding.reading import Reading
from services.understanding.tokens import Clause, Token

_NAME_LENGTHS = range(1, 4)
_FULL_NAME = range(2, 4)
_GOING = frozenset({"go", "attend"})  # 我叫小王去 sends somebody
_BEFORE_A_NAME = ("。", ".", "!", "-", "—", "(")


def names(clause: Clause, reading: Reading) -> Iterator[int]:
    """Places of unknown words that are a person's name: 我是张丽, 李老师, 张丽，确认参加."""
    if clause is reading.clauses[0] and _signs(clause, reading):
        yield 0
    if clause is reading.clauses[-1] and _signed(clause, reading):
        yield 0
    surnames = reading.frame.vocabulary.surnames
    introduced = False
    for place, token in enumerate(clause.tokens):
        if token.kind == "intro":
            introduced = token.text != "我叫" or not clause.has(_GOING)
        if token.kind != "unknown" or len(token.text) not in _NAME_LENGTHS:
            continue
        last = place + 1 == len(clause.tokens)
        titled = not last and _begins_with_title(clause.tokens[place + 1], reading)
        head = token.text[1:] if token.text[0] in "小老" and introduced else token.text
        called = titled or (introduced and len(token.text) > 1)
        if head and head[0] in surnames and called:
            yield place


def _signed(clause: Clause, reading: Reading) -> bool:
    """确认参加。张伟: a name after a full stop or a dash, at the end of a plain promise."""
    first = clause.tokens[0] if clause.tokens else None
    if first is None or len(clause.tokens) > 1 or len(reading.clauses) < 2:
        return False
    if first.kind != "unknown" or len(first.text) not in _FULL_NAME:
        return False
    head = reading.text.rstrip(")").removesuffix(first.text)
    named = first.text[0] in reading.frame.vocabulary.surnames
    promised = any(
        token.kind == "attend" or token.entry.startswith("确认") for token in reading.tokens
    )
    return named and head.endswith(_BEFORE_A_NAME) and promised


def _signs(clause: Clause, reading: Reading) -> bool:
    """A name before the answer proper, with a stop or 确认 after it."""
    first = clause.tokens[0] if clause.tokens else None
    if first is None or first.kind != "unknown" or len(first.text) not in _FULL_NAME:
        return False
    alone = len(clause.tokens) == 1 and len(reading.clauses) > 1
    confirms = len(clause.tokens) > 1 and clause.tokens[1].entry.startswith("确认")
    return first.text[0] in reading.frame.vocabulary.surnames and (alone or confirms)


def _begins_with_title(token: Token, reading: Reading) -> bool:
    words = reading.frame.vocabulary.words
    return any(words.get(token.text[:length]) == "title" for length in _NAME_LENGTHS)
