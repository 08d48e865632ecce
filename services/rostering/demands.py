"""What the ward needs and its people wish: least numbers, company, wishes, even burdens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from math import ceil, floor

from models.duties import Duty
from models.rest import Rule
from models.shift_codes import ShiftKind
from models.shift_hours import Span
from services.rostering.grid import Choice
from services.rostering.model import POINT, Terms
from services.rostering.problem import Need, Nurse
from services.rostering.sums import About, Sums, minutes, ones

ANY_RANK = -(10**6)
COMMON = 0.8  # who can work less of the days than this is not compared with the others


def add_demands(sums: Sums) -> None:
    _needs(sums)
    _surplus(sums)
    _wishes(sums)
    _hours(sums)
    _even(sums)
    rule = next((rule for rule in sums.problem.rules if rule.rule == "alone"), None)
    if rule is not None:
        _company(sums, rule)


# What the ward needs.


def _on(sums: Sums, need: Need, day: date, rank: int) -> list[Choice]:
    return [
        choice
        for index, nurse in enumerate(sums.problem.nurses)
        if nurse.rank >= rank
        for choice in sums.grid.cells.get((index, day), ())
        if choice.use.label in need.codes
    ]


def _needs(sums: Sums) -> None:
    for index, need, day in sums.problem.needed():
        for least, rank in ((need.least, ANY_RANK), (need.senior, need.rank)):
            if least > 0:
                if rank != ANY_RANK:
                    sums.seniors.add((index, len(sums.hard)))
                sums.needs[len(sums.hard)] = (index, day)
                sums.must(f"need:{index}", ones(_on(sums, need, day, rank)), least=least)


def _surplus(sums: Sums) -> None:
    """More people than needed where nobody needs them costs; spare hands belong on weekdays."""
    usual = _usual(sums)
    for day in sums.problem.days:
        for kind in (ShiftKind.DAY, ShiftKind.EVENING, ShiftKind.NIGHT):
            choices = [
                choice
                for index in range(len(sums.problem.nurses))
                for choice in sums.grid.cells.get((index, day), ())
                if choice.duty.kind is kind
            ]
            if not choices:
                continue
            least = _least(sums, day, kind)
            weight, weights = 0, sums.problem.weights
            if kind is not ShiftKind.DAY:
                weight = weights.surplus
            elif sums.problem.off(day):
                weight = weights.weekend_surplus
            else:
                least, weight = max(least, usual), weights.weekend_surplus
            sums.cost(About("surplus", None, day), ones(choices), least, weight * POINT)


def _least(sums: Sums, day: date, kind: ShiftKind) -> int:
    kinds = {use.label: use.code.kind for use in sums.problem.uses}
    return sum(
        max(need.least, need.senior)
        for need in sums.problem.needs
        if need.on(day) and all(kinds.get(code) is kind for code in need.codes)
    )


def _usual(sums: Sums) -> int:
    """How many day shifts a weekday has when everybody works their hours."""
    problem = sums.problem
    weekdays = sum(not problem.off(day) for day in problem.days)
    hours = sum(_target(sums, index) for index in range(len(problem.nurses))) / 60
    others = sum(
        _least(sums, day, kind)
        for day in problem.days
        for kind in (ShiftKind.DAY, ShiftKind.EVENING, ShiftKind.NIGHT)
        if kind is not ShiftKind.DAY or problem.off(day)
    )
    shifts = hours / 8 - others
    return max(0, ceil(shifts / weekdays)) if weekdays else 0


# What people wish.


def _wishes(sums: Sums) -> None:
    weights = sums.problem.weights
    for index, nurse in enumerate(sums.problem.nurses):
        for wish in nurse.wishes:
            if wish.day in nurse.leave or not sums.problem.first <= wish.day <= sums.problem.last:
                continue
            about = About("wish_shift" if wish.code else "wish_off", index, wish.day, wish.code)
            if wish.code:
                row = sums.grid.cells.get((index, wish.day), ())
                wanted = [choice for choice in row if choice.use.label == wish.code]
                sums.cost(about, ones(wanted, -1), -1, weights.wish_shift * POINT)
            else:
                busy = _touching(sums, index, wish.day)
                sums.cost(about, ones(busy), 0, weights.wish_off * POINT)


def _touching(sums: Sums, index: int, day: date) -> list[Choice]:
    """Shifts in the row of this day, or that begin on it."""
    row = [*sums.grid.cells.get((index, day), ())]
    return [*row, *(c for c in sums.grid.starting.get((index, day), ()) if c not in row)]


# Hours and burdens.


def free_days(sums: Sums, index: int) -> int:
    """Days without leave on which they may work at all."""
    nurse = sums.problem.nurses[index]
    days = (day for day in sums.problem.days if (index, day) in sums.grid.cells)
    return sum(nurse.may_work(day) for day in days)


def _target(sums: Sums, index: int) -> int:
    """Minutes that are theirs in the month."""
    week = sums.problem.weights.week_hours * 60
    return floor(week / 7 * free_days(sums, index))


def _hours(sums: Sums) -> None:
    """Not much more and not much less than the hours of the contract."""
    weights = sums.problem.weights
    slack = floor(weights.hours_slack * 60)
    for index in range(len(sums.problem.nurses)):
        choices, target = list(sums.grid.of(index)), _target(sums, index)
        over, under = About("hours_over", index), About("hours_under", index)
        sums.cost(over, minutes(choices), target + slack, weights.hours_over)
        sums.cost(under, minutes(choices, -1), slack - target, weights.hours_under)


def _even(sums: Sums) -> None:
    """Nights, days off and holidays worked, each with what the months before left uneven."""
    problem, weights = sums.problem, sums.problem.weights
    nights: dict[int, Terms] = {}
    weekends: dict[int, Terms] = {}
    holidays: dict[int, Terms] = {}
    for index, nurse in enumerate(problem.nurses):
        if free_days(sums, index) < COMMON * len(problem.days):
            continue
        choices = list(sums.grid.of(index))
        if _does_nights(nurse, choices, sums):
            nights[index] = ones(c for c in choices if c.duty.kind is ShiftKind.NIGHT)
        worked = [c for c in choices if c.works]
        weekends[index] = ones(c for c in worked if problem.off(c.duty.work_day))
        holidays[index] = ones(c for c in worked if c.duty.work_day in problem.holidays)
    before = [nurse.carried for nurse in problem.nurses]
    for kind, its, weight, starts in (
        ("nights_spread", nights, weights.nights_spread, [one.nights for one in before]),
        ("weekends_spread", weekends, weights.weekends_spread, [one.weekends for one in before]),
        ("holidays_spread", holidays, weights.holidays_spread, [one.holidays for one in before]),
    ):
        if any(its.values()):  # a month without a holiday makes up for none
            sums.even(About(kind), its, weight, starts)


def _does_nights(nurse: Nurse, choices: list[Choice], sums: Sums) -> bool:
    """Protected people and those whose licence ends are not compared by their nights."""
    if nurse.conditions.protections:
        return False
    ends = [licence.last for licence in nurse.conditions.licences]
    long_enough = all(end > sums.problem.last for end in ends)
    return long_enough and any(c.duty.kind is ShiftKind.NIGHT for c in choices)


# Nobody who needs a colleague is alone.


def _company(sums: Sums, rule: Rule) -> None:
    """For each stretch of a guarded person's shift, somebody who is not guarded."""
    guarded = {i for i, nurse in enumerate(sums.problem.nurses) if nurse.guarded}
    if not guarded:
        return
    known = [duty for duty in sums.problem.company if duty.kind.works]
    company = [c for c in sums.grid.choices if c.nurse not in guarded and c.works]
    for choice in sums.grid.choices:
        if choice.nurse in guarded and choice.works:
            _accompanied(sums, rule, choice, company, known)


