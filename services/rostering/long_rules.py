"""Rules that count over days: nights in a row of days, days running, hours of a day or week.

Each sum has the figures of its `Rule`. What is fixed counts as it stands: what it already breaks
is not the draft's doing, but may not become worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from math import floor

from models.duties import Duty
from models.rest import Rule
from models.shift_codes import ShiftKind
from services.rostering.grid import Choice
from services.rostering.model import Terms
from services.rostering.sums import About, Sums, minutes, ones

_DAY = timedelta(days=1)
Adder = Callable[[Sums, Rule, int], None]


def add_long_rules(sums: Sums) -> None:
    for rule in sums.problem.rules:
        add = _ADDERS.get(rule.rule)
        if add is not None:
            for index in range(len(sums.problem.nurses)):
                add(sums, rule, index)


def _days(first: date, last: date) -> list[date]:
    return [first + step * _DAY for step in range((last - first).days + 1)]


def _is_night(duty: Duty) -> bool:
    return duty.kind is ShiftKind.NIGHT


def _nights(sums: Sums, rule: Rule, index: int) -> None:
    """For each night, the nights of the days that end with it."""
    problem, limit = sums.problem, floor(rule.limit)
    for day in _days(problem.first - _DAY, problem.last + rule.days * _DAY):
        window = _days(day - (rule.days - 1) * _DAY, day)
        choices = [c for one in window for c in _night_choices(sums, index, one)]
        if not choices:
            continue
        there = sum(map(_is_night, _all_fixed(sums, index, window)))
        about = About(rule.rule, index, day)
        if any(map(_is_night, sums.grid.fixed.get((index, day), ()))):
            sums.rule(rule, about, ones(choices), max(limit, there) - there)
        elif mine := _night_choices(sums, index, day):
            # Counts only if there is a night on this day: 1 + most of the others lift the bound.
            lift = 2 * rule.days + there
            terms = _added(ones(choices), ones(mine, lift))
            sums.rule(rule, about, terms, limit - there + lift)


def _night_choices(sums: Sums, index: int, day: date) -> list[Choice]:
    return [c for c in sums.grid.starting.get((index, day), ()) if _is_night(c.duty)]


def _all_fixed(sums: Sums, index: int, days: Iterable[date]) -> list[Duty]:
    return [duty for day in days for duty in sums.grid.fixed.get((index, day), ())]


def _added(some: Terms, others: Terms) -> Terms:
    factors = dict(some)
    for variable, factor in others:
        factors[variable] = factors.get(variable, 0) + factor
    return tuple(factors.items())


def _days_running(sums: Sums, rule: Rule, index: int) -> None:
    """For each day, it and the `limit` days before it are not all worked."""
    problem, limit = sums.problem, floor(rule.limit)
    worked = {
        day: _worked(sums, index, day)
        for day in _days(problem.first - (limit + 40) * _DAY, problem.last + (limit + 40) * _DAY)
    }
    for day in _days(problem.first - _DAY, problem.last + (limit + 1) * _DAY):
        window = _days(day - limit * _DAY, day)
        # A run that is already too long may not grow at its beginning.
        while all(worked.get(one) is True for one in window):
            window.insert(0, window[0] - _DAY)
        parts = [worked.get(one, False) for one in window]
        if any(part is False for part in parts):
            continue
        terms = tuple(term for part in parts if not isinstance(part, bool) for term in part)
        there = sum(part is True for part in parts)
        sums.rule(rule, About(rule.rule, index, day), terms, len(window) - 1 - there)


def _worked(sums: Sums, index: int, day: date) -> Terms | bool:
    """Whether the day is worked: it is, it cannot be, or a sum that is 0 or 1."""
    if any(duty.kind.works for duty in sums.grid.fixed.get((index, day), ())):
        return True
    choices = [c for c in sums.grid.starting.get((index, day), ()) if c.works]
    if not choices:
        return False
    if len({choice.day for choice in choices}) == 1:
        return ones(choices)
    # Two rows may both begin on this day: a night from midnight, and the day's own shift.
    any_of = sums.grid.new()
    for choice in choices:
        sums.must("link", ((choice.variable, 1), (any_of, -1)), most=0)
    return ((any_of, 1),)


def _by_week(sums: Sums, index: int) -> Mapping[date, list[date]]:
    weeks: dict[date, list[date]] = {}
    for day in _days(sums.problem.first - _DAY, sums.problem.last + 2 * _DAY):
        monday = day - day.weekday() * _DAY
        weeks.setdefault(monday, _days(monday, monday + 6 * _DAY))
    return {
        monday: days
        for monday, days in weeks.items()
        if any((index, day) in sums.grid.starting for day in days)
    }


def _minutes_there(sums: Sums, index: int, days: Iterable[date]) -> int:
    return sum(round(duty.hours * 60) for duty in _all_fixed(sums, index, days))


def _choices(sums: Sums, index: int, days: Iterable[date]) -> list[Choice]:
    return [c for day in days for c in sums.grid.starting.get((index, day), ())]


def _week_hours(sums: Sums, rule: Rule, index: int) -> None:
    for monday, days in _by_week(sums, index).items():
        there = _minutes_there(sums, index, days)
        most = max(floor(rule.limit * 60), there) - there
        terms = minutes(_choices(sums, index, days))
        sums.rule(rule, About(rule.rule, index, monday), terms, most, per_hour=True)


def _protected_day_hours(sums: Sums, rule: Rule, index: int) -> None:
    nurse = sums.problem.nurses[index]
    if not nurse.conditions.protections:
        return
    for day in _days(sums.problem.first, sums.problem.last + 2 * _DAY):
        if nurse.conditions.protection_on(day) is None:
            continue
        there = _minutes_there(sums, index, [day])
        most = max(floor(rule.limit * 60), there) - there
        terms = minutes(_choices(sums, index, [day]))
        sums.rule(rule, About(rule.rule, index, day), terms, most, per_hour=True)


def _protected_week_hours(sums: Sums, rule: Rule, index: int) -> None:
    """Only weeks in which a protected day is worked: `covered` becomes true with the first."""
    nurse = sums.problem.nurses[index]
    if not nurse.conditions.protections:
        return
    for monday, days in _by_week(sums, index).items():
        held = [day for day in days if nurse.conditions.protection_on(day)]
        choices = _choices(sums, index, days)
        there = _minutes_there(sums, index, days)
        most = max(floor(rule.limit * 60), there) - there
        terms, about = minutes(choices), About(rule.rule, index, monday)
        if _minutes_there(sums, index, held):
            sums.rule(rule, about, terms, most, per_hour=True)
            continue
        limited = [choice for choice in _choices(sums, index, held) if choice.minutes]
        if not limited:
            continue
        covered = sums.grid.new()
        for choice in limited:
            sums.must("link", ((choice.variable, 1), (covered, -1)), most=0)
        # What was there without protection was no breach: now it would be one.
        most = floor(rule.limit * 60) - there
        lift = sum(factor for _, factor in terms) + max(0, -most)
        sums.rule(rule, about, (*terms, (covered, lift)), most + lift, per_hour=True)


_ADDERS: Mapping[str, Adder] = {
    "nights": _nights,
    "days_running": _days_running,
    "week_hours": _week_hours,
    "protected_day_hours": _protected_day_hours,
    "protected_week_hours": _protected_week_hours,
}
