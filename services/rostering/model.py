"""What a solver is given: yes-or-no variables, sums that must hold and sums that cost.

Nothing of a hospital is in it, so that it can be handed to another process as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Terms = tuple[tuple[int, int], ...]
"""(variable, factor); the sum of the factors of those that are true."""

POINT = 60
"""One point of cost in the unit of the model, so that a weight per hour is whole per minute."""


@dataclass(frozen=True, slots=True)
class Linear:
    """`least` ≤ sum ≤ `most`. `group` names the demand it comes from, for explanations."""

    group: str
    terms: Terms
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Soft:
    """Costs `weight` (1/60 points) for each one that the sum lies above `most`."""

    terms: Terms
    most: int
    weight: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Costs `weight` for each one that the largest sum lies above the smallest, but one.

    `before` is what each sum begins with; empty: all with nothing.
    """

    sums: tuple[Terms, ...]
    weight: int
    before: tuple[int, ...] = ()

    @property
    def starts(self) -> tuple[int, ...]:
        return self.before or (0,) * len(self.sums)


@dataclass(frozen=True, slots=True)
class Model:
    """`one_of`: exactly one of these variables is true."""

    variables: int
    one_of: tuple[tuple[int, ...], ...]
    hard: tuple[Linear, ...]
    soft: tuple[Soft, ...]
    spreads: tuple[Spread, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.group for line in self.hard))


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to look. `effort` is deterministic time: the same work on any machine, 0: no end.

    `gap`: good enough when it is proven to lie this close to the best. `explain` is the effort
    for each question about what makes it impossible. `memory` in MB.
    """

    seconds: float = 60.0
    effort: float = 0.0
    workers: int = 1
    gap: float = 0.0
    explain: float = 5.0
    memory: int = 2048
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: seconds of the clock, cost of the best so far in points, and how many."""

    seconds: float
    cost: int
    solutions: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """`true`: the variables of the best solution; None when there is none.

    Then `impossible` says whether that is proven, and `short` which sums (indices into
    `Model.hard`) cannot be reached and by how much, and `groups` which demands contradict.
    """

    true: tuple[int, ...] | None
    proven: bool = False
    seconds: float = 0.0
    solutions: int = 0
    impossible: bool = False
    short: tuple[tuple[int, int], ...] = ()
    groups: tuple[str, ...] = ()


def total(terms: Terms, true: frozenset[int]) -> int:
    return sum(factor for variable, factor in terms if variable in true)


def totals(one: Spread, true: frozenset[int]) -> list[int]:
    """Each sum of a spread, with what it begins with."""
    return [start + total(terms, true) for start, terms in zip(one.starts, one.sums, strict=True)]


def excess(soft: Soft, true: frozenset[int]) -> int:
    return max(0, total(soft.terms, true) - soft.most)


def spread(one: Spread, true: frozenset[int]) -> int:
    sums = totals(one, true)
    return max(0, max(sums) - min(sums) - 1) if sums else 0


def cost(model: Model, true: frozenset[int]) -> int:
    """What this solution costs, in points, rounded up."""
    whole = sum(soft.weight * excess(soft, true) for soft in model.soft)
    whole += sum(one.weight * spread(one, true) for one in model.spreads)
    return -(-whole // POINT)


def broken(model: Model, true: frozenset[int]) -> list[Linear]:
    """The hard sums that this solution does not keep."""
    return [line for line in model.hard if not holds(line, total(line.terms, true))]


def holds(line: Linear, value: int) -> bool:
    return (line.least is None or value >= line.least) and (
        line.most is None or value <= line.most
    )


def to_json(model: Model) -> dict[str, Any]:
    return {
        "variables": model.variables,
        "one_of": model.one_of,
        "hard": [(line.group, line.terms, line.least, line.most) for line in model.hard],
        "soft": [(soft.terms, soft.most, soft.weight) for soft in model.soft],
        "spreads": [(one.sums, one.weight, one.before) for one in model.spreads],
    }


def from_json(body: dict[str, Any]) -> Model:
    return Model(
        variables=int(body["variables"]),
        one_of=tuple(tuple(group) for group in body["one_of"]),
        hard=tuple(
            Linear(group, _terms(terms), least, most) for group, terms, least, most in body["hard"]
        ),
        soft=tuple(Soft(_terms(terms), most, weight) for terms, most, weight in body["soft"]),
        spreads=tuple(
            Spread(tuple(_terms(terms) for terms in sums), weight, tuple(before))
            for sums, weight, before in body["spreads"]
        ),
    )


def _terms(pairs: Sequence[Sequence[int]]) -> Terms:
    return tuple((variable, factor) for variable, factor in pairs)
