"""Rules about one shift, or about two near each other: asked of the validator, never rewritten.

Each code, and each pair of codes some days apart, is shown to the very checks that judge rosters.
What they object to becomes a sum. So the figures are the rules' own, and a new rule of this kind
needs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import ceil

from models.duties import Duty, duty_of
from models.rest import Change, Conditions, Rule, Violation
from models.shift_codes import CodeUse
from services.rest_checks import CHECKS
from services.rest_rules import check_change
from services.rostering.grid import Choice
from services.rostering.problem import Nurse, Problem
from services.rostering.sums import About, Sums

# These count over days; services/rostering/long_rules.py.
LONG = frozenset(
    {"nights", "days_running", "week_hours", "protected_day_hours", "protected_week_hours"}
)
_DAY = timedelta(days=1)
_SOME_DAY = date(2026, 1, 5)  # any would do: China has no summer time


def near_rules(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.rule in CHECKS and rule.rule not in LONG)


def reach(problem: Problem) -> int:
    """How many days apart two codes can still disturb each other."""
    ends = [span.end for use in problem.uses for span in use.spans(_SOME_DAY)]
    starts = [span.start for use in problem.uses for span in use.spans(_SOME_DAY)]
    if not ends:
        return 1
    limits = [rule.limit for rule in near_rules(problem.rules)]
    hours = (max(ends) - min(starts)) / timedelta(hours=1) + max(limits, default=0)
    return max(1, ceil(hours / 24))


def add_near_rules(sums: Sums) -> None:
    rules = near_rules(sums.problem.rules)
    pairs = dict(_pairs(sums.problem, rules))
    alone: dict[str, tuple[Violation, ...]] = {}
    for index, nurse in enumerate(sums.problem.nurses):
        for choice in sums.grid.of(index):
            for violation in _by_itself(choice, nurse, rules, reach(sums.problem), alone):
                about = About(violation.rule.rule, index, choice.duty.work_day)
                sums.rule(violation.rule, about, ((choice.variable, 1),), 0)
        _add_pairs(sums, index, pairs)


def _by_itself(
    choice: Choice,
    nurse: Nurse,
    rules: Sequence[Rule],
    days: int,
    known: dict[str, tuple[Violation, ...]],
) -> tuple[Violation, ...]:
    """What the choice breaks whatever else is chosen: by itself, or beside what is fixed."""
    near = [duty for duty in nurse.fixed if abs(duty.day - choice.day) <= (days + 1) * _DAY]
    if not near and nurse.conditions == Conditions():
        # The same on every day, but for the days it names: only objections matter.
        label = choice.use.label
        if label not in known:
            known[label] = check_change((), Change(add=(choice.duty,)), Conditions(), rules)
        return known[label]
    return check_change(near, Change(add=(choice.duty,)), nurse.conditions, rules)


Pairs = Mapping[tuple[str, str, int], tuple[Rule, ...]]


def _pairs(
    problem: Problem, rules: Sequence[Rule]
) -> Iterator[tuple[tuple[str, str, int], tuple[Rule, ...]]]:
    """(code, code `n` days later, n) → the rules that object to both."""
    for apart in range(1, reach(problem) + 1):
        for first in problem.uses:
            for second in problem.uses:
                found = _objections(first, second, apart, rules)
                if found:
                    yield (first.label, second.label, apart), found


def _objections(
    first: CodeUse, second: CodeUse, apart: int, rules: Sequence[Rule]
) -> tuple[Rule, ...]:
    one, two = duty_of(first, _SOME_DAY), duty_of(second, _SOME_DAY + apart * _DAY)
    assert one is not None
    assert two is not None
    by_itself = _broken((), two, rules)
    return tuple(
        violation.rule
        for violation in _broken((one,), two, rules)
        if violation.identity not in {known.identity for known in by_itself}
    )


def _broken(before: tuple[Duty, ...], duty: Duty, rules: Sequence[Rule]) -> tuple[Violation, ...]:
    return check_change(before, Change(add=(duty,)), Conditions(), rules)


def _add_pairs(sums: Sums, index: int, pairs: Pairs) -> None:
    for choice in sums.grid.of(index):
        for apart in range(1, reach(sums.problem) + 1):
            later = choice.day + apart * _DAY
            for other in sums.grid.cells.get((index, later), ()):
                for rule in pairs.get((choice.use.label, other.use.label, apart), ()):
                    about = About(rule.rule, index, other.duty.work_day)
                    sums.rule(rule, about, ((choice.variable, 1), (other.variable, 1)), 1)
