"""Whether another time is proposed without a doubt, so that a seat may be taken for it at once."""

from __future__ import annotations

from services.understanding.mentions import Mention
from services.understanding.reading import Reading
from services.understanding.tokens import Clause

# What may stand in the clause that names the time: nothing else may bend its meaning.
_BESIDE_TIME = frozenset(
    {
        "time",
        "yes",
        "any",
        "asks",
        "change",
        "go",
        "attend",
        "glue",
        "pledge",
        "polite",
        "thanks",
        "title",
        "intro",
        "harmless",
        "friendly",
        "receipt",
        "weak_yes",
        "is",
        "ask",
        "contrast",
        "settled",
    }
)
_PROPOSING = frozenset({"asks", "yes", "any", "change", "attend", "go"})
_WHY_NOT = frozenset({"obstacle", "no", "settled"})
_DOUBTFUL = frozenset(
    {"doubt", "condition", "later", "other", "quote", "hedge", "about", "terms", "or_rather"}
)


def firm(reading: Reading, mention: Mention) -> bool:
    """那天我值班，周四下午行吗 is; 周四下午吧, 周四下午应该可以 and 周四下午我问问 are not.

    Unknown words are let pass only where they tell why the offered time does not suit.
    """
    if reading.has(*_DOUBTFUL) or mention.shift is not None:
        return False
    number, _ = reading.places[mention.start]
    named = reading.clauses[number]
    whether_any = reading.frame.vocabulary.small["whether_any"]
    if any(token.entry in whether_any for token in named.tokens):
        return False
    if not named.kinds <= _BESIDE_TIME or not _proposes(reading, number):
        return False
    others = [clause for place, clause in enumerate(reading.clauses) if place != number]
    return all(map(_harmless, others))


def _proposes(reading: Reading, number: int) -> bool:
    """行吗 in the same clause or the next: a bare 周四下午 proposes as well."""
    following = reading.clauses[number : number + 2]
    return (
        any(clause.asked or clause.has(_PROPOSING) for clause in following)
        or len(reading.clauses) == 1
    )


def _harmless(clause: Clause) -> bool:
    return clause.kinds <= _BESIDE_TIME or clause.has(_WHY_NOT)
