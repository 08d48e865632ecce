"""Hours that are named beside the point: when somebody arrives, or is busy before they come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from services.understanding import slots
from services.understanding.mentions import Frame, Mention
from services.understanding.tokens import Clause, Token

_EARLY = timedelta(hours=1)
_ASKING = frozenset({"asks", "mark", "change", "hedge"})
_PROPOSING = frozenset({"yes", "any", "asks", "change", "go", "attend", "vague"})


def busy_before(
    accepted: Sequence[Mention],
    parts: Sequence[Clause],
    places: Mapping[int, tuple[int, int]],
    frame: Frame,
) -> Iterable[int]:
    """那天我上午下夜班，下午有空 to an offered afternoon: where the morning begins."""
    fitting = [mention.start for mention in accepted if slots.offered_by(mention, frame)]
    for mention in accepted:
        clause = parts[places[mention.start][0]]
        if mention.clock or not mention.part or clause.asked or clause.has(_PROPOSING):
            continue
        today = mention.day == frame.offered_day or not mention.dated
        if today and any(start > mention.start for start in fitting):
            yield mention.start


def arrivals(found: Sequence[Token], frame: Frame) -> Iterable[int]:
    """我两点就到 for half past two is no other time, unless it asks."""
    kinds = {token.kind for token in found}
    if kinds & _ASKING:
        return
    arriving, already = (frame.vocabulary.small[key] for key in ("arriving", "already"))
    for place, token in enumerate(found):
        after = [later.text for later in found[place + 1 : place + 3]]
        early = not already.isdisjoint(after)
        sure = not already.isdisjoint(after[:1]) or kinds & {"yes", "attend"}
        if token.mention is None or not sure or not arriving & set(after[: 1 + early]):
            continue
        if any(_shortly_before(token.mention, offer, frame) for offer in frame.offers):
            yield token.mention.start


def _shortly_before(mention: Mention, offer: datetime, frame: Frame) -> bool:
    meant = slots.when(mention, frame)
    if not isinstance(meant, datetime):
        return False
    return timedelta() <= offer - meant <= _EARLY
