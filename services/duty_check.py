"""The rest rules for one and the same extra duty of many people: a call-out asks for thousands.

The rules are those of `RestCheck`. Wards have few patterns of days, so each pattern is judged
once, for everybody who has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from models import db
from models.duties import Duty
from models.rest import Change, Conditions, Rule, Violation
from models.shift_codes import ShiftCodeTable
from services.call_places import places_of
from services.duties import MARGIN, RestCheck, cells_of_people, duties_on
from services.rest_checks import CHECKS
from services.rest_rules import check_change

# What only looks at duties that touch or nearly touch; everything else counts over a week.
_NEAR = frozenset(
    {"overlap", "absence", "licence", "leaving", "night_then_day", "gap",
     "protected_night", "protected_day_hours", "protected_week_hours"}
)  # fmt: skip
_NEAR_DAYS = timedelta(days=2)
_NEAR_HOURS = 24  # a gap rule with a longer limit looks further
_PROTECTED_ONLY = "protected_week_hours"
_BREATH = 100  # patterns or people between two moments for everybody else's work

_NO_TABLE = 0

Row = tuple[int, date, tuple[str, ...]]  # code table, day, labels
Pattern = tuple[Row, ...]


@dataclass(slots=True)
class _Rostered:
    """Person → their rows around the duty, and what the rows mean."""

    rows: dict[int, list[Row]] = field(default_factory=dict)
    duties: dict[Row, list[Duty]] = field(default_factory=dict)

    def pattern(self, person: int) -> Pattern:
        return tuple(sorted(self.rows.get(person, ())))


async def hard_breaks(
    rest: RestCheck, duty: Duty, people: Sequence[int]
) -> dict[int, tuple[Violation, ...]]:
    """Person → hard rules that this duty on top of their roster would newly break.

    Soft rules are left to a roster, and so is who is alone on a ward's shift.
    """
    rules = tuple(rule for rule in rest.rules if rule.hard and rule.rule in CHECKS)
    last = (duty.spans[-1].end.date() if duty.spans else duty.day) + MARGIN
    conditions = {
        person: _that_matter(found, last)
        for person, found in (await rest.conditions(None, people)).items()
    }
    far = set(people)
    if not any(_looks_far(rule) for rule in rules):
        far = {person for person in people if conditions[person].protections}
    rostered = _Rostered()
    await _add(rostered, rest, [one for one in people if one not in far], duty, _NEAR_DAYS)
    await _add(rostered, rest, [one for one in people if one in far], duty, MARGIN)
    return await _judged(rostered, duty, people, conditions, rules)


async def _judged(
    rostered: _Rostered,
    duty: Duty,
    people: Sequence[int],
    conditions: Mapping[int, Conditions],
    rules: Sequence[Rule],
) -> dict[int, tuple[Violation, ...]]:
    judged: dict[tuple[Pattern, Conditions], tuple[Violation, ...]] = {}
    found = {}
    for person in people:
        case = rostered.pattern(person), conditions[person]
        if case not in judged:
            duties = [one for row in case[0] for one in rostered.duties[row]]
            judged[case] = check_change(duties, Change(add=(duty,)), case[1], rules)
            if len(judged) % _BREATH == 0:
                await asyncio.sleep(0)
        if judged[case]:
            found[person] = judged[case]
    return found


def _that_matter(conditions: Conditions, last: date) -> Conditions:
    """Without the licences that no day looked at outlasts: most people are alike then."""
    ends = tuple(end for end in conditions.licences if end.last <= last)
    return replace(conditions, licences=ends) if conditions.licences else conditions


def _looks_far(rule: Rule) -> bool:
    if rule.rule == _PROTECTED_ONLY:
        return False  # whoever it concerns is looked at far and wide anyway
    return rule.rule not in _NEAR or rule.limit > _NEAR_HOURS


async def _add(
    rostered: _Rostered, rest: RestCheck, people: Sequence[int], duty: Duty, margin: timedelta
) -> None:
    """What these people are rostered for around the duty, from every unit's newest roster."""
    if not people:
        return
    last = duty.spans[-1].end.date() if duty.spans else duty.day
    cells = await cells_of_people(people, duty.day - margin, last + margin)
    tables = await _tables(rest, {row["unit_id"] for row in cells})
    for number, cell in enumerate(cells):
        if number % (20 * _BREATH) == 0:
            await asyncio.sleep(0)
        table = tables[cell["unit_id"]]
        row = id(table), cell["day"], cell["codes"]
        if row not in rostered.duties:
            rostered.duties[row] = duties_on(table, cell["day"], cell["codes"])
        if rostered.duties[row]:
            rostered.rows.setdefault(cell["person_id"], []).append(row)
    for person, places in (await places_of(people, duty.day - margin, last + margin)).items():
        for place in places:
            _add_place(rostered, person, place)


def _add_place(rostered: _Rostered, person: int, place: Duty) -> None:
    """A place is a row of no code table: its label and hours say all."""
    row = _NO_TABLE, place.day, (place.label, *(f"{span}" for span in place.spans))
    rostered.duties[row] = [place]
    rostered.rows.setdefault(person, []).append(row)


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
