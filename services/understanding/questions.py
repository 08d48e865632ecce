"""Which clauses ask, and about what."""

from __future__ import annotations

from services.understanding.mentions import Mention
from services.understanding.reading import Reading
from services.understanding.tokens import Clause

_TOPICS = frozenset({"what", "topic", "terms"})
_ASKS = frozenset({"asks", "asks_fact"})
_SUBSTANCE = frozenset(
    {"yes", "rare_yes", "any", "attend", "go", "time", "obstacle", "unknown", "matter", "is"}
)
_SUBSTANCE |= {
    "decline",
    "decline_weak",
    "menu_1",
    "menu_2",
    "menu_3",
    "harmless",
    "settled",
    "doubt",
    "ends",
}
_WAVERING = frozenset({"doubt", "condition", "later"})
_PICKS = frozenset({"pick_1", "pick_2", "pick_3", "pick_4", "pick_middle", "pick_last"})
_PROPOSING = frozenset({"yes", "any", "asks", "change", "go", "attend", "hedge", "harmless"})
_NOTHING_PROPOSED = frozenset({"unknown", "ends", "matter", "request", "noise"})
_DIRECTION = _PROPOSING | _TOPICS
_AFFIRMED = frozenset({"yes", "any", "rare_yes"})


def asking(clause: Clause) -> bool:
    """A question mark, 吗, 行不行, 可以不, or 要带简历不."""
    if clause.asked or clause.has(_ASKS):
        return True
    if {"is", "or_rather"} <= clause.kinds:
        return True
    last = clause.tokens[-2:]
    if len(last) < 2 or last[1].kind != "negate":
        return False
    return last[0].kind in _AFFIRMED or topical(clause)


def topical(clause: Clause) -> bool:
    """About one of the things candidates ask about; 证件会带齐 only says what they will do."""
    return clause.has(_TOPICS) and not prepares(clause)


def prepares(clause: Clause) -> bool:
    """简历准备好了: a paper beside a word for bringing it, and no question."""
    return clause.has({"prep"}) and not clause.asked and not clause.has(_ASKS | {"what", "ask"})


def is_question(clause: Clause) -> bool:
    """Asks about something; 薪资 alone does, 没有执业证 does not."""
    if asking(clause):
        if clause.has(_WAVERING) and not clause.asked and not topical(clause):
            return False
        whole = any(token.kind in _ASKS and len(token.text) > 1 for token in clause.tokens)
        return whole or topical(clause) or clause.has(_SUBSTANCE | _PICKS)
    if _supposes(clause):
        return True
    if clause.has({"what"}):
        return not clause.has({"later"}) or _asks_when_told(clause)
    if clause.has({"request"}):
        return topical(clause)
    loose = clause.has({"unknown", "negate", "no", "doubt", "later", "condition"})
    return topical(clause) and (not loose or clause.has({"ask"}))


def _supposes(clause: Clause) -> bool:
    """这是骗子吧 waits for an answer; 应该是可以吧 gives none."""
    said = clause.has(_AFFIRMED | _WAVERING | {"time", "no", "obstacle", "attend", "go"})
    ends = any(token.kind == "hedge" for token in clause.tokens[-1:])
    return ends and clause.has({"is"}) and not said


def _asks_when_told(clause: Clause) -> bool:
    """什么时候给答复 asks; 看看什么时候有空再回您 does not."""
    kinds = [token.kind for token in clause.tokens]
    before = kinds[: kinds.index("later")]
    return "what" in before and not clause.has({"yes", "hedge", "doubt", "condition"})


def day_asked_about(reading: Reading, mention: Mention) -> bool:
    """是周四吗 and 明天要带什么 propose no day."""
    clause, place = _where(reading, mention)
    before = {token.kind for token in clause.tokens[:place]}
    if "is" in before and (asking(clause) or clause.has({"list", "or_rather"})):
        return True
    if clause.has({"asks_fact"}) and not clause.has({"yes", "any", "change"}):
        return True
    after = clause.tokens[place + 1 :]
    first = next((token.kind for token in after if token.kind in _DIRECTION), None)
    return first in _TOPICS


def answers_later(reading: Reading, mention: Mention) -> bool:
    """明天回复您 names a day to answer, not to come."""
    clause, place = _where(reading, mention)
    kinds = {token.kind for token in clause.tokens[max(place - 1, 0) :]}
    return "later" in kinds and "change" not in kinds


def when_free(reading: Reading, mention: Mention) -> bool:
    """查房十二点结束，十二点半可否: twelve is when something ends, not what is proposed."""
    clause, _ = _where(reading, mention)
    return clause.has({"ends"}) and not asking(clause)


def mere_fact(reading: Reading, mention: Mention) -> bool:
    """我明天把材料发给您 names a day and proposes nothing."""
    clause, _ = _where(reading, mention)
    number, _ = reading.places[mention.start]
    following = reading.clauses[number + 1 : number + 2]
    if asking(clause) or any(map(asking, following)) or clause.has(_PROPOSING):
        return False
    return clause.has(_NOTHING_PROPOSED)


def _where(reading: Reading, mention: Mention) -> tuple[Clause, int]:
    """The clause that holds a mention, and its place there."""
    number, place = reading.places[mention.start]
    return reading.clauses[number], place
