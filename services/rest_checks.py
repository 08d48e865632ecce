"""One check per rest rule: a person's plan and the rule's figures in, what breaks it out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import combinations

from models.duties import Duty
from models.rest import Plan, Rule, Violation
from models.shift_codes import ShiftKind
from models.shift_hours import SHANGHAI, Span

Check = Callable[[Plan, Rule], Iterator[Violation]]

_HOUR = timedelta(hours=1)
# 夜班劳动 is work between 22:00 and 06:00 (劳动部 关于女职工劳动保护规定问题解答, 1989).
_NIGHT_FROM = 22
_NIGHT_HOURS = 8


def _overlap(plan: Plan, rule: Rule) -> Iterator[Violation]:
    """The same person twice at one time; a stand-by counts as being booked."""
    for first, second in combinations(plan.timed, 2):
        if any(one.overlaps(other) for one in first.spans for other in second.spans):
            yield Violation(rule, second.work_day, first, second)


def _absence(plan: Plan, rule: Rule) -> Iterator[Violation]:
    """Work that starts on a day of leave; a night that began before it is no breach."""
    absences = [duty for duty in plan.duties if duty.kind is ShiftKind.ABSENCE]
    for absence in absences:
        for duty in plan.timed:
            clash = any(one.overlaps(other) for one in duty.spans for other in absence.spans)
            if clash and duty.work_day == absence.work_day:
                yield Violation(rule, duty.work_day, duty, absence)


def _licence(plan: Plan, rule: Rule) -> Iterator[Violation]:
    """护士条例 art. 21(3): nobody works past the last valid day, not even the end of a night."""
    for licence in plan.conditions.licences:
        for duty in plan.engaged:
            if _days_of(duty)[-1] > licence.last:
                params = {"until": licence.last.isoformat(), "licence": licence.name}
                yield Violation(rule, duty.work_day, duty, params=params)


def _leaving(plan: Plan, rule: Rule) -> Iterator[Violation]:
    """Nobody is planned beyond their last day of work, not even for the end of a night."""
    last = plan.conditions.last_day
    for duty in plan.engaged if last is not None else ():
        if last is not None and _days_of(duty)[-1] > last:
            yield Violation(rule, duty.work_day, duty, params={"until": last.isoformat()})


def _night_then_day(plan: Plan, rule: Rule) -> Iterator[Violation]:
    for first, second in combinations(plan.worked, 2):
        pair = (first.kind, second.kind)
        if pair == (ShiftKind.NIGHT, ShiftKind.DAY):
            hours = _gap(first, second)
            if 0 <= hours < rule.limit:
                yield Violation(rule, second.work_day, first, second, hours)


def _short_gap(plan: Plan, rule: Rule) -> Iterator[Violation]:
    """Too little time between the end of one shift and the start of the next."""
    for first, second in combinations(plan.worked, 2):
        hours = _gap(first, second)
        if 0 <= hours < rule.limit:
            yield Violation(rule, second.work_day, first, second, hours)


def _nights(plan: Plan, rule: Rule) -> Iterator[Violation]:
    nights = [duty for duty in plan.duties if duty.kind is ShiftKind.NIGHT]
    for night in nights:
        opens = night.work_day - timedelta(days=rule.days - 1)
        count = sum(opens <= other.work_day <= night.work_day for other in nights)
        if count > rule.limit:
            yield Violation(rule, night.work_day, night, measured=count)


def _days_running(plan: Plan, rule: Rule) -> Iterator[Violation]:
    """One violation per day beyond the limit, so that a change shows which day it adds."""
    worked = sorted({duty.work_day for duty in plan.duties if duty.kind.works})
    run = 0
    previous: date | None = None
    for day in worked:
        run = run + 1 if previous is not None and day - previous == timedelta(days=1) else 1
        previous = day
        if run > rule.limit:
            yield Violation(rule, day, measured=run)


def _week_hours(plan: Plan, rule: Rule) -> Iterator[Violation]:
    for monday, hours in _hours_by_week(plan).items():
        if hours > rule.limit:
            yield Violation(rule, monday, measured=hours)


def _protected_night(plan: Plan, rule: Rule) -> Iterator[Violation]:
    for duty in plan.engaged:
        if duty.kind is not ShiftKind.NIGHT and not any(map(_touches_night, duty.spans)):
            continue
        for day in _days_of(duty):
            protection = plan.conditions.protection_on(day)
            if protection is not None:
                params = {"reason": protection.reason.value}
                yield Violation(rule, day, duty, params=params)
                break


def _protected_day_hours(plan: Plan, rule: Rule) -> Iterator[Violation]:
    hours: dict[date, float] = defaultdict(float)
    for duty in plan.duties:
        hours[duty.work_day] += duty.hours
    for day, total in hours.items():
        protection = plan.conditions.protection_on(day)
        if protection is not None and total > rule.limit:
            params = {"reason": protection.reason.value}
            yield Violation(rule, day, measured=total, params=params)


def _protected_week_hours(plan: Plan, rule: Rule) -> Iterator[Violation]:
    """Overtime in any week that has a protected day of work."""
    reasons = {
        _monday(duty.work_day): protection.reason.value
        for duty in plan.duties
        if duty.hours and (protection := plan.conditions.protection_on(duty.work_day))
    }
    for monday, hours in _hours_by_week(plan).items():
        if monday in reasons and hours > rule.limit:
            yield Violation(rule, monday, measured=hours, params={"reason": reasons[monday]})


# Rules about who else is on the shift: services/company.py.
OF_WARD = frozenset({"alone"})
CHECKS: Mapping[str, Check] = {
    "overlap": _overlap,
    "absence": _absence,
    "licence": _licence,
    "leaving": _leaving,
    "night_then_day": _night_then_day,
    "gap": _short_gap,
    "nights": _nights,
    "days_running": _days_running,
    "week_hours": _week_hours,
    "protected_night": _protected_night,
    "protected_day_hours": _protected_day_hours,
    "protected_week_hours": _protected_week_hours,
}


def _gap(first: Duty, second: Duty) -> float:
    """Hours from the end of `first` to the start of `second`; negative when they cross."""
    return (second.spans[0].start - first.spans[-1].end) / _HOUR


def _hours_by_week(plan: Plan) -> dict[date, float]:
    hours: dict[date, float] = defaultdict(float)
    for duty in plan.duties:
        hours[_monday(duty.work_day)] += duty.hours
    return hours


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _days_of(duty: Duty) -> list[date]:
    """The Shanghai dates a duty touches; its row's date when the hours are unknown."""
    if not duty.spans:
        return [duty.day]
    # An end at midnight belongs to the day before.
    ends = {(span.end - _HOUR / 60).astimezone(SHANGHAI).date() for span in duty.spans}
    starts = {span.start.astimezone(SHANGHAI).date() for span in duty.spans}
    return sorted(starts | ends)


def _touches_night(span: Span) -> bool:
    first = span.start.astimezone(SHANGHAI).date() - timedelta(days=1)
    opens = datetime.combine(first, time(_NIGHT_FROM), SHANGHAI)
    nights = (opens + timedelta(days=step) for step in range(4))
    return any(span.overlaps(Span(night, night + _NIGHT_HOURS * _HOUR)) for night in nights)
