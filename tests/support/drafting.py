"""Drafting rosters in tests: quick policies, minimums, and the solver in this process."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.rostering.solver import solve
from config.policies import SHIPPED
from models import db
from services.rostering.drafting import Watch
from services.rostering.model import Limits, Model, Outcome, Progress

ENOUGH = ({"code": "A", "least": 2}, {"code": "P", "least": 1}, {"code": "N", "least": 1})
TOO_MUCH = ({"code": "A", "least": 5}, {"code": "N", "least": 9})  # of twelve people
EFFORT = 0.6  # deterministic time: a first solution of a ward of twelve, and a few better ones


def quick_policies(folder: Path, effort: float = EFFORT) -> Path:
    """A policies folder whose drafts take a second, the same on any machine."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (SHIPPED / "roster_draft.toml").read_text("utf-8")
    text = text.replace("workers = 2", f"workers = 1\neffort = {effort}")
    text = text.replace("explain = 6", "explain = 0.2")
    assert tomllib.loads(text)["solver"]["effort"] == effort
    (folder / "roster_draft.toml").write_text(text, "utf-8")
    return folder


async def set_minimums(unit: str, minimums: Iterable[Mapping[str, Any]] = ENOUGH) -> None:
    body = json.dumps(list(minimums))
    assert await db.execute("UPDATE units SET staffing = $2 WHERE name = $1", unit, body)


class ThreadSolver:
    """The real solver without a process of its own, and what it was given."""

    def __init__(self) -> None:
        self.models: list[Model] = []

    async def solve(self, model: Model, limits: Limits, watch: Watch) -> Outcome:
        self.models.append(model)
        heard: list[Progress] = []
        outcome = await asyncio.to_thread(solve, model, limits, heard.append)
        for progress in heard:
            await watch(progress)
        return outcome


class FixedSolver:
    """Answers what it was made with, after saying it has found something."""

    def __init__(self, outcome: Outcome, progress: Sequence[Progress] = ()) -> None:
        self.outcome = outcome
        self.progress = progress

    async def solve(self, model: Model, limits: Limits, watch: Watch) -> Outcome:
        for progress in self.progress:
            await watch(progress)
        return self.outcome
