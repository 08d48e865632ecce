"""A reply read but not yet judged: its clauses, the times it accepts and those it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest

from services.understanding import slots, times
from services.understanding.asides import arrivals, busy_before
from services.understanding.mentions import Frame, Mention
from services.understanding.obstacles import denials_denied, without_absent
from services.understanding.tokens import Clause, Token, clauses, tokens

_AGAINST = frozenset({"no", "obstacle", "outside", "decline_weak", "negate"})
_FOR = frozenset({"yes", "any", "asks", "go", "attend", "change"})
_PASSED_OVER = frozenset({"glue", "pledge", "list", "or_rather"})
_REFUSED_BEFORE = frozenset({"exclude", "negate"})
_NEXT_CLAUSE = frozenset({"stop", "mark"})
_KNOWN_BY_PAIR = _PASSED_OVER | {"any", "stop"}


@dataclass(frozen=True, slots=True)
class Reading:
    """`accepted`: times proposed or agreed to, in order, without 那天 alone. `other`: where those
    begin that no offer fits. `places`: where a time begins → its clause and place there."""

    text: str
    frame: Frame
    clauses: tuple[Clause, ...]
    tokens: tuple[Token, ...]
    kinds: frozenset[str]
    accepted: tuple[Mention, ...]
    refused: tuple[Mention, ...]
    other: frozenset[int]
    places: Mapping[int, tuple[int, int]]

    def has(self, *kinds: str) -> bool:
        return not self.kinds.isdisjoint(kinds)

    def differs(self, mention: Mention) -> bool:
        """Accepted by the candidate, but not what is offered."""
        return mention.start in self.other

    def any_suits(self) -> bool:
        """周三周四都可以 agrees to the offered Wednesday too."""
        return self.has("any") and len(self.other) < len(self.accepted)

    def fits(self, mention: Mention) -> tuple[datetime, ...]:
        return slots.offered_by(mention, self.frame)


def read(plain: str, frame: Frame) -> Reading:
    """Find times in a normalised reply, cut it into words, and see which times are meant."""
    found = tokens(plain, times.find(plain, frame), frame.vocabulary)
    found = list(
        _meeting_in_offered_week(denials_denied(without_absent(found, frame.vocabulary)), frame)
    )
    against = _refusals(found)
    for place in against.values():
        if place is not None:
            found[place] = replace(found[place], kind="settled")
    named = [
        (token.mention, place in against) for place, token in enumerate(found) if token.mention
    ]
    accepted = tuple(_accepted(named))
    parts = clauses(found)
    places = _places(parts)
    early = {*arrivals(found, frame), *busy_before(accepted, parts, places, frame)}
    return Reading(
        plain,
        frame,
        parts,
        tuple(found),
        frozenset(token.kind for token in found),
        accepted,
        tuple(mention for mention, refused in named if refused),
        frozenset(
            mention.start
            for mention in accepted
            if mention.start not in early and not slots.offered_by(mention, frame)
        ),
        places,
    )


def _places(parts: Sequence[Clause]) -> dict[int, tuple[int, int]]:
    return {
        token.mention.start: (number, place)
        for number, clause in enumerate(parts)
        for place, token in enumerate(clause.tokens)
        if token.mention is not None
    }


def _refusals(found: list[Token]) -> dict[int, int | None]:
    """Place of a refused time → place of the word that refuses it.

    Read from the end, since of 周三周四都不行 the first shares what is said of the second.
    """
    refused: dict[int, int | None] = {}
    following: int | None = None
    for place in range(len(found) - 1, -1, -1):
        if found[place].kind != "time":
            continue
        before = _word_before(found, place)
        if before is not None:
            refused[place] = before
        else:
            decided, word = _word_after(found, place, following)
            if not decided and following in refused and not _narrowed(found, place, following):
                refused[place] = None
            elif word is not None:
                refused[place] = word
        following = place
    return refused


def _narrowed(found: list[Token], place: int, following: int | None) -> bool:
    """那天我上午有手术: the morning is refused, not the day."""
    whole, part = found[place].mention, found[following or 0].mention
    if whole is None or part is None:
        return False
    return whole.anchor and not (whole.part or part.dated) and part.part is not None


def _word_before(found: list[Token], place: int) -> int | None:
    for earlier in range(place - 1, -1, -1):
        if found[earlier].kind in _REFUSED_BEFORE:
            return earlier
        if found[earlier].kind not in _PASSED_OVER:
            return None
    return None


def _word_after(found: list[Token], place: int, following: int | None) -> tuple[bool, int | None]:
    """Whether something decides before the next time, and the word against, if it is one."""
    end = len(found) if following is None else following
    paired = following is not None
    for later in range(place + 1, end):
        kind = found[later].kind
        if kind in _NEXT_CLAUSE and _proposed(found, place):
            return True, None
        if kind == "vague" and found[later - 1].kind == "stop":
            return True, None
        if kind in _AGAINST:
            return True, later
        if kind in _FOR:
            return True, None
        paired = paired and kind in _KNOWN_BY_PAIR
    return not paired, None


def _proposed(found: list[Token], place: int) -> bool:
    """能否安排在周六，工作日都有门诊: what comes after the stop is not said of Saturday."""
    for earlier in range(place - 1, -1, -1):
        if found[earlier].kind in _NEXT_CLAUSE:
            return False
        if found[earlier].kind in ("asks", "change"):
            return True
    return False


def _accepted(named: Iterable[tuple[Mention, bool]]) -> Iterable[Mention]:
    """Times not refused; an hour alone takes the day named before, 三点 after 下午 the part."""
    before: Mention | None = None
    waiting: Mention | None = None
    for mention, refused in named:
        current = _with_day(mention, before, waiting)
        before = None if refused and not (mention.part or mention.clock) else current
        if waiting is not None and not _refines(mention, waiting, refused):
            yield waiting
        waiting = None
        if refused or mention.arrival or (mention.anchor and not (mention.part or mention.clock)):
            continue
        waiting = current
    if waiting is not None:
        yield waiting


def _with_day(mention: Mention, before: Mention | None, waiting: Mention | None) -> Mention:
    if before is None or mention.dated or mention.shift:
        return mention
    part = mention.part
    if part is None and waiting is before and mention.clock and mention.clock.hour < 12:
        part = before.part
    return replace(mention, day=before.day, dated=before.dated, anchor=before.anchor, part=part)


def _refines(mention: Mention, waiting: Mention, refused: bool) -> bool:
    """下午都可以，三点吧 and 推一天，周六10点: the second says the first more exactly."""
    if mention.dated and not refused:
        exact = mention.day == waiting.day and not waiting.clock and bool(mention.clock)
        return exact or waiting.shift is not None
    settled = refused or mention.dated or mention.part or waiting.clock or waiting.shift
    return bool(mention.clock) and not settled


def _meeting_in_offered_week(found: Iterable[Token], frame: Frame) -> Iterable[Token]:
    """下周见 names no other time when the offers lie in that week."""
    ahead = list(found)
    weeks = frame.vocabulary.times["weeks"]
    for token, after in zip_longest(ahead, ahead[1:]):
        meeting = after is not None and after.kind in ("go", "attend")
        if token.kind == "vague" and meeting and token.text in weeks:
            monday = frame.now.date() - timedelta(days=frame.now.weekday())
            start = monday + timedelta(weeks=weeks[token.text])
            if all(0 <= (offer.date() - start).days < 7 for offer in frame.offers):
                yield replace(token, kind="settled")
                continue
        yield token
