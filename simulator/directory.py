"""Members and departments as an app may read them, and sign-in codes."""

from __future__ import annotations

from typing import Any

from simulator.asks import Ask, Reply
from simulator.errors import WeComError
from simulator.hospital import Department, Member

PAGE = 10_000


def user_get(ask: Ask) -> Reply:
    _no_contacts(ask)
    member = ask.sim.world.member(ask.query.get("userid", ""))
    if member is None or member.status == 5:
        raise WeComError(60111)
    if not ask.sim.world.sees(ask.app, member):
        raise WeComError(60011)
    return _full(ask, member)


def user_list(ask: Ask) -> Reply:
    _no_contacts(ask)
    return {"userlist": [_full(ask, m) for m in _department_members(ask)]}


def user_simplelist(ask: Ask) -> Reply:
    _no_contacts(ask)
    rows = _department_members(ask)
    return {
        "userlist": [
            {"userid": m.userid, "name": m.name, "department": m.departments} for m in rows
        ]
    }


def user_list_id(ask: Ask) -> Reply:
    """One row per member and department; only the contacts secret may ask."""
    if ask.app.kind != "contacts":
        raise WeComError(48002)
    limit = ask.body.get("limit") or PAGE
    start = ask.body.get("cursor") or "0"
    if not isinstance(limit, int) or not 1 <= limit <= PAGE or not str(start).isdecimal():
        raise WeComError(40058)
    rows = [
        {"userid": m.userid, "department": d}
        for m in ask.sim.world.members.values()
        if m.status != 5
        for d in m.departments
    ]
    end = int(start) + limit
    return {
        "next_cursor": str(end) if end < len(rows) else "",
        "dept_user": rows[int(start) : end],
    }


def department_list(ask: Ask) -> Reply:
    _no_contacts(ask)
    return {
        "department": [
            {
                "id": d.id,
                "name": d.name,
                "name_en": "",
                "department_leader": d.leaders,
                "parentid": d.parent,
                "order": d.id,
            }
            for d in _departments(ask)
        ]
    }


def department_simplelist(ask: Ask) -> Reply:
    rows = [{"id": d.id, "parentid": d.parent, "order": d.id} for d in _departments(ask)]
    return {"department_id": rows}


def department_get(ask: Ask) -> Reply:
    row = next((d for d in _departments(ask) if str(d.id) == ask.query.get("id")), None)
    if row is None:
        raise WeComError(60003)
    return {
        "department": {
            "id": row.id,
            "name": row.name,
            "department_leader": row.leaders,
            "parentid": row.parent,
            "order": row.id,
        }
    }


def getuserinfo(ask: Ask) -> Reply:
    return {"userid": ask.sim.tokens.redeem(ask.query.get("code", ""), ask.app)}


def _no_contacts(ask: Ask) -> None:
    if ask.app.kind == "contacts":
        raise WeComError(48009)


def _departments(ask: Ask) -> list[Department]:
    world = ask.sim.world
    wanted = ask.query.get("id", "")
    if wanted and (not wanted.isdecimal() or int(wanted) not in world.departments):
        raise WeComError(60003)
    inside = world.subtree(int(wanted)) if wanted else set(world.departments)
    if ask.app.departments is not None:
        inside &= {d for root in ask.app.departments for d in world.subtree(root)}
    return [d for d in world.departments.values() if d.id in inside]


def _department_members(ask: Ask) -> list[Member]:
    wanted = ask.query.get("department_id", "")
    if not wanted.isdecimal():
        raise WeComError(60123)
    if int(wanted) not in ask.sim.world.departments:
        raise WeComError(60003)
    return [m for m in ask.sim.visible(ask.app) if int(wanted) in m.departments]


def _full(ask: Ask, member: Member) -> dict[str, Any]:
    """No phone, e-mail or gender: the platform withholds them from newer apps."""
    leaders = [
        leader
        for d in member.departments
        for leader in ask.sim.world.departments[d].leaders
        if leader != member.userid
    ]
    return {
        "userid": member.userid,
        "name": member.name,
        "department": member.departments,
        "order": [0 for _ in member.departments],
        "position": member.position,
        "is_leader_in_dept": [int(member.leader) for _ in member.departments],
        "direct_leader": leaders[:1],
        "telephone": "",
        "alias": "",
        "status": member.status,
        "main_department": member.departments[0] if member.departments else 0,
        "extattr": {"attrs": []},
        "hide_in_contacts": 0,
    }
