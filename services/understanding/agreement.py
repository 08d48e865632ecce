"""Whether a reply is an unconditional yes to an offered time: all of it must be understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.understanding import slots
from services.understanding.names import names
from services.understanding.questions import asking, prepares, topical
from services.understanding.reading import Reading
from services.understanding.restating import restates
from services.understanding.tokens import Clause, Token

_PICKS = {"pick_1": 0, "pick_2": 1, "pick_3": 2, "pick_4": 3, "pick_last": -1}
_SAFE = frozenset(
    {
        "yes",
        "rare_yes",
        "attend",
        "go",
        "any",
        "receipt",
        "polite",
        "thanks",
        "title",
        "intro",
        "glue",
        "pledge",
    }
    | {
        "harmless",
        "prep",
        "friendly",
        "weak_yes",
        "time",
        "settled",
        "list",
        "or_rather",
        *_PICKS,
        "pick_middle",
    }
)
_IN_QUESTIONS = _SAFE | {
    "what",
    "topic",
    "asks",
    "ask",
    "is",
    "about",
    "request",
    "asks_fact",
    "matter",
    "ends",
}
_TRAILING = ("...", "。。。")
_AGREEING = frozenset({"yes", "attend", "any"})
_WHEN = _AGREEING | {"harmless"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """`slot`: which offer is agreed to, when that can be told."""

    slot: datetime | None
    reasons: tuple[str, ...]
    also_asks: bool = False


def agreed(reading: Reading) -> Agreement | None:
    """None unless everything outside a question is known and speaks for coming."""
    if any(doubts(reading)):
        return None
    restated = [clause for clause in reading.clauses if restates(clause, reading)]
    beside = [clause for clause in reading.clauses if topical(clause)]
    said = [clause for clause in reading.clauses if clause not in restated + beside]
    words = [token.entry for clause in said for token in _yes_words(clause)]
    several = len(reading.frame.offers) > 1
    slot = _slot(reading)
    if slot is None or _refuses(reading, slot):
        return None
    asks = bool(beside)
    chosen = several and not (asks or restated) and _named(reading)
    if not words and not chosen and not _thumb(reading):
        return None
    return Agreement(slot, ("agrees", *dict.fromkeys(words)), asks)


def doubts(reading: Reading) -> tuple[str, ...]:
    """What keeps the reply from being a confirmation, by kind."""
    found = [kind for clause in reading.clauses for kind in _doubts(clause, reading)]
    if trails_off(reading):
        found.append("trails off")
    return tuple(dict.fromkeys(found))


def trails_off(reading: Reading) -> bool:
    """好的…… says it, but not gladly."""
    return reading.text.endswith(_TRAILING)


def _doubts(clause: Clause, reading: Reading) -> Iterator[str]:
    if topical(clause):
        yield from _doubts_in_question(clause)
        return
    if restates(clause, reading):
        return
    if asking(clause):
        yield "asked"
    if _conditional(clause, reading):
        yield "condition"
    named = set(names(clause, reading))
    before = _free_before(clause, reading)
    for place, token in enumerate(clause.tokens):
        if token.kind == "hedge" and token.text == "吧" and _chooses(clause, reading):
            continue
        safe = token.kind in _SAFE or (token.kind == "topic" and prepares(clause))
        safe = safe or (token.kind == "ends" and before)
        if not safe and place not in named and not _courtesy(clause, token):
            yield token.kind
        mention = token.mention
        if mention is None or before or reading.any_suits():
            continue
        if reading.differs(mention):
            yield "another time"


def _free_before(clause: Clause, reading: Reading) -> bool:
    """我九点交完班: on the offered day, before the offered hour."""
    if not clause.has({"ends"}) or len(reading.frame.offers) != 1:
        return False
    offer = reading.frame.offers[0]
    said = [token.mention for token in clause.tokens if token.mention is not None]
    accepted = {mention.start for mention in reading.accepted}
    if any(mention.start not in accepted for mention in said):
        return False
    named = [slots.when(mention, reading.frame) for mention in said]
    return bool(named) and all(
        isinstance(when, datetime) and when < offer and when.date() == offer.date()
        for when in named
    )


def _courtesy(clause: Clause, token: Token) -> bool:
    """感谢您百忙之中联系我: what begins with thanks holds nothing that matters."""
    return token.kind in ("unknown", "matter") and clause.tokens[0].kind == "thanks"


def _conditional(clause: Clause, reading: Reading) -> bool:
    """有空就去 and 没班我就去 come when free; 好的就周三上午 does come."""
    small = reading.frame.vocabulary.small
    kept = [token for token in clause.tokens if token.text not in small["subjects"]]
    pairs = zip(kept, kept[1:], kept[2:], strict=False)
    return any(
        yes.kind in _WHEN and then.text in small["then"] and what.kind != "time"
        for yes, then, what in pairs
    )


def _doubts_in_question(clause: Clause) -> Iterator[str]:
    """A question beside a yes is harmless when it is plainly one."""
    plain = asking(clause) or clause.has({"ask", "what", "request"})
    for token in clause.tokens:
        if token.kind == "unknown" and not clause.has({"ask"}):
            yield "unknown in a question"
        elif token.kind not in _IN_QUESTIONS | {"unknown"}:
            yield token.kind
    if clause.has({"prep"}) and clause.has({"pledge", "go", "attend"}):
        yield "a promise made a question"
    said = clause.has(_AGREEING) and not asking(clause) and not clause.has({"ask"})
    if said or (not plain and len(clause.tokens) > 1):
        yield "a statement, not a question"


def _yes_words(clause: Clause) -> Iterator[Token]:
    yield from (token for token in clause.tokens if token.kind in _AGREEING)
    if all(map(_particle, clause.tokens)):
        yield from (token for token in clause.tokens if token.kind == "rare_yes")
    if clause.has({"time"}) or len(clause.tokens) == 1 or _pledged(clause):
        yield from (token for token in clause.tokens if token.kind == "go")


def _pledged(clause: Clause) -> bool:
    """一定按通知的时间过去: going there, with a word before it that promises it."""
    kinds = [token.kind for token in clause.tokens]
    return "pledge" in kinds and "go" in kinds[kinds.index("pledge") :]


def _particle(token: Token) -> bool:
    """What may stand beside 成 or 中 without making it a name or another word."""
    return token.kind in ("rare_yes", "receipt") or (
        token.kind in ("glue", "pledge") and len(token.text) == 1
    )


def _refuses(reading: Reading, slot: datetime) -> bool:
    """周三可以，上午不行: the day suits, the hour does not."""
    return any(slot in reading.fits(mention) for mention in reading.refused)


def _thumb(reading: Reading) -> bool:
    """A thumb is a yes when it stands alone; under 收到 it may only say: read."""
    alone = all(
        token.kind in ("weak_yes", "friendly", "polite", "thanks", "stop")
        for token in reading.tokens
    )
    return alone and reading.has("weak_yes")


def _slot(reading: Reading) -> datetime | None:
    """The one offer that is picked, by its place or its time; the first, when any will do."""
    offers = sorted(reading.frame.offers)
    picked = set(_picked(reading, offers))
    for mention in reading.accepted:
        fitting = set(reading.fits(mention))
        picked = picked & fitting if picked else fitting
    if len(picked) == 1:
        return picked.pop()
    return offers[0] if len(offers) == 1 or reading.has("any") else None


def _picked(reading: Reading, offers: list[datetime]) -> Iterator[datetime]:
    for token in reading.tokens:
        place = len(offers) // 2 if token.kind == "pick_middle" else _PICKS.get(token.kind)
        if place is not None and place < len(offers):
            yield offers[place]


def _named(reading: Reading) -> bool:
    """第二个 or 周四下午 alone is a choice among several."""
    return bool(reading.accepted) or reading.has("pick_middle", *_PICKS)


def _chooses(clause: Clause, reading: Reading) -> bool:
    """第二个吧 chooses; 可以吧 wavers."""
    several = len(reading.frame.offers) > 1
    return several and not clause.has(_AGREEING) and clause.has({"time", *_PICKS, "pick_middle"})
