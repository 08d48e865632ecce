"""Collects the sums of a model, and what each soft one is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models.rest import Rule
from services.rostering.grid import Choice, Grid
from services.rostering.model import POINT, Linear, Model, Soft, Spread, Terms
from services.rostering.problem import Problem


@dataclass(frozen=True, slots=True)
class About:
    """What a cost is about: the name of a rule or of something else, whom, when."""

    kind: str
    nurse: int | None = None
    day: date | None = None
    code: str = ""


class Sums:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.grid = Grid(problem)
        self.hard: list[Linear] = []
        self.soft: list[Soft] = []
        self.about: list[About] = []
        self.spreads: list[Spread] = []
        self.spread_about: list[About] = []
        self.spread_people: list[tuple[int, ...]] = []
        self.needs: dict[int, tuple[int, date]] = {}  # index into hard → need, day
        self.seniors: set[tuple[int, int]] = set()  # (need, index into hard) that count seniors

    def must(
        self, group: str, terms: Terms, *, least: int | None = None, most: int | None = None
    ) -> None:
        self.hard.append(Linear(group, terms, least, most))

    def cost(self, about: About, terms: Terms, most: int, weight: int) -> None:
        """`weight` in 1/60 points."""
        if weight:
            self.soft.append(Soft(terms, most, weight))
            self.about.append(about)

    def rule(
        self, rule: Rule, about: About, terms: Terms, most: int, *, per_hour: bool = False
    ) -> None:
        """The sum must not exceed `most`, or costs, as the rule says."""
        if rule.hard:
            self.must(f"rule:{rule.rule}", terms, most=most)
        else:
            weight = self.problem.weights.of(rule)
            self.cost(about, terms, most, weight if per_hour else weight * POINT)

    def even(
        self, about: About, sums: Mapping[int, Terms], weight: int, before: Sequence[int]
    ) -> None:
        """`sums` by person; `before` is what each index of a person begins with."""
        if weight and len(sums) > 1:
            starts = tuple(before[index] for index in sums)
            found = Spread(tuple(sums.values()), weight * POINT, starts if any(starts) else ())
            self.spreads.append(found)
            self.spread_about.append(about)
            self.spread_people.append(tuple(sums))

    def model(self) -> Model:
        return Model(
            self.grid.variables,
            self.grid.one_of,
            tuple(self.hard),
            tuple(self.soft),
            tuple(self.spreads),
        )


def ones(choices: Iterable[Choice], factor: int = 1) -> Terms:
    return tuple((choice.variable, factor) for choice in choices)


def minutes(choices: Iterable[Choice], factor: int = 1) -> Terms:
    return tuple((c.variable, factor * c.minutes) for c in choices if c.minutes)
