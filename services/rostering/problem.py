"""What is known before a month is drafted: people, needs, wishes, rules, weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from models.duties import Duty
from models.rest import Conditions, Rule
from models.shift_codes import CodeUse

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WishedDay:
    """Somebody would like to be free (`code` is "") or to have this code."""

    day: date
    code: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """How many more (below 0: fewer) than the average somebody had in the months before."""

    nights: int = 0
    weekends: int = 0
    holidays: int = 0


@dataclass(frozen=True, slots=True)
class Nurse:
    """`fixed` are duties that the draft does not decide: the weeks before and after, shifts in
    other units, leave. `leave` maps days to the label that stands in the cell."""

    person_id: int
    name: str
    staff_no: str = ""
    level: str = ""
    rank: int = 0
    conditions: Conditions = field(default_factory=Conditions)
    fixed: tuple[Duty, ...] = ()
    leave: Mapping[date, str] = field(default_factory=dict)
    wishes: tuple[WishedDay, ...] = ()
    guarded: bool = False  # may not be alone on a shift
    carried: Carried = Carried()

    def may_work(self, day: date) -> bool:
        """Whether their licences and their last day of work reach so far; leave is no matter."""
        ends = [licence.last for licence in self.conditions.licences]
        last = self.conditions.last_day
        return all(day <= end for end in (*ends, *([last] if last else [])))


@dataclass(frozen=True, slots=True)
class Need:
    """At least `least` people on any of `codes`, `senior` of them of `rank` or above, on these
    weekdays (0: Monday). `name` is how the ward calls it."""

    name: str
    codes: frozenset[str]
    least: int
    senior: int = 0
    rank: int = 0
    level: str = ""
    weekdays: frozenset[int] = frozenset(range(7))

    def on(self, day: date) -> bool:
        return day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class Weights:
    """Points for each soft rule broken once (per hour where it is about hours), and for what is
    not a rule: config/policies/roster_draft.toml."""

    rules: Mapping[str, int] = field(default_factory=dict)
    rule: int = 20  # for rules not named
    wish_off: int = 15
    wish_shift: int = 8
    nights_spread: int = 12
    weekends_spread: int = 6
    holidays_spread: int = 9
    surplus: int = 6
    weekend_surplus: int = 3
    hours_under: int = 1
    hours_over: int = 2
    week_hours: float = 40.0
    hours_slack: float = 8.0
    carry: int = 2  # at most so many shifts of the months before are made up for

    def of(self, rule: Rule) -> int:
        return self.rules.get(rule.rule, self.rule)


@dataclass(frozen=True, slots=True)
class Problem:
    """One unit from `first` to `last`. `uses` are the codes that may be given, `rest` the label
    of a day off. `company` are shifts of colleagues beside whom nobody is alone. `holidays` are
    Mondays to Fridays off, `worked` weekends worked (调休)."""

    unit_id: int
    unit: str
    first: date
    last: date
    nurses: tuple[Nurse, ...]
    needs: tuple[Need, ...]
    uses: tuple[CodeUse, ...]
    rest: str
    rules: tuple[Rule, ...]
    weights: Weights = field(default_factory=Weights)
    company: tuple[Duty, ...] = ()
    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def off(self, day: date) -> bool:
        """Whether others rest on this day: a weekend that is not worked, or a holiday."""
        return day in self.holidays or (day.weekday() >= SATURDAY and day not in self.worked)

    @property
    def days(self) -> tuple[date, ...]:
        count = (self.last - self.first).days + 1
        return tuple(self.first + timedelta(days=step) for step in range(count))

    def needed(self) -> Iterator[tuple[int, Need, date]]:
        for index, need in enumerate(self.needs):
            for day in self.days:
                if need.on(day):
                    yield index, need, day


Cells = Mapping[tuple[int, date], str]
"""(person id, day) → the label of its one code."""