def _accompanied(
    sums: Sums, rule: Rule, choice: Choice, company: list[Choice], known: list[Duty]
) -> None:
    about = About(rule.rule, choice.nurse, choice.duty.work_day)
    if not choice.duty.spans:
        twins = [c for c in company if c.day == choice.day and c.use.label == choice.use.label]
        same = any(d.day == choice.day and d.label == choice.duty.label for d in known)
        if not same:
            _one_of(sums, rule, about, choice, ones(twins, -1))
        return
    near = [c for c in company if _meets(c.duty, choice.duty)]
    fixed = [duty for duty in known if _meets(duty, choice.duty)]
    bare: list[tuple[int, int]] = []
    for stretch in _stretches(choice.duty, [c.duty for c in near] + fixed):
        if any(_covers(duty, stretch) for duty in fixed):
            continue
        beside = ones((c for c in near if _covers(c.duty, stretch)), -1)
        if not rule.limit:
            _one_of(sums, rule, about, choice, beside)
            continue
        uncovered = sums.grid.new()
        terms = ((choice.variable, 1), (uncovered, -1), *beside)
        sums.must("link", terms, most=0)
        bare.append((uncovered, stretch.minutes))
    if bare:
        sums.rule(rule, about, tuple(bare), floor(rule.limit * 60), per_hour=True)


def _one_of(sums: Sums, rule: Rule, about: About, choice: Choice, beside: Terms) -> None:
    sums.rule(rule, about, ((choice.variable, 1), *beside), 0)


def _meets(one: Duty, other: Duty) -> bool:
    return any(a.overlaps(b) for a in one.spans for b in other.spans)


def _covers(duty: Duty, stretch: Span) -> bool:
    return any(s.start <= stretch.start and stretch.end <= s.end for s in duty.spans)


def _stretches(duty: Duty, others: list[Duty]) -> Iterator[Span]:
    """The parts of a shift between which company may change."""
    edges = {edge for one in (duty, *others) for s in one.spans for edge in (s.start, s.end)}
    for span in duty.spans:
        inside = sorted(edge for edge in edges if span.start <= edge <= span.end)
        for start, end in pairwise(inside):
            yield Span(start, end)
