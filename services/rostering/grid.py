"""One variable for each code that a person may have on a day, and what it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from models.duties import Duty, duty_of
from models.shift_codes import CodeUse
from services.rostering.problem import Cells, Nurse, Problem


@dataclass(frozen=True, slots=True)
class Choice:
    """A variable: this person has this code in the row of this day."""

    variable: int
    nurse: int
    day: date
    use: CodeUse
    duty: Duty

    @property
    def works(self) -> bool:
        return self.duty.kind.works

    @property
    def minutes(self) -> int:
        return round(self.duty.hours * 60)


class Grid:
    """All choices; a day of rest has a variable too, a day of leave has none."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.choices: list[Choice] = []
        self.rests: dict[tuple[int, date], int] = {}
        self.cells: dict[tuple[int, date], list[Choice]] = {}
        self.variables = 0
        for index, nurse in enumerate(problem.nurses):
            for day in problem.days:
                if day not in nurse.leave:
                    self._open(index, day)

    def _open(self, index: int, day: date) -> None:
        self.rests[index, day] = self.new()
        row = self.cells[index, day] = []
        for use in self.problem.uses:
            duty = duty_of(use, day)
            assert duty is not None, "a code of rest is no choice"
            row.append(Choice(self.new(), index, day, use, duty))
        self.choices += row

    def new(self) -> int:
        """One more variable."""
        self.variables += 1
        return self.variables - 1

    def of(self, index: int) -> Iterator[Choice]:
        for day in self.problem.days:
            yield from self.cells.get((index, day), ())

    @cached_property
    def one_of(self) -> tuple[tuple[int, ...], ...]:
        return tuple(
            (rest, *(choice.variable for choice in self.cells[place]))
            for place, rest in self.rests.items()
        )

    @cached_property
    def starting(self) -> dict[tuple[int, date], list[Choice]]:
        """Choices by person and the day on which the work really begins."""
        found: dict[tuple[int, date], list[Choice]] = {}
        for choice in self.choices:
            found.setdefault((choice.nurse, choice.duty.work_day), []).append(choice)
        return found

    @cached_property
    def fixed(self) -> dict[tuple[int, date], list[Duty]]:
        """Duties that are not decided here, likewise."""
        found: dict[tuple[int, date], list[Duty]] = {}
        for index, nurse in enumerate(self.problem.nurses):
            for duty in nurse.fixed:
                found.setdefault((index, duty.work_day), []).append(duty)
        return found

    def read(self, true: Sequence[int]) -> Cells:
        """The roster that these variables say."""
        chosen = frozenset(true)
        cells: dict[tuple[int, date], str] = {}
        for (index, day), row in self.cells.items():
            labels = [choice.use.label for choice in row if choice.variable in chosen]
            person = self.problem.nurses[index].person_id
            cells[person, day] = labels[0] if labels else self.problem.rest
        for nurse in self.problem.nurses:
            cells |= {(nurse.person_id, day): label for day, label in nurse.leave.items()}
        return cells

    def duties(self, nurse: Nurse, cells: Cells) -> tuple[Duty, ...]:
        """What this person works by a roster, with what is fixed."""
        uses = {use.label: use for use in self.problem.uses}
        drafted = [
            duty_of(uses[cells[nurse.person_id, day]], day)
            for day in self.problem.days
            if cells.get((nurse.person_id, day)) in uses and day not in nurse.leave
        ]
        return (*nurse.fixed, *(duty for duty in drafted if duty is not None))
