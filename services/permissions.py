"""Who may do what: one table, read at the moment of the act and tested cell by cell."""

from __future__ import annotations

from enum import StrEnum

from models.people import Role
from services.actors import Actor
from services.refusals import Refusal


class Act(StrEnum):
    SEE_OWN_SHIFTS = "see_own_shifts"
    ASK_SWAP = "ask_swap"
    SEE_UNIT_ROSTER = "see_unit_roster"
    IMPORT_ROSTER = "import_roster"
    PUBLISH_ROSTER = "publish_roster"
    APPROVE_SWAP = "approve_swap"
    OVERRIDE_REST_RULE = "override_rest_rule"
    SEE_DELIVERIES = "see_deliveries"
    IMPORT_PEOPLE = "import_people"
    RETRY_DEAD = "retry_dead"
    READ_AUDIT = "read_audit"
    BIND_GROUP = "bind_group"
    POST_NOTICE = "post_notice"
    RECRUIT = "recruit"
    SEE_RECRUITING = "see_recruiting"  # a month in numbers, of all units
    APPROVE_OUTCOME = "approve_outcome"
    SEE_LICENCES = "see_licences"  # of a unit; offices see all: services.offices
    CALL_OUT = "call_out"  # ask for volunteers
    ORDER_CALL_OUT = "order_call_out"  # 护士条例 art. 19
    SET_STAFFING = "set_staffing"


# A manager's level holds in the units they manage; elsewhere they are staff.
TABLE: dict[Act, frozenset[Role]] = {
    Act.SEE_OWN_SHIFTS: frozenset({Role.STAFF, Role.MANAGER, Role.HR_HEAD}),
    Act.ASK_SWAP: frozenset({Role.STAFF, Role.MANAGER, Role.HR_HEAD}),
    Act.SEE_UNIT_ROSTER: frozenset({Role.MANAGER, Role.HR_HEAD}),
    Act.IMPORT_ROSTER: frozenset({Role.MANAGER, Role.HR_HEAD}),
    Act.PUBLISH_ROSTER: frozenset({Role.MANAGER, Role.HR_HEAD}),
    Act.APPROVE_SWAP: frozenset({Role.MANAGER}),
    Act.OVERRIDE_REST_RULE: frozenset({Role.MANAGER}),
    Act.SEE_DELIVERIES: frozenset({Role.MANAGER, Role.HR_HEAD}),
    Act.IMPORT_PEOPLE: frozenset({Role.HR_HEAD}),
    Act.RETRY_DEAD: frozenset({Role.HR_HEAD}),
    Act.READ_AUDIT: frozenset({Role.HR_HEAD}),
    Act.BIND_GROUP: frozenset({Role.MANAGER, Role.HR_HEAD}),
    Act.POST_NOTICE: frozenset({Role.MANAGER, Role.HR_HEAD}),
    # A manager recruits in the unit they manage only if it is the HR office: recruiting_access.
    Act.RECRUIT: frozenset({Role.MANAGER, Role.HR_HEAD}),
    Act.SEE_RECRUITING: frozenset({Role.HR_HEAD}),
    Act.APPROVE_OUTCOME: frozenset({Role.MANAGER, Role.HR_HEAD}),
    Act.SEE_LICENCES: frozenset({Role.MANAGER, Role.HR_HEAD}),
    Act.CALL_OUT: frozenset({Role.MANAGER, Role.HR_HEAD}),
    Act.ORDER_CALL_OUT: frozenset({Role.HR_HEAD}),
    Act.SET_STAFFING: frozenset({Role.MANAGER, Role.HR_HEAD}),
}


def may(actor: Actor, act: Act, unit_id: int | None = None) -> bool:
    """Whether `actor` may do `act` on something that belongs to `unit_id`."""
    return bool(actor.levels_in(unit_id) & TABLE[act])


def require(actor: Actor, act: Act, unit_id: int | None = None) -> None:
    """Raises Refusal("not_allowed")."""
    if not may(actor, act, unit_id):
        raise Refusal("not_allowed")


def may_anywhere(actor: Actor, act: Act) -> bool:
    """Whether there is any unit where the actor may: what help and menus show."""
    if may(actor, act, actor.unit_id):
        return True
    return bool(actor.manages) and Role.MANAGER in TABLE[act]
