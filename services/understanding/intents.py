"""Ordered rules from a reading to an intent; each that decides says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.understanding import agreement, proposals, slots
from services.understanding.mentions import Mention
from services.understanding.questions import (
    answers_later,
    asking,
    day_asked_about,
    is_question,
    mere_fact,
    topical,
    when_free,
)
from services.understanding.reading import Reading
from services.understanding.tokens import Clause

_ASIDE = frozenset({"polite", "thanks", "friendly", "receipt", "glue", "pledge", "stop", "title"})
_MENU_LABELS = {"menu_1": {"yes", "attend"}, "menu_2": {"change"}}
_MENU_LABELS["menu_3"] = {"decline", "decline_weak"}


class Intent(StrEnum):
    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    DECLINE = "decline"
    QUESTION = "question"
    OPT_OUT = "opt_out"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Understood:
    """`when`: local Shanghai day, or naive datetime where an hour is named; for a confirm the slot
    when several were offered, else None. `reasons`: for logs and tests; they hold words of our own
    lists only, never the reply. `also_asks`: a confirmation that a question came with. `part`: the
    part of the day a reschedule names beside the day (a key of times.toml's part_hours).
    `firm`: a reschedule that names one time and says nothing doubtful about it."""

    intent: Intent
    when: date | datetime | None = None
    reasons: tuple[str, ...] = ()
    also_asks: bool = False
    part: str | None = None
    firm: bool = False


def judge(reading: Reading) -> Understood:
    """The first rule that knows."""
    for rule in _RULES:
        found = rule(reading)
        if found is not None:
            return found
    return Understood(Intent.UNCLEAR, reasons=("nothing that decides", *agreement.doubts(reading)))


def _empty(reading: Reading) -> Understood | None:
    return None if reading.tokens else Understood(Intent.UNCLEAR, reasons=("empty",))


def _alone(reading: Reading) -> Understood | None:
    """A reply that is nothing but T, TD or stop."""
    kinds = [token.kind for token in reading.tokens if token.kind not in _ASIDE]
    if kinds == ["opt_out_alone"]:
        return Understood(Intent.OPT_OUT, reasons=("a stop word alone",))
    return None


def _menu(reading: Reading) -> Understood | None:
    """1, 2, 3 of the invitation's menu; among several slots a digit could mean either."""
    if agreement.trails_off(reading):
        return None
    kinds = [token.kind for token in reading.tokens if token.kind not in _ASIDE | {"press"}]
    digits = [kind for kind in kinds if kind in _MENU_LABELS]
    if len(digits) != 1 or set(kinds) - {digits[0]} - _MENU_LABELS[digits[0]]:
        return None
    if len(reading.frame.offers) > 1:
        return Understood(Intent.UNCLEAR, reasons=("a digit while several times are offered",))
    intent = {"menu_1": Intent.CONFIRM, "menu_2": Intent.RESCHEDULE}.get(digits[0], Intent.DECLINE)
    return Understood(intent, reasons=(f"menu {digits[0][-1]}",))


def _opt_out(reading: Reading) -> Understood | None:
    found = [token.entry for token in reading.tokens if token.kind == "opt_out"]
    return Understood(Intent.OPT_OUT, reasons=("no contact wished", *found)) if found else None


def _decline(reading: Reading) -> Understood | None:
    said = [c for c in reading.clauses if not asking(c) and not c.has({"what"})]
    if _comes_after_all(reading):
        return None
    strong = [token.entry for clause in said for token in clause.tokens if token.kind == "decline"]
    if strong and not reading.has("condition"):
        return Understood(Intent.DECLINE, reasons=("no longer wishes", *strong))
    leaving = [clause for clause in said if _stays(clause)]
    if leaving:
        return Understood(Intent.DECLINE, reasons=("will not leave the present post",))
    about_that = [clause for clause in said if not clause.has({"obstacle"})]
    weak = [t.entry for clause in about_that for t in clause.tokens if t.kind == "decline_weak"]
    asks_on = any(asking(clause) for clause in reading.clauses)
    if weak and not (asks_on or _others(reading) or reading.has("change", "condition")):
        return Understood(Intent.DECLINE, reasons=("will not come, names no other time", *weak))
    return None


def _comes_after_all(reading: Reading) -> bool:
    """我以前在别家上班，可以来: the last word is a yes, and more than a polite 好的."""
    meant = [clause for clause in reading.clauses if clause.tokens[:1] and not _wishes(clause)]
    for token in reversed([token for clause in meant for token in clause.tokens]):
        if token.kind in ("decline", "decline_weak"):
            return False
        if token.kind in ("attend", "any") or (token.kind == "yes" and token.entry[0] != "好"):
            return True
    return False


def _wishes(clause: Clause) -> bool:
    """祝你们早日招到合适的人 is courtesy, whatever words stand in it."""
    return clause.tokens[0].kind == "thanks"


def _stays(clause: Clause) -> bool:
    """没有换工作的打算, 不想干护士了."""
    kinds = [token.kind for token in clause.tokens]
    if "leaving" not in kinds:
        return False
    return not {"negate", "exclude", "no"}.isdisjoint(kinds[: kinds.index("leaving")])


def _others(reading: Reading) -> list[Mention]:
    """Times proposed that are not offered."""
    found = [
        mention
        for mention in reading.accepted
        if reading.differs(mention) and not mere_fact(reading, mention)
    ]
    meant = [mention for mention in found if not when_free(reading, mention)]
    return meant if meant or any(map(reading.fits, reading.accepted)) else found


def _other_time(reading: Reading) -> Understood | None:
    others = _others(reading)
    if not others:
        return None
    first = others[0]
    if answers_later(reading, first):
        return Understood(Intent.UNCLEAR, reasons=("a day to answer, not to come",))
    late = reading.has("doubt") or _late(reading, first)
    if first.shift and late and not reading.has("asks", "change"):
        return Understood(Intent.UNCLEAR, reasons=("may be late",))
    if day_asked_about(reading, first):
        return Understood(Intent.QUESTION, reasons=("asks about a day",))
    if _small_talk(reading, others):
        return Understood(Intent.UNCLEAR, reasons=("a day beside unknown words only",))
    both = any(map(reading.fits, reading.accepted))
    if both and not reading.has("change", "asks"):
        if reading.any_suits():
            return None
        if reading.fits(reading.accepted[0]) and reading.has("yes", "attend"):
            return Understood(Intent.UNCLEAR, reasons=("the offered and another time",))
    when = slots.when(first, reading.frame)
    part = first.part if when is not None and first.clock is None else None
    firm = len(others) == 1 and proposals.firm(reading, first)
    return Understood(Intent.RESCHEDULE, when, ("names another time",), part=part, firm=firm)


def _late(reading: Reading, mention: Mention) -> bool:
    """我会晚到十分钟 tells something and asks for nothing."""
    return reading.text.startswith(tuple(reading.frame.vocabulary.times["late"]), mention.start)


_PROPOSES = ("asks", "change", "attend", "go", "no", "obstacle", "vague")


def _small_talk(reading: Reading, others: Sequence[Mention]) -> bool:
    """今天好冷 proposes nothing: a bare day among unknown words, and not one word about coming."""
    bare = all(other.clock is None and other.part is None for other in others)
    return bare and reading.has("unknown") and not reading.has(*_PROPOSES)


def _refused(reading: Reading) -> Understood | None:
    """The offered time does not suit, and no other is named."""
    found = [token for clause in reading.clauses if _states(clause) for token in clause.tokens]
    kinds = {token.kind for token in found}
    firm = {
        kind for clause in reading.clauses if _states(clause) for kind in _firmly(clause, reading)
    }
    soft = kinds & {"obstacle", "vague", "no"} - firm
    suits = {offer for mention in reading.accepted for offer in reading.fits(mention)}
    if any(not suits or suits & set(reading.fits(mention)) for mention in reading.refused):
        hangs = any(map(asking, reading.clauses)) or reading.has("condition")
        (soft if hangs else firm).add("refused time")
    if soft and reading.has("condition", "doubt", "about", "later", "other"):
        soft = set()
    if not firm and not soft:
        return None
    return Understood(
        Intent.RESCHEDULE, reasons=("cannot then, names no other time", *sorted(firm | soft))
    )


def _firmly(clause: Clause, reading: Reading) -> frozenset[str]:
    """如果有急诊就去不成了 may come; 周三的话不行 will not."""
    hangs = clause.has({"condition"}) and not clause.has({"time"})
    hangs = hangs or (clause.has({"doubt"}) and reading.has("later"))
    return clause.kinds & (frozenset({"change"}) if hangs else frozenset({"no", "change"}))


def _states(clause: Clause) -> bool:
    """夜班多不多 and 要考试吗 ask; 那天我夜班可以改吗 states."""
    if not asking(clause) and not clause.has({"what"}):
        return True
    if topical(clause):
        return clause.has({"change"}) and not clause.has({"topic"})
    return clause.has({"time", "no", "change", "vague"})


def _agreed(reading: Reading) -> Understood | None:
    found = agreement.agreed(reading)
    if found is None:
        return None
    several = len(reading.frame.offers) > 1
    slot = found.slot if several else None
    reasons = (*found.reasons, *(("also asks",) if found.also_asks else ()))
    return Understood(Intent.CONFIRM, slot, reasons, found.also_asks)


def _question(reading: Reading) -> Understood | None:
    if any(map(is_question, reading.clauses)):
        return Understood(Intent.QUESTION, reasons=("asks",))
    return None


_RULES: tuple[Callable[[Reading], Understood | None], ...] = (
    _empty,
    _alone,
    _menu,
    _opt_out,
    _decline,
    _other_time,
    _refused,
    _agreed,
    _question,
)
