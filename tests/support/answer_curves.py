"""Recorded and invented ways in which people answer a call, read from answer_curves.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

FILE = Path(__file__).with_name("answer_curves.toml")


class Said(StrEnum):
    YES = "yes"
    LATE = "late"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says, and how many seconds after they were asked."""

    after: float
    said: Said


@dataclass(frozen=True, slots=True)
class AnswerCurve:
    """See answer_curves.toml for what the fields mean."""

    name: str
    source: str
    measured: bool
    answered: tuple[tuple[float, float], ...]
    come: float
    late: float

    @property
    def reached(self) -> float:
        """The share that answers at all."""
        return self.answered[-1][1]

    def answer(self, random: Random) -> Answer | None:
        """One person's answer; None when they stay silent."""
        drawn = random.random()
        if drawn >= self.reached:
            return None
        return Answer(self._after(drawn), self._said(random.random() * self.reached))

    def _after(self, drawn: float) -> float:
        """The curve read backwards: at which second this share had answered."""
        seconds, share = 0.0, 0.0
        for later, more in self.answered:
            if drawn < more:
                return seconds + (later - seconds) * (drawn - share) / (more - share)
            seconds, share = later, more
        raise AssertionError(f"{drawn} is beyond the curve {self.name}")

    def _said(self, drawn: float) -> Said:
        if drawn < self.come:
            return Said.YES
        return Said.LATE if drawn < self.come + self.late else Said.NO


def _curves() -> dict[str, AnswerCurve]:
    found = {}
    for name, raw in tomllib.loads(FILE.read_text("utf-8")).items():
        points = tuple((float(seconds), float(share)) for seconds, share in raw["answered"])
        assert list(points) == sorted(points), name
        assert raw["come"] + raw["late"] <= points[-1][1] <= 1, name
        found[name] = AnswerCurve(
            name, raw["source"], raw["measured"], points, raw["come"], raw["late"]
        )
    return found


CURVES: Mapping[str, AnswerCurve] = _curves()
