"""The directory as an app reads it, old API: users and departments [S0056, S0062 to S0064, S0082].

None of these calls is in the month's count [S1432].
"""

from __future__ import annotations

import re
from typing import Any

from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.errors import OldError
from simulator.dingtalk.org import Org, Person

ROOT = 1
BAD_MOBILE, NOBODY, BAD_USERID = 40104, 60121, 33012
NO_DEPARTMENT, NO_USERS_THERE, OUT_OF_SIGHT, MALFORMED = 60003, 60019, 50002, 40035
_MOBILE = re.compile(r"1\d{10}")


def number(body: dict[str, Any], name: str, default: int | None = None) -> int:
    """A whole number, also as a string of digits, as the forms of the old API carry it."""
    value = body.get(name, default)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise OldError(MALFORMED, f"不合法的参数 {name}")
    return value


def _user_list(ask: Ask) -> Reply:
    """Direct members of one department, in pages; those outside the app's range are left out."""
    department = number(ask.body, "dept_id")
    cursor, size = number(ask.body, "cursor"), number(ask.body, "size")
    if size < 1:
        raise OldError(MALFORMED, "不合法的参数 size")
    if department not in ask.org.departments:
        raise OldError(NO_USERS_THERE, "从部门查询人员失败")
    members = ask.org.members.values()
    rows = [p for p in members if department in p.departments and p.visible]
    end = cursor + size
    result: dict[str, Any] = {"has_more": end < len(rows)}
    if end < len(rows):
        result["next_cursor"] = end
    return {"result": result | {"list": [_row(p) for p in rows[cursor:end]]}}


def _user_get(ask: Ask) -> Reply:
    who = ask.org.person(ask.text("userid", OldError(400002, "无效的参数")))
    if who is None:
        raise OldError(BAD_USERID, "无效的USERID")
    if not who.visible:
        raise OldError(OUT_OF_SIGHT, "请求的员工userid不在授权范围内")
    full = _row(who) | {
        "dept_order_list": [{"dept_id": d, "order": 1} for d in who.departments],
        "leader_in_dept": [{"dept_id": d, "leader": who.leader} for d in who.departments],
        "role_list": [],
        "real_authed": True,
        "senior": False,
    }
    del full["leader"], full["dept_order"]
    manager = _manager(ask.org, who)
    return {"result": full | ({"manager_userid": manager} if manager else {})}


def _by_mobile(ask: Ask) -> Reply:
    mobile = ask.body.get("mobile")
    if not isinstance(mobile, str) or not _MOBILE.fullmatch(mobile):
        raise OldError(BAD_MOBILE, "无效的手机号")
    found = [p for p in ask.org.members.values() if p.mobile == mobile and p.reachable]
    if not found:
        raise OldError(NOBODY, "找不到该用户")
    return {"result": {"userid": found[0].userid}}


def _by_union(ask: Ask) -> Reply:
    who = ask.org.by_union(ask.text("unionid", OldError(400002, "无效的参数")))
    if who is None:
        raise OldError(NOBODY, "找不到该用户")
    return {"result": {"contact_type": 0, "userid": who.userid}}


def _departments(ask: Ask) -> Reply:
    """One level below the given department, or below the root."""
    parent = number(ask.body, "dept_id", ROOT)
    if parent not in ask.org.departments:
        raise OldError(NO_DEPARTMENT, "部门不存在")
    rows = [d for d in ask.org.departments.values() if d.parent == parent]
    return {
        "result": [
            {
                "dept_id": d.id,
                "name": d.name,
                "parent_id": d.parent,
                "create_dept_group": False,
                "auto_add_user": False,
            }
            for d in rows
        ]
    }


def _row(who: Person) -> dict[str, Any]:
    return {
        "userid": who.userid,
        "unionid": who.unionid,
        "name": who.name,
        "avatar": "",
        "state_code": "86",
        "mobile": who.mobile,
        "hide_mobile": False,
        "telephone": "",
        "job_number": who.job_number,
        "title": who.title,
        "dept_id_list": who.departments,
        "dept_order": 1,
        "active": who.active,
        "admin": False,
        "boss": False,
        "leader": who.leader,
        "exclusive_account": False,
    }


def _manager(org: Org, who: Person) -> str:
    leaders = [p for p in org.members.values() if p.leader and p.userid != who.userid]
    return next((p.userid for p in leaders if set(p.departments) & set(who.departments)), "")


APIS = (
    Api("POST", "topapi/v2/user/list", _user_list, counted=False),
    Api("POST", "topapi/v2/user/get", _user_get, counted=False),
    Api("POST", "topapi/v2/user/getbymobile", _by_mobile, counted=False),
    Api("POST", "topapi/user/getbyunionid", _by_union, counted=False),
    Api("POST", "topapi/v2/department/listsub", _departments, counted=False),
)
