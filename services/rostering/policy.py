"""What a hospital may tune of drafting: `roster_draft.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from services.rostering.model import Limits
from services.rostering.problem import Weights

_SOLVER = frozenset(
    {"seconds", "most_seconds", "workers", "memory", "gap", "explain", "effort", "seed"}
)


@dataclass(frozen=True, slots=True)
class DraftPolicy:
    limits: Limits
    most_seconds: int
    weights: Weights

    def within(self, seconds: int | None) -> Limits:
        """The limits, with another time to look, never longer than allowed."""
        if seconds is None:
            return self.limits
        return replace(self.limits, seconds=float(min(max(1, seconds), self.most_seconds)))


def load_draft_policy(data: Mapping[str, Any]) -> DraftPolicy:
    """The parsed file. Raises ValueError that names an unknown key."""
    solver = dict(_section(data, "solver", _SOLVER))
    names = {field.name for field in fields(Weights)} - {"rules"}
    points = _section(data, "points", names - {"week_hours", "hours_slack", "carry"})
    hours = _section(data, "hours", {"week_hours", "hours_slack"})
    fairness = _section(data, "fairness", {"carry"})
    most = int(solver.pop("most_seconds", 600))
    rules = {str(name): int(value) for name, value in data.get("rules", {}).items()}
    known: dict[str, Any] = {key: int(value) for key, value in points.items()}
    known |= {key: float(value) for key, value in hours.items()}
    known |= {key: int(value) for key, value in fairness.items()}
    weights = Weights(rules=rules, **known)
    return DraftPolicy(Limits(**solver), most, weights)


def _section(
    data: Mapping[str, Any], name: str, known: frozenset[str] | set[str]
) -> Mapping[str, Any]:
    section: Mapping[str, Any] = data.get(name, {})
    if unknown := set(section) - known:
        raise ValueError(f"roster_draft.toml: [{name}] has unknown key {sorted(unknown)[0]!r}")
    return section
