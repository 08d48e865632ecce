"""The rest rules for one and the same extra duty of many people: a call-out asks for thousands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from models import db
from models.duties import Duty
from models.rest import Change, Conditions, Rule, Violation
from models.shift_codes import ShiftCodeTable
from services.duties import MARGIN, RestCheck, cells_of_people, duties_on
from services.rest_rules import check_change

# What only looks at duties that touch or nearly touch; everything else counts over a week.
_NEAR = frozenset(
    {"overlap", "absence", "licence", "night_then_day", "gap", "protected_night",
     "protected_day_hours", "protected_week_hours"}
)  # fmt: skip
_NEAR_DAYS = timedelta(days=2)
_NEAR_HOURS = 24  # a gap rule with a longer limit looks further
_PROTECTED_ONLY = "protected_week_hours"
_BREATH = 200  # people between two moments for everybody else's work


async def hard_breaks(
    rest: RestCheck, duty: Duty, people: Sequence[int]
) -> dict[int, tuple[Violation, ...]]:
    """Person → hard rules that this duty on top of their roster would newly break.

    The rules, conditions and licences are those of `RestCheck`; soft rules are left to a roster.
    """
    rules = tuple(rule for rule in rest.rules if rule.hard)
    conditions = await rest.conditions(None, people)
    protected = [person for person in people if conditions[person].protections]
    far = people if any(_looks_far(rule) for rule in rules) else protected
    rostered = await _rostered(rest, [p for p in people if p not in set(far)], duty, _NEAR_DAYS)
    rostered |= await _rostered(rest, far, duty, MARGIN)
    found = {}
    for number, person in enumerate(people):
        if number % _BREATH == 0:
            await asyncio.sleep(0)
        broken = _broken(rostered.get(person, ()), duty, conditions[person], rules)
        if broken:
            found[person] = broken
    return found


def _looks_far(rule: Rule) -> bool:
    if rule.rule == _PROTECTED_ONLY:
        return False  # whoever it concerns is looked at far and wide anyway
    return rule.rule not in _NEAR or rule.limit > _NEAR_HOURS


def _broken(
    duties: Sequence[Duty], duty: Duty, conditions: Conditions, rules: Sequence[Rule]
) -> tuple[Violation, ...]:
    if not duties and not conditions.protections and not conditions.licences:
        return ()
    return check_change(duties, Change(add=(duty,)), conditions, rules)


async def _rostered(
    rest: RestCheck, people: Sequence[int], duty: Duty, margin: timedelta
) -> dict[int, list[Duty]]:
    """What these people are rostered for around the duty, from every unit's newest roster."""
    if not people:
        return {}
    last = duty.spans[-1].end.date() if duty.spans else duty.day
    cells = await cells_of_people(people, duty.day - margin, last + margin)
    tables = await _tables(rest, {row["unit_id"] for row in cells})
    known: dict[tuple[int, object, tuple[str, ...]], list[Duty]] = {}
    found: dict[int, list[Duty]] = {}
    for number, row in enumerate(cells):
        if number % (10 * _BREATH) == 0:
            await asyncio.sleep(0)
        key = (row["unit_id"], row["day"], row["codes"])
        if key not in known:  # a ward's people share a few codes a day
            known[key] = duties_on(tables[row["unit_id"]], row["day"], row["codes"])
        if known[key]:
            found.setdefault(row["person_id"], []).extend(known[key])
    return found


async def _tables(rest: RestCheck, units: set[int]) -> Mapping[int, ShiftCodeTable]:
    """Code tables of all these units: only those with codes of their own are asked one by one."""
    rows = await db.fetch(
        "SELECT id FROM units WHERE id = ANY($1) AND shift_codes::text <> '{}'", list(units)
    )
    own = {row["id"] for row in rows}
    return {
        unit: await rest.codes.of_unit(unit) if unit in own else rest.codes.default
        for unit in units
    }
