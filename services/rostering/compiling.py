"""From a problem to the model a solver is given."""

from __future__ import annotations

from services.rostering.demands import add_demands
from services.rostering.long_rules import add_long_rules
from services.rostering.near_rules import add_near_rules
from services.rostering.problem import Problem
from services.rostering.sums import Sums


def compiled(problem: Problem) -> Sums:
    """All sums of a problem; what each is about stays here, the model goes to the solver."""
    sums = Sums(problem)
    add_near_rules(sums)
    add_long_rules(sums)
    add_demands(sums)
    return sums
