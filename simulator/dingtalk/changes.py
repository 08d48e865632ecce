"""Changes of the directory by the control API, and the event that tells of each [E0077…]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.callbacks import Outcome
from simulator.dingtalk import reading
from simulator.dingtalk.org import Department, Org, Person
from simulator.dingtalk.service import DingTalk
from simulator.refusals import Refused

Body = dict[str, Any]
_FIELDS = {
    "name": str, "title": str, "mobile": str, "job_number": str,
    "leader": bool, "active": bool, "visible": bool,
}  # fmt: skip


async def apply(service: DingTalk, body: Body) -> tuple[Outcome, str | int]:
    """Make the change and tell of it; the userid or department id it was about."""
    kind = str(body.get("change", ""))
    change = _CHANGES.get(kind)
    if change is None:
        raise Refused(400, f"unknown change {kind!r}", "one of: " + ", ".join(_CHANGES))
    about, data = change(service.org, body)
    if kind.startswith("user_"):
        data = {"timeStamp": str(service.now_ms()), "userId": [about]} | data
    service.sim.pulse.bump()
    return await service.event(kind, data, str(about)), about


def _add(org: Org, body: Body) -> tuple[str, Body]:
    try:
        person = reading.person_from(body.get("member") or {})
    except reading.BadOrg as problem:
        raise Refused(400, str(problem), "userid and name are needed") from None
    _known(org, person.departments)
    org.members[person.userid] = person
    return person.userid, {}


def _modify(org: Org, body: Body) -> tuple[str, Body]:
    """Only what is given changes; the event tells what it was before [E0080]."""
    who, wanted = _person(org, body), body.get("member") or {}
    changed = {name: kind(wanted[name]) for name, kind in _FIELDS.items() if name in wanted}
    if "departments" in wanted:
        changed["departments"] = [int(d) for d in wanted["departments"]]
        _known(org, changed["departments"])
    before = {name: getattr(who, name) for name in changed}
    for name, value in changed.items():
        setattr(who, name, value)
    return who.userid, {"diffInfo": [{"userid": who.userid, "prev": before, "curr": changed}]}


def _leave(org: Org, body: Body) -> tuple[str, Body]:
    who = _person(org, body)
    del org.members[who.userid]
    for group in org.groups.values():
        group.members = [u for u in group.members if u != who.userid]
    return who.userid, {}


def _activate(org: Org, body: Body) -> tuple[str, Body]:
    who = _person(org, body)
    who.active = True
    return who.userid, {}


def _create_department(org: Org, body: Body) -> tuple[int, Body]:
    raw = body.get("department") or {}
    if not isinstance(raw.get("id"), int) or not raw.get("name"):
        raise Refused(400, "department needs id and name", '{"id": 7, "name": "…", "parent": 1}')
    row = Department(raw["id"], str(raw["name"]), int(raw.get("parent", 1)))
    org.departments[row.id] = row
    return row.id, {"deptId": [row.id]}


def _modify_department(org: Org, body: Body) -> tuple[int, Body]:
    row, raw = _department(org, body), body.get("department") or {}
    row.name = str(raw.get("name", row.name))
    row.parent = int(raw.get("parent", row.parent))
    return row.id, {"deptId": [row.id]}


def _remove_department(org: Org, body: Body) -> tuple[int, Body]:
    row = _department(org, body)
    if any(row.id in who.departments for who in org.members.values()):
        raise Refused(409, "somebody still works there", "move the members first")
    del org.departments[row.id]
    return row.id, {"deptId": [row.id]}


def _person(org: Org, body: Body) -> Person:
    member = body.get("member")
    userid = body.get("userid") or (member.get("userid") if isinstance(member, dict) else None)
    found = org.person(userid)
    if found is None:
        raise Refused(404, "no such member", 'name one by "userid"')
    return found


def _department(org: Org, body: Body) -> Department:
    number = (body.get("department") or {}).get("id")
    found = org.departments.get(number) if isinstance(number, int) else None
    if found is None:
        raise Refused(404, "no such department", 'name one by "department": {"id": …}')
    return found


def _known(org: Org, departments: list[int]) -> None:
    unknown = set(departments) - set(org.departments)
    if unknown:
        raise Refused(400, f"unknown department {sorted(unknown)[0]}")


_CHANGES: dict[str, Callable[[Org, Body], tuple[str, Body] | tuple[int, Body]]] = {
    "user_add_org": _add,
    "user_modify_org": _modify,
    "user_leave_org": _leave,
    "user_active_org": _activate,
    "org_dept_create": _create_department,
    "org_dept_modify": _modify_department,
    "org_dept_remove": _remove_department,
}
