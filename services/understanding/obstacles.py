"""Obstacles that stand in nobody's way, and refusals that are denied themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from services.understanding.tokens import Token
from services.understanding.vocabulary import Vocabulary

_DENIALS = frozenset({"no", "decline", "decline_weak", "negate"})
_DENYING = frozenset({"negate", "exclude"})


def without_absent(found: Sequence[Token], vocabulary: Vocabulary) -> list[Token]:
    """没有门诊, 不用开会, 门诊停了: nothing stands in the way; 没请假 does."""
    small = vocabulary.small
    kept = list(found)
    for place, (before, token) in enumerate(pairwise(found)):
        denied = before.kind == "negate" and before.text in small["absent"]
        if denied and token.kind == "obstacle" and not token.text.endswith(tuple(small["needed"])):
            kept[place] = replace(before, kind="settled")
            kept[place + 1] = replace(token, kind="harmless")
    for place, token in enumerate(found):
        out_of_the_way = token.kind == "cleared" or token.text in small["also_cleared"]
        if out_of_the_way and (start := _cleared(kept, place)) is not None:
            kept[start] = replace(kept[start], kind="harmless")
            kept[place] = replace(token, kind="harmless")
    return kept


def _cleared(found: Sequence[Token], place: int) -> int | None:
    """Where the obstacle stands that is out of the way: 门诊 in 门诊我已经停了."""
    for earlier in range(place - 1, -1, -1):
        if found[earlier].kind == "obstacle":
            return earlier
        if found[earlier].kind not in ("glue", "harmless"):
            return None
    return None


def denials_denied(found: Iterable[Token]) -> Iterable[Token]:
    """不是不方便, 不会不来: no refusal, and not plainly a yes either."""
    before: Token | None = None
    for token in found:
        denied = before is not None and before.kind in _DENYING and not before.text.isascii()
        yield replace(token, kind="doubt") if denied and token.kind in _DENIALS else token
        before = token
