"""A model given to CP-SAT: the best it finds within its limits, or why there is nothing.

OR-Tools is the optional extra `roster`; this module is imported only where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from time import monotonic

from ortools.sat.python import cp_model

from services.rostering.model import (
    POINT,
    Limits,
    Linear,
    Model,
    Outcome,
    Progress,
    Spread,
    Terms,
)

Report = Callable[[Progress], None]
FOUND = (cp_model.OPTIMAL, cp_model.FEASIBLE)
# Demands in the order in which they are let go while looking for those that contradict: what is
# left at the end is what people are told.
_LAST = ("need:", "rule:gap", "rule:night_then_day")


def solve(model: Model, limits: Limits, report: Report = lambda _: None) -> Outcome:
    """The best roster found, or what contradicts. Blocks for as long as `limits` say."""
    started = monotonic()
    built = _Built(model)
    built.minimise()
    watcher = _Watcher(started, report)
    solver = _solver(limits, limits.seconds, limits.effort)
    status = solver.solve(built.cp, watcher)
    seconds = monotonic() - started
    if status in FOUND:
        proven = status == cp_model.OPTIMAL
        return Outcome(built.chosen(solver), proven, seconds, watcher.solutions)
    short, proven = _short(model, limits)
    if status != cp_model.INFEASIBLE and not proven:
        return Outcome(None, seconds=seconds)
    groups = _contradicting(model, limits)
    return Outcome(
        None, seconds=monotonic() - started, impossible=True, short=short, groups=groups
    )


def _solver(limits: Limits, seconds: float, effort: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = limits.workers
    solver.parameters.random_seed = limits.seed
    solver.parameters.max_time_in_seconds = seconds
    if effort:
        solver.parameters.max_deterministic_time = effort
    if limits.gap:
        solver.parameters.relative_gap_limit = limits.gap
    solver.parameters.max_memory_in_mb = limits.memory
    return solver


class _Built:
    """The model in CP-SAT's own form. `without` names groups that are left out; `elastic` gives
    every sum of these groups a variable for how much it falls short."""

    def __init__(
        self,
        model: Model,
        without: Collection[str] = (),
        elastic: Callable[[str], bool] | None = None,
    ) -> None:
        self.model = model
        self.cp = cp_model.CpModel()
        self.x = [self.cp.new_bool_var("") for _ in range(model.variables)]
        self.slack: dict[int, cp_model.IntVar] = {}
        for group in model.one_of:
            self.cp.add_exactly_one(self.x[variable] for variable in group)
        for index, line in enumerate(model.hard):
            if line.group not in without:
                self._add(index, line, elastic is not None and elastic(line.group))

    def _add(self, index: int, line: Linear, may_fall_short: bool) -> None:
        value = self._sum(line.terms)
        if line.most is not None:
            self.cp.add(value <= line.most)
        if line.least is None:
            return
        if may_fall_short:
            self.slack[index] = self.cp.new_int_var(0, line.least, "")
            value = self._sum(line.terms, self.slack[index])
        self.cp.add(value >= line.least)

    def _sum(self, terms: Terms, *more: cp_model.IntVar) -> cp_model.LinearExpr:
        variables = [*(self.x[variable] for variable, _ in terms), *more]
        factors = [*(factor for _, factor in terms), *(1 for _ in more)]
        return cp_model.LinearExpr.weighted_sum(variables, factors)

    def minimise(self) -> None:
        parts: list[cp_model.IntVar] = []
        weights: list[int] = []
        for soft in self.model.soft:
            most = sum(max(0, factor) for _, factor in soft.terms) - soft.most
            if most <= 0:
                continue
            over = self.cp.new_int_var(0, most, "")
            self.cp.add(over >= self._sum(soft.terms) - soft.most)
            parts.append(over)
            weights.append(soft.weight)
        for one in self.model.spreads:
            parts.append(self._spread(one))
            weights.append(one.weight)
        self.cp.minimize(cp_model.LinearExpr.weighted_sum(parts, weights))

    def _spread(self, one: Spread) -> cp_model.IntVar:
        most = max((len(terms) for terms in one.sums), default=0) + max(one.starts, default=0)
        least = min(one.starts, default=0)
        high, low = self.cp.new_int_var(least, most, ""), self.cp.new_int_var(least, most, "")
        for start, terms in zip(one.starts, one.sums, strict=True):
            self.cp.add(self._sum(terms) + start <= high)
            self.cp.add(self._sum(terms) + start >= low)
        over = self.cp.new_int_var(0, most - least, "")
        self.cp.add(over >= high - low - 1)
        return over

    def chosen(self, solver: cp_model.CpSolver) -> tuple[int, ...]:
        return tuple(i for i, one in enumerate(self.x) if solver.boolean_value(one))


class _Watcher(cp_model.CpSolverSolutionCallback):
    def __init__(self, started: float, report: Report) -> None:
        super().__init__()
        self.started = started
        self.report = report
        self.solutions = 0

    def on_solution_callback(self) -> None:
        self.solutions += 1
        cost = round(self.objective_value / POINT)
        self.report(Progress(monotonic() - self.started, cost, self.solutions))


def _short(model: Model, limits: Limits) -> tuple[tuple[tuple[int, int], ...], bool]:
    """The fewest places that stay empty when everything else is kept; whether some must.

    It always finds something, so it may prove what the search for a whole roster could not.
    """
    built = _Built(model, elastic=lambda group: group.startswith("need:"))
    built.cp.minimize(sum(built.slack.values()))
    solver = _solver(limits, limits.seconds, 4 * limits.explain)
    if solver.solve(built.cp) not in FOUND:
        return (), False
    values = ((index, int(solver.value(slack))) for index, slack in built.slack.items())
    return tuple((index, value) for index, value in values if value), (
        solver.best_objective_bound > 0
    )


def _contradicting(model: Model, limits: Limits) -> tuple[str, ...]:
    """A smallest set of demands that cannot be kept together: none of it can be left out.

    Where a question could not be settled within its effort, its demand stays in the set.
    """
    kept = [group for group in model.groups if group != "link"]
    for group in sorted(kept, key=_order):
        without = {one for one in model.groups if one not in (*kept, "link")} | {group}
        solver = _solver(limits, limits.seconds, limits.explain)
        if solver.solve(_Built(model, without).cp) == cp_model.INFEASIBLE:
            kept.remove(group)
    return tuple(kept)


def _order(group: str) -> int:
    return next((1 + n for n, start in enumerate(reversed(_LAST)) if group.startswith(start)), 0)
