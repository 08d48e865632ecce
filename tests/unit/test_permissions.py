"""The permission table, cell by cell."""

from __future__ import annotations

import pytest

from models.people import Role
from services.actors import Actor
from services.permissions import TABLE, Act, may, may_anywhere, require
from services.refusals import Refusal

HERE, THERE = 1, 2
STAFF = Actor(1, "甲", "S1", HERE)
MANAGER = Actor(2, "乙", "S2", HERE, manages=frozenset({HERE}))
HEAD = Actor(3, "丙", "S3", None, hr_head=True)

# act: staff, manager of the unit, manager of another unit, HR head
EXPECTED = {
    Act.SEE_OWN_SHIFTS: "yyyy",
    Act.ASK_SWAP: "yyyy",
    Act.SEE_UNIT_ROSTER: "-y-y",
    Act.IMPORT_ROSTER: "-y-y",
    Act.PUBLISH_ROSTER: "-y-y",
    Act.APPROVE_SWAP: "-y--",
    Act.OVERRIDE_REST_RULE: "-y--",
    Act.SEE_DELIVERIES: "-y-y",
    Act.IMPORT_PEOPLE: "---y",
    Act.RETRY_DEAD: "---y",
    Act.READ_AUDIT: "---y",
    Act.BIND_GROUP: "-y-y",
    Act.RECRUIT: "-y-y",
    Act.SEE_RECRUITING: "---y",
    Act.APPROVE_OUTCOME: "-y-y",
    Act.POST_NOTICE: "-y-y",
    Act.SEE_LICENCES: "-y-y",
    Act.CALL_OUT: "-y-y",
    Act.ORDER_CALL_OUT: "---y",
    Act.SET_STAFFING: "-y-y",
}
COLUMNS = [(STAFF, HERE), (MANAGER, HERE), (MANAGER, THERE), (HEAD, HERE)]
CELLS = [
    (act, actor, unit, mark == "y")
    for act, marks in EXPECTED.items()
    for (actor, unit), mark in zip(COLUMNS, marks, strict=True)
]


def test_every_act_is_in_both_tables() -> None:
    assert set(TABLE) == set(Act) >= set(EXPECTED)
    assert set(EXPECTED) == set(Act)


@pytest.mark.parametrize(("act", "actor", "unit", "allowed"), CELLS)
def test_the_cell_says_what_it_should(act: Act, actor: Actor, unit: int, allowed: bool) -> None:
    assert may(actor, act, unit) is allowed
    if not allowed:
        with pytest.raises(Refusal, match="not_allowed"):
            require(actor, act, unit)


@pytest.mark.parametrize("act", list(Act))
def test_what_belongs_to_no_unit_is_no_managers(act: Act) -> None:
    assert may(MANAGER, act, None) is (Role.STAFF in TABLE[act])


@pytest.mark.parametrize("act", list(Act))
def test_a_menu_shows_a_manager_what_some_unit_allows(act: Act) -> None:
    assert may_anywhere(MANAGER, act) is bool({Role.STAFF, Role.MANAGER} & TABLE[act])
