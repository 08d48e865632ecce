"""A solution in words: what it breaks and what that costs, as the head nurse reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.rest import Change, Violation
from services.rest_rules import check_change, describe_violation
from services.rostering.demands import free_days
from services.rostering.model import POINT, excess, spread, totals
from services.rostering.problem import Cells, Problem
from services.rostering.sums import About, Sums

NAMED = 3  # people of whom most or least is said

Texts = Mapping[str, Any]
Key = tuple[str, int | None, date | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence, and its cost in points; 0 for what is no cost."""

    text: str
    cost: float = 0.0

    def as_json(self) -> dict[str, object]:
        return {"text": self.text, "cost": self.cost}


def violations(problem: Problem, sums: Sums, cells: Cells) -> dict[int, tuple[Violation, ...]]:
    """Index of a person → every rule of their own days that the draft newly breaks."""
    found = {}
    for index, nurse in enumerate(problem.nurses):
        added = tuple(duty for duty in sums.grid.duties(nurse, cells) if duty not in nurse.fixed)
        found[index] = check_change(
            nurse.fixed, Change(add=added), nurse.conditions, problem.rules
        )
    return {index: broken for index, broken in found.items() if broken}


class Telling:
    """Words for the costs of one solution. `rules` is rules/rest_rules.toml, parsed."""

    def __init__(self, sums: Sums, true: Sequence[int], texts: Texts, rules: Texts) -> None:
        self.sums = sums
        self.problem = sums.problem
        self.true = frozenset(true)
        self.cells = sums.grid.read(true)
        self.texts = texts
        self.rules = rules

    def findings(self) -> list[Finding]:
        """Dearest first; the costs add up to what the solution costs."""
        costs, counts = self._costs()
        found = [*self._rules_broken(costs), *self._others(costs, counts), *self._spreads()]
        return sorted(found, key=lambda finding: -finding.cost)

    def _costs(self) -> tuple[dict[Key, float], dict[Key, int]]:
        costs: dict[Key, float] = {}
        counts: dict[Key, int] = {}
        for soft, about in zip(self.sums.soft, self.sums.about, strict=True):
            over = excess(soft, self.true)
            if over:
                key = (about.kind, about.nurse, about.day)
                costs[key] = costs.get(key, 0.0) + over * soft.weight / POINT
                counts[key] = counts.get(key, 0) + over
        return costs, counts

    def _rules_broken(self, costs: dict[Key, float]) -> Iterator[Finding]:
        """The validator says it; what the solver paid for it is its cost."""
        for index, broken in violations(self.problem, self.sums, self.cells).items():
            for violation in broken:
                cost = costs.pop((violation.rule.rule, index, violation.day), 0.0)
                name = self.problem.nurses[index].name
                yield Finding(f"{name}：{describe_violation(violation, self.rules)}", cost)

    def _others(self, costs: Mapping[Key, float], counts: Mapping[Key, int]) -> Iterator[Finding]:
        surplus = rest = 0.0
        people = 0
        for (kind, index, day), cost in costs.items():
            if kind == "surplus":
                surplus, people = surplus + cost, people + counts[kind, index, day]
            elif index is not None and kind in self.texts["costs"]:
                yield Finding(self._said(About(kind, index, day)), cost)
            else:
                rest += cost
        if surplus:
            yield Finding(self.texts["costs"]["surplus"].format(count=people), surplus)
        if rest:
            yield Finding(self.texts["costs"]["other"], rest)

    def _said(self, about: About) -> str:
        assert about.nurse is not None
        nurse = self.problem.nurses[about.nurse]
        values: dict[str, object] = {"name": nurse.name}
        if about.day is not None:
            wished = next((one.code for one in nurse.wishes if one.day == about.day), "")
            given = self.cells[nurse.person_id, about.day]
            values |= {"date": day_text(about.day), "code": wished or given}
        else:
            values |= self._hours(about)
        text: str = self.texts["costs"][about.kind]
        return text.format_map(values)

    def _hours(self, about: About) -> dict[str, object]:
        assert about.nurse is not None
        worked = sum(
            choice.minutes
            for choice in self.sums.grid.of(about.nurse)
            if choice.variable in self.true
        )
        target = self.problem.weights.week_hours / 7 * free_days(self.sums, about.nurse)
        apart = abs(worked / 60 - target)
        return {
            "hours": f"{worked / 60:g}",
            "target": f"{target:.0f}",
            "apart": f"{apart:.0f}",
        }

    def _spreads(self) -> Iterator[Finding]:
        for one, about, people in zip(
            self.sums.spreads, self.sums.spread_about, self.sums.spread_people, strict=True
        ):
            over = spread(one, self.true)
            if over:
                sums = totals(one, self.true)
                values = {
                    "carry": self.problem.weights.carry,
                    "apart": max(sums) - min(sums),
                    "most": max(sums),
                    "least": min(sums),
                    "most_names": self._names(people, sums, max(sums)),
                    "least_names": self._names(people, sums, min(sums)),
                }
                key = f"{about.kind}_carried" if one.before else about.kind
                text = self.texts["costs"][key].format_map(values)
                yield Finding(text, over * one.weight / POINT)

    def _names(self, people: Sequence[int], sums: Sequence[int], value: int) -> str:
        names = [
            self.problem.nurses[index].name
            for index, one in zip(people, sums, strict=True)
            if one == value
        ]
        more = "等" if len(names) > NAMED else ""
        return "、".join(names[:NAMED]) + more


def day_text(day: date) -> str:
    """12月20日(周日)."""
    return f"{day.month}月{day.day}日(周{'一二三四五六日'[day.weekday()]})"


def days_text(days: Iterable[date]) -> str:
    """Several days in order, each once: 1月3–7日, 1月3、4、9–11日, 1月30、31日、2月1日.

    One day alone has its weekday.
    """
    left = sorted(set(days))
    if len(left) == 1:
        return day_text(left[0])
    months: dict[tuple[int, int], list[int]] = {}
    for day in left:
        months.setdefault((day.year, day.month), []).append(day.day)
    return "、".join(f"{month}月{_runs(found)}日" for (_, month), found in months.items())


def _runs(numbers: Sequence[int]) -> str:
    """1、2、4–6: three and more that follow one another are said as from–to."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "、".join(
        f"{run[0]}–{run[-1]}" if len(run) > 2 else "、".join(map(str, run)) for run in runs
    )
