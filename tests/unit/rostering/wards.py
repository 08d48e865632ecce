"""Small wards for the drafter's tests, in code instead of rows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from models.duties import Duty
from models.rest import Conditions, Rule, Violation
from models.shift_cells import read_cell
from services.company import newly_alone
from services.duties import duties_on
from services.rest_rules import load_rest_rules
from services.rostering.compiling import compiled
from services.rostering.findings import violations
from services.rostering.model import Limits
from services.rostering.policy import load_draft_policy
from services.rostering.problem import Cells, Need, Nurse, Problem
from services.rostering.sums import Sums
from tests.unit.sheet_cases import CODES, ROOT

RULES = load_rest_rules(
    tomllib.loads((ROOT / "config/policies/rest_rules.toml").read_text("utf-8"))
)
POLICY = load_draft_policy(
    tomllib.loads((ROOT / "config/policies/roster_draft.toml").read_text("utf-8"))
)
MONDAY = date(2027, 1, 4)
QUICK = Limits(seconds=250, effort=1.0, workers=1, explain=1.0)


def row(cells: Iterable[str], first: date) -> tuple[Duty, ...]:
    """The duties of a row of cells, one a day."""
    found: list[Duty] = []
    for step, cell in enumerate(cells):
        found += duties_on(CODES, first + timedelta(days=step), [cell])
    return tuple(found)


def nurse(number: int, **facts: Any) -> Nurse:
    return Nurse(number, f"测试{number}", f"T{number:03}", **facts)


def need(code: str, least: int, **facts: Any) -> Need:
    return Need(code, frozenset({code}), least, **facts)


def ward(
    nurses: Iterable[Nurse],
    needs: Iterable[Need],
    *,
    days: int = 7,
    codes: str = "A P N",
    rules: tuple[Rule, ...] = RULES,
    **facts: Any,
) -> Problem:
    uses = tuple(read_cell(CODES, code).uses[0] for code in codes.split())
    last = MONDAY + timedelta(days=days - 1)
    weights = facts.pop("weights", POLICY.weights)
    return Problem(
        1, "测试科", MONDAY, last, tuple(nurses), tuple(needs), uses, "休", rules, weights, **facts
    )


def sums_of(problem: Problem) -> Sums:
    return compiled(problem)


def hard_violations(problem: Problem, sums: Sums, cells: Cells) -> list[Violation]:
    """What the validator objects to, of one's own days and of the ward's."""
    found = [v for broken in violations(problem, sums, cells).values() for v in broken if v.hard]
    rule = next((rule for rule in problem.rules if rule.rule == "alone" and rule.hard), None)
    if rule is not None:
        found += _alone(problem, sums, cells, rule)
    return found


def _alone(problem: Problem, sums: Sums, cells: Cells, rule: Rule) -> list[Violation]:
    after: dict[int, tuple[Duty, ...]] = {
        one.person_id: tuple(
            duty for duty in sums.grid.duties(one, cells) if duty not in one.fixed
        )
        for one in problem.nurses
    }
    after[-1] = problem.company
    before: Mapping[int, tuple[Duty, ...]] = {-1: problem.company}
    guarded = {one.person_id for one in problem.nurses if one.guarded}
    alone = newly_alone(before, after, guarded, rule)
    return [violation for broken in alone.values() for violation in broken]


def short_of(problem: Problem, cells: Cells) -> list[str]:
    """Needs that the roster does not meet."""
    found = []
    for _, wanted, day in problem.needed():
        there = [one for one in problem.nurses if cells[one.person_id, day] in wanted.codes]
        seniors = [one for one in there if one.rank >= wanted.rank]
        if len(there) < wanted.least or len(seniors) < wanted.senior:
            found.append(f"{wanted.name} {day}")
    return found


NOBODY = Conditions()
