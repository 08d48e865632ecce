"""The offered time said again, with a word that asks for a nod: no doubt, and no yes either."""

from __future__ import annotations

from services.understanding.reading import Reading
from services.understanding.tokens import Clause

_BESIDE = frozenset(
    {"time", "is", "glue", "go", "attend", "pledge", "settled", "polite", "title", "receipt"}
)


def restates(clause: Clause, reading: Reading) -> bool:
    """周三上午十点对吧, or 对吧 behind a clause that says no more than the offered time."""
    last = clause.tokens[-1] if clause.tokens else None
    if last is None or not _nods(clause, reading):
        return False
    before = clause.tokens[:-1]
    if not before:
        place = reading.clauses.index(clause)
        before = reading.clauses[place - 1].tokens if place else ()
    mentions = [token.mention for token in before if token.mention is not None]
    accepted = {mention.start: mention for mention in reading.accepted}
    return (
        bool(mentions)
        and all(token.kind in _BESIDE for token in before)
        and all(m.start in accepted and reading.fits(accepted[m.start]) for m in mentions)
    )


def _nods(clause: Clause, reading: Reading) -> bool:
    small, last = reading.frame.vocabulary.small, clause.tokens[-1]
    supposed = clause.has({"is"}) and last.text in small["nod_after_is"]
    return supposed or last.text in small["nod"]
