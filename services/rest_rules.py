"""May this person work these shifts? One answer for rosters, swaps and call-outs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from models.duties import Duty
from models.rest import Change, Conditions, Plan, Rule, Violation
from models.shift_hours import SHANGHAI, format_spans
from services.rest_checks import CHECKS, OF_WARD


def load_rest_rules(data: Mapping[str, object]) -> tuple[Rule, ...]:
    """The rules of a parsed `rest_rules.toml`. Raises ValueError for a rule nobody knows."""
    items = data.get("rules", ())
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise ValueError(f"rules must be a list, not {items!r}")
    return tuple(_rule(item) for item in items if item.get("enabled", True))


def _rule(item: Mapping[str, object]) -> Rule:
    name = str(item.get("rule", ""))
    if name not in {*CHECKS, *OF_WARD} or not isinstance(item.get("hard"), bool):
        raise ValueError(f"unknown rest rule, or hard is neither true nor false: {item!r}")
    return Rule(
        rule=name,
        hard=bool(item["hard"]),
        limit=float(str(item.get("limit", 0))),
        days=int(str(item.get("days", 7))),
        basis=str(item.get("basis", "")),
    )


def check_person(
    duties: Sequence[Duty], conditions: Conditions, rules: Sequence[Rule]
) -> tuple[Violation, ...]:
    """Every rule of one person's days broken by the duties as they are, hard ones first.

    Pass at least a week before and after the days of interest, or windows are cut short.
    """
    plan = Plan(tuple(sorted(duties, key=_when)), conditions)
    found = [
        violation
        for rule in rules
        if rule.rule in CHECKS
        for violation in CHECKS[rule.rule](plan, rule)
    ]
    return tuple(sorted(found, key=lambda violation: (not violation.hard, violation.day)))


def check_change(
    duties: Sequence[Duty],
    change: Change,
    conditions: Conditions,
    rules: Sequence[Rule],
) -> tuple[Violation, ...]:
    """The rules the change breaks or breaks worse; old trouble it leaves alone is not named.

    Raises ValueError when the change gives up a duty the person does not have.
    """
    before = {
        violation.identity: violation.measured
        for violation in check_person(duties, conditions, rules)
    }
    return tuple(
        violation
        for violation in check_person(change.applied(duties), conditions, rules)
        if violation.identity not in before or violation.measured > before[violation.identity]
    )


def describe_violation(
    violation: Violation, texts: Mapping[str, Mapping[str, str]], dates: str = "%m-%d"
) -> str:
    """The violation in words, from the parsed `rules/rest_rules.toml`.

    Raises KeyError when a text or a placeholder is missing.
    """
    values = {
        "date": violation.day.strftime(dates),
        "first": _duty_text(violation.first, dates),
        "second": _duty_text(violation.second, dates),
        "measured": f"{violation.measured:g}",
        "limit": f"{violation.rule.limit:g}",
        "days": str(violation.rule.days),
        **violation.params,
    }
    if "reason" in values:
        values["reason"] = texts["reasons"][values["reason"]]
    return texts["texts"][violation.rule.rule].format_map(values)


def _duty_text(duty: Duty | None, dates: str) -> str:
    """10-18 大夜 00:00–08:00, with the date on which it really starts."""
    if duty is None:
        return ""
    hours = format_spans(duty.spans) if duty.kind.works else ""
    return f"{duty.work_day.strftime(dates)} {duty.label} {hours}".strip()


def _when(duty: Duty) -> tuple[datetime, str]:
    start = duty.start
    if start is None:
        start = datetime(duty.day.year, duty.day.month, duty.day.day, tzinfo=SHANGHAI)
    return start, duty.label
