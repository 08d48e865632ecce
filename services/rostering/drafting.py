"""One attempt at a month: the problem, the solver, and the answer in the ward's own form."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from message_templates.catalogue import Catalogue
from models.clock import SHANGHAI, Clock
from services.calendar_days import WorkingCalendar
from services.duties import RestCheck
from services.rostering import form
from services.rostering.building import Clash, build
from services.rostering.compiling import compiled
from services.rostering.findings import Finding, Telling, days_text
from services.rostering.impossible import Explaining
from services.rostering.model import Limits, Model, Outcome, Progress, cost
from services.rostering.policy import DraftPolicy
from services.rostering.problem import Cells, Problem
from services.rostering.sums import Sums
from services.sheets.roster import RosterSheet

WORDS = "rosters/draft_words"
Watch = Callable[[Progress | None], Awaitable[None]]


class SolverMissing(Exception):
    """The optional extra is not installed."""


class SolverDied(Exception):
    """The solver's process ended without an answer; the message says how."""


class Solver(Protocol):
    async def solve(self, model: Model, limits: Limits, watch: Watch) -> Outcome:
        """`watch` hears of each better solution, and every second; what it raises ends the work.

        Raises SolverMissing or SolverDied.
        """


@dataclass(frozen=True, slots=True)
class Drafted:
    """`cells` None: there is no roster, and `findings` say why. `content` is the XLSX."""

    problem: Problem
    outcome: Outcome
    findings: tuple[Finding, ...]
    cells: Cells | None = None
    cost: int = 0
    content: bytes = b""
    sheet: RosterSheet | None = None

    @property
    def impossible(self) -> bool:
        return self.cells is None and self.outcome.impossible


class Drafting:
    def __init__(
        self,
        rest: RestCheck,
        solver: Solver,
        policy: DraftPolicy,
        words: Catalogue,
        calendar: WorkingCalendar,
        clock: Clock,
    ) -> None:
        self.rest = rest
        self.solver = solver
        self.policy = policy
        self.calendar = calendar
        self.clock = clock
        self.texts = words.words(WORDS)
        self.rules = words.words("rules/rest_rules")

    async def draft(
        self, unit_id: int, first: date, last: date, limits: Limits, watch: Watch
    ) -> Drafted:
        """Raises Refusal (see building), SolverMissing, SolverDied, or what `watch` raises."""
        problem, clashes = await build(
            self.rest, self.policy.weights, unit_id, first, last, self.calendar
        )
        sums = await asyncio.to_thread(compiled, problem)
        outcome = await self.solver.solve(sums.model(), limits, watch)
        if outcome.true is None:
            return Drafted(problem, outcome, tuple(self._nothing(sums, outcome, limits)))
        telling = Telling(sums, outcome.true, self.texts, self.rules)
        found = await asyncio.to_thread(telling.findings)
        table = await self.rest.codes.of_unit(unit_id)
        today = self.clock.now().astimezone(SHANGHAI).date()
        content = await asyncio.to_thread(form.month_sheet, problem, telling.cells, table)
        sheet = await asyncio.to_thread(form.read_back, content, problem, table, today)
        return Drafted(
            problem,
            outcome,
            (*self._clashes(clashes), *found),
            telling.cells,
            cost(sums.model(), frozenset(outcome.true)),
            content,
            sheet,
        )

    def _nothing(self, sums: Sums, outcome: Outcome, limits: Limits) -> list[Finding]:
        if outcome.impossible:
            return Explaining(sums, outcome, self.texts, self.rules).findings()
        seconds = round(limits.seconds)
        text = self.texts["impossible"]["empty"].format(
            seconds=seconds,
            unit=sums.problem.unit,
            month=f"{sums.problem.first:%Y年}{sums.problem.first.month}月",
            longer=min(self.policy.most_seconds, 3 * seconds),
        )
        return [Finding(text)]

    def _clashes(self, clashes: tuple[Clash, ...]) -> list[Finding]:
        text, days = self.texts["impossible"]["clash"], dict[str, list[date]]()
        for one in clashes:
            days.setdefault(one.name, []).append(one.day)
        return [Finding(text.format(name=name, date=days_text(of))) for name, of in days.items()]

    def say(self, key: str, **values: object) -> str:
        """A sentence about a run that came to nothing."""
        text: str = self.texts["impossible"][key]
        return text.format_map(values)
