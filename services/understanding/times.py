"""Times named in a normalised reply, as spans with days and hours. Pure: no clock is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from services.understanding.mentions import Frame, Mention
from services.understanding.time_pieces import piece_of
from services.understanding.vocabulary import Vocabulary

_GAP = re.compile(r"(?:的|同样|还是|,|\(|\)| |at|on| at | on |, )?")
_RANGE = re.compile(r"到|至|-|~|—|–| to | - ")
_BEFORE = re.compile(r"之前|以前|前(?!面|台)")
_AFTER = re.compile(r"之后|以后|左右|开始|后(?!面|天)")
_LONGEST_GAP = 4


def find(text: str, frame: Frame) -> tuple[Mention, ...]:
    """The times in `text` (normalised), in order; neighbours that belong together are one."""
    merged: list[Mention] = []
    for match in _matches(text, frame.vocabulary):
        piece = piece_of(match, frame)
        if piece is None:
            continue
        if merged and (joined := _join(merged[-1], piece, text)) is not None:
            merged[-1] = joined
        else:
            merged.append(piece)
    return tuple(_bounded(mention, text) for mention in merged)


def _matches(text: str, vocabulary: Vocabulary) -> Iterator[re.Match[str]]:
    position = 0
    while (begin := vocabulary.time_begins.search(text, position)) is not None:
        match = vocabulary.time_pattern.match(text, begin.start())
        position = begin.start() + 1 if match is None else match.end()
        if match is not None:
            yield match


def _join(left: Mention, right: Mention, text: str) -> Mention | None:
    gap = text[left.end : right.start] if right.start - left.end <= _LONGEST_GAP else "…"
    if _RANGE.fullmatch(gap) and left.clock and right.clock and not right.dated:
        return replace(left, end=right.end)
    if left.shift and right.same and _GAP.fullmatch(gap):
        return replace(left, end=right.end, clock=right.clock)
    if not _GAP.fullmatch(gap) or left.shift or right.shift:
        return None
    if right.dated and not _same_day_twice(left, right):
        return _day_after_hour(left, right, gap)
    if left.clock and (right.part or right.clock):
        return None
    if left.part and right.part and not right.clock:
        return None
    if "," in gap and left.dated and right.dated:
        return None
    return replace(
        left,
        end=right.end,
        day=right.day if left.by_weekday and right.dated else left.day,
        part=right.part or left.part,
        clock=left.clock or right.clock,
        exact_clock=left.exact_clock or right.exact_clock,
    )


def _same_day_twice(left: Mention, right: Mention) -> bool:
    """下周三(12月9日), 9号周三: one day said in two ways, nothing finer between."""
    finer = left.part or left.clock
    return left.dated and not finer and left.by_weekday != right.by_weekday


def _day_after_hour(left: Mention, right: Mention, gap: str) -> Mention | None:
    """3pm on Friday, 2 o'clock on the 10th, noon on Thursday."""
    if left.dated or right.part or right.clock or not (left.clock or left.part):
        return None
    if (not left.exact_clock and not gap.strip().isascii()) or "," in gap:
        return None
    return replace(
        right,
        start=left.start,
        part=left.part,
        clock=left.clock,
        exact_clock=left.exact_clock,
    )


def _bounded(mention: Mention, text: str) -> Mention:
    """两点以后 starts at two; of 两点以前 no hour follows, of 14号以前 not even a day."""
    if found := _AFTER.match(text, mention.end):
        return replace(mention, end=found.end())
    found = _BEFORE.match(text, mention.end)
    if found is None:
        return mention
    if mention.clock is not None:
        return replace(mention, end=found.end(), clock=None, dated=mention.dated)
    return replace(mention, end=found.end(), day=None, dated=True, anchor=False)
