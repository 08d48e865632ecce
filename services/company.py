"""Who would be alone on a shift of the ward: newcomers need a colleague who knows the work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from models.duties import Duty
from models.rest import Rule, Violation
from models.shift_hours import Span

Ward = Mapping[int, Sequence[Duty]]
_HOUR = timedelta(hours=1)


def newly_alone(
    before: Ward, after: Ward, guarded: Collection[int], rule: Rule
) -> dict[int, tuple[Violation, ...]]:
    """Person of `guarded` → shifts on which a change of the ward's roster leaves them alone.

    Also those whose own days do not change: whoever gives their shift away may leave them behind.
    """
    known = {
        (person, violation.identity)
        for person in guarded
        for violation in alone(before, person, guarded, rule)
    }
    found = {
        person: tuple(
            violation
            for violation in alone(after, person, guarded, rule)
            if (person, violation.identity) not in known
        )
        for person in sorted(guarded)
    }
    return {person: violations for person, violations in found.items() if violations}


def alone(ward: Ward, person: int, guarded: Collection[int], rule: Rule) -> Iterator[Violation]:
    """The working duties of `person` on which nobody is there but those who are guarded."""
    company = [
        duty
        for colleague, duties in ward.items()
        if colleague not in guarded
        for duty in duties
        if duty.kind.works
    ]
    for duty in ward.get(person, ()):
        if duty.kind.works and not accompanied(duty, company, rule.limit):
            yield Violation(rule, duty.work_day, duty)


def accompanied(duty: Duty, company: Iterable[Duty], slack: float = 0.0) -> bool:
    """Whether somebody of the `company` is there all the time, but for `slack` hours.

    Where the hours of a shift are not known, somebody must have the same shift on that day.
    """
    if not duty.spans:
        return any(one.day == duty.day and one.label == duty.label for one in company)
    there = sorted(
        (span for one in company for span in one.spans), key=lambda span: (span.start, span.end)
    )
    bare = sum((_bare(span, there) for span in duty.spans), timedelta())
    return bare <= slack * _HOUR


def _bare(span: Span, there: Sequence[Span]) -> timedelta:
    """How much of `span` nobody covers; `there` in order of their starts."""
    bare, at = timedelta(), span.start
    for other in there:
        if other.end <= at or other.start >= span.end:
            continue
        bare += max(other.start - at, timedelta())
        at = max(at, other.end)
    return bare + max(span.end - at, timedelta())
