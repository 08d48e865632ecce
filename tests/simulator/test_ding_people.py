"""DingTalk's directory, how its changes are told, and the rosters of its attendance."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.clock import SHANGHAI
from tests.simulator.dingtalk_bench import Ding

USERS, ATTEND = "topapi/v2/user", "topapi/attendance/schedule"


async def people(d: Ding, **body: Any) -> dict[str, Any]:
    reply: dict[str, Any] = await d.old(f"{USERS}/list", {"dept_id": 2, "cursor": 0} | body)
    return reply


async def test_direct_members_come_in_pages(d: Ding) -> None:
    first = (await people(d, size=2))["result"]
    assert [p["userid"] for p in first["list"]] == ["hedan", "xujing"]
    assert (first["has_more"], first["next_cursor"]) == (True, 2)
    rest = (await people(d, size=2, cursor=first["next_cursor"]))["result"]
    assert [p["userid"] for p in rest["list"]] == ["maoli"]
    assert rest["has_more"] is False
    assert "next_cursor" not in rest
    root = (await people(d, dept_id=1, size=10))["result"]
    assert root["list"] == []


async def test_a_row_holds_what_a_roster_needs(d: Ding) -> None:
    row = (await people(d, dept_id="2", cursor="0", size="1"))["result"]["list"][0]
    wanted = {
        "userid": "hedan",
        "unionid": "union-hedan",
        "name": "何丹",
        "title": "护士长",
        "mobile": "13800000001",
        "job_number": "D001",
        "dept_id_list": [2],
        "leader": True,
        "active": True,
    }
    assert row | wanted == row


async def test_those_out_of_range_are_left_out(d: Ding) -> None:
    d.org.members["xujing"].visible = False
    found = (await people(d, size=10))["result"]["list"]
    assert [p["userid"] for p in found] == ["hedan", "maoli"]
    assert (await d.old(f"{USERS}/get", {"userid": "xujing"}))["errcode"] == 50002


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"dept_id": 99, "size": 10}, 60019),
        ({"dept_id": "two", "size": 10}, 40035),
        ({"size": 0}, 40035),
        ({"cursor": -1, "size": 10}, 40035),
        ({}, 40035),
    ],
)
async def test_a_wrong_page_is_refused(d: Ding, body: dict[str, Any], code: int) -> None:
    assert (await people(d, **body))["errcode"] == code


async def test_one_user_in_full(d: Ding) -> None:
    found = (await d.old(f"{USERS}/get", {"userid": "xujing"}))["result"]
    assert (found["unionid"], found["manager_userid"]) == ("union-xujing", "hedan")
    assert found["leader_in_dept"] == [{"dept_id": 2, "leader": False}]
    assert (await d.old(f"{USERS}/get", {"userid": "nobody"}))["errcode"] == 33012
    assert (await d.old(f"{USERS}/get", {}))["errcode"] == 400002


async def test_by_mobile_and_by_union_id(d: Ding) -> None:
    by_mobile = f"{USERS}/getbymobile"
    assert (await d.old(by_mobile, {"mobile": "13800000002"}))["result"] == {"userid": "xujing"}
    for mobile, code in (("1380000", 40104), (13800000002, 40104), ("13999999999", 60121)):
        assert (await d.old(by_mobile, {"mobile": mobile}))["errcode"] == code
    d.org.members["xujing"].active = False
    assert (await d.old(by_mobile, {"mobile": "13800000002"}))["errcode"] == 60121
    by_union = "topapi/user/getbyunionid"
    found = (await d.old(by_union, {"unionid": "union-maoli"}))["result"]
    assert found == {"contact_type": 0, "userid": "maoli"}
    assert (await d.old(by_union, {"unionid": "maoli"}))["errcode"] == 60121


async def test_departments_one_level_at_a_time(d: Ding) -> None:
    d.org.departments[3].parent = 2
    address = "topapi/v2/department/listsub"
    assert [r["dept_id"] for r in (await d.old(address))["result"]] == [2]
    below = (await d.old(address, {"dept_id": 2}))["result"]
    assert [(r["dept_id"], r["name"], r["parent_id"]) for r in below] == [(3, "人力资源部", 2)]
    assert (await d.old(address, {"dept_id": 9}))["errcode"] == 60003


async def change(d: Ding, change: str, **body: Any) -> dict[str, Any]:
    reply: dict[str, Any] = await d.post("/sim/dingtalk/contacts", {"change": change} | body)
    return reply


async def test_changes_are_made_and_told(d: Ding) -> None:
    client = await d.connect()
    new = {"userid": "linna", "name": "林娜", "departments": [2], "mobile": "13800000009"}
    assert (await change(d, "user_add_org", member=new))["status"] == "ok"
    moved = {"userid": "linna", "departments": [3], "title": "护士"}
    assert (await change(d, "user_modify_org", member=moved))["id"] == "linna"
    assert d.org.members["linna"].departments == [3]
    assert (await change(d, "user_leave_org", userid="linna"))["status"] == "ok"
    assert "linna" not in d.org.members
    frames = await client.heard(3)
    kinds = [f["headers"]["eventType"] for f in frames]
    assert kinds == ["user_add_org", "user_modify_org", "user_leave_org"]
    data = [json.loads(f["data"]) for f in frames]
    assert all(x["userId"] == ["linna"] and x["timeStamp"].isdecimal() for x in data)
    (diff,) = data[1]["diffInfo"]
    assert diff["prev"] == {"title": "", "departments": [2]}
    assert diff["curr"] == {"title": "护士", "departments": [3]}


async def test_departments_are_changed_and_told(d: Ding) -> None:
    client = await d.connect()
    ward = {"id": 7, "name": "产科", "parent": 1}
    await change(d, "org_dept_create", department=ward)
    await change(d, "org_dept_modify", department={"id": 7, "name": "产科一区"})
    assert d.org.departments[7].name == "产科一区"
    await change(d, "org_dept_remove", department={"id": 7})
    assert 7 not in d.org.departments
    data = [json.loads(f["data"]) for f in await client.heard(3)]
    assert data == [{"deptId": [7]}] * 3


async def test_who_leaves_goes_out_of_the_groups_and_has_no_phone(d: Ding) -> None:
    await change(d, "user_leave_org", userid="xujing")
    assert d.org.groups["cidicu001"].members == ["hedan"]
    assert "dingtalk:xujing" not in [p["id"] for p in await d.get("/sim/phones")]


@pytest.mark.parametrize(
    "body",
    [
        {"change": "promote"},
        {"change": "user_add_org", "member": {"userid": "x"}},
        {"change": "user_add_org", "member": {"userid": "x", "name": "y", "departments": [9]}},
        {"change": "user_modify_org", "member": {"userid": "nobody"}},
        {"change": "user_modify_org", "member": {"userid": "xujing", "departments": [9]}},
        {"change": "user_leave_org"},
        {"change": "org_dept_create", "department": {"id": "x"}},
        {"change": "org_dept_remove", "department": {"id": 2}},
    ],
)
async def test_wrong_changes_tell_nobody(d: Ding, body: dict[str, Any]) -> None:
    client = await d.connect()
    status, reply = await d.request("POST", "/sim/dingtalk/contacts", body)
    assert 400 <= status < 500
    assert reply["error"]
    assert client.frames == []
    assert d.org.members["xujing"].departments == [2]


ROSTER: list[dict[str, Any]] = [
    {"userid": "xujing", "date": "2026-12-02", "on": "08:00", "off": "16:00"},
    {"userid": "xujing", "date": "2026-12-03", "on": "22:00", "off": "06:00"},
    {"userid": "xujing", "date": "2026-12-04", "rest": True},
    {"userid": "maoli", "date": "2026-12-02", "on": "08:00", "off": "16:00"},
]


def ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=SHANGHAI).timestamp() * 1000)


async def roster(d: Ding, name: str = "listbyusers", **more: Any) -> dict[str, Any]:
    body = {
        "op_user_id": "hedan",
        "userids": "xujing,maoli",
        "from_date_time": ms("2026-12-01"),
        "to_date_time": ms("2026-12-07"),
    }
    reply: dict[str, Any] = await d.old(f"{ATTEND}/{name}", body | more)
    return reply


async def planned(d: Ding, rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    reply: dict[str, Any] = await d.post("/sim/dingtalk/schedules", {"schedules": rows} | more)
    return reply


async def test_a_roster_has_two_rows_a_shift_and_one_a_rest_day(d: Ding) -> None:
    assert (await planned(d, ROSTER))["schedules"] == 4
    rows = (await roster(d))["result"]
    assert [(r["userid"], r["check_type"], r["plan_check_time"], r["is_rest"]) for r in rows] == [
        ("xujing", "OnDuty", "2026-12-02 08:00:00", "N"),
        ("xujing", "OffDuty", "2026-12-02 16:00:00", "N"),
        ("xujing", "OnDuty", "2026-12-03 22:00:00", "N"),
        ("xujing", "OffDuty", "2026-12-04 06:00:00", "N"),
        ("xujing", "OnDuty", "2026-12-04 00:00:00", "Y"),
        ("maoli", "OnDuty", "2026-12-02 08:00:00", "N"),
        ("maoli", "OffDuty", "2026-12-02 16:00:00", "N"),
    ]
    assert rows[3]["work_date"] == "2026-12-03 00:00:00"
    assert rows[4]["shift_id"] == 0
    assert rows[0]["shift_id"] == rows[5]["shift_id"] != rows[2]["shift_id"]
    assert rows[0]["id"] != rows[5]["id"]


async def test_the_names_of_shifts_by_day(d: Ding) -> None:
    await planned(d, ROSTER)
    rows = (await roster(d, "shift/listbydays", userids="xujing"))["result"]
    assert [(r["work_date"], r["shift_names"]) for r in rows] == [
        ("2026-12-02 00:00:00", ["08:00-16:00"]),
        ("2026-12-03 00:00:00", ["22:00-06:00"]),
        ("2026-12-04 00:00:00", ["休息"]),
    ]


async def test_a_changed_day_takes_the_place_of_the_old(d: Ding) -> None:
    await planned(d, ROSTER)
    other = {"userid": "xujing", "date": "2026-12-02", "on": "14:00", "off": "22:00"}
    assert (await planned(d, [other]))["schedules"] == 4
    rows = (await roster(d, userids="xujing", to_date_time=ms("2026-12-02")))["result"]
    assert [r["plan_check_time"][11:16] for r in rows] == ["14:00", "22:00"]
    assert (await planned(d, [other], replace=True))["schedules"] == 1
    assert len(await d.get("/sim/dingtalk/schedules")) == 1


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("listbyusers", {"userids": ",".join(f"u{n}" for n in range(51))}),
        ("shift/listbydays", {"userids": ",".join(f"u{n}" for n in range(21))}),
        ("listbyusers", {"userids": ""}),
        ("listbyusers", {"op_user_id": "nobody"}),
        ("listbyusers", {"op_user_id": None}),
        ("listbyusers", {"to_date_time": ms("2026-12-08T00:01")}),
        ("listbyusers", {"to_date_time": ms("2026-11-30")}),
        ("listbyusers", {"from_date_time": "yesterday"}),
        ("listbyusers", {"from_date_time": 10**17, "to_date_time": 10**17}),
        ("listbyusers", {"from_date_time": ms("2027-06-01"), "to_date_time": ms("2027-06-02")}),
        ("listbyusers", {"from_date_time": ms("2026-06-01"), "to_date_time": ms("2026-06-02")}),
    ],
)
async def test_a_question_too_wide_is_refused(d: Ding, name: str, more: dict[str, Any]) -> None:
    assert (await roster(d, name, **more))["errcode"] == 40035


async def test_fifty_users_and_seven_days_pass(d: Ding) -> None:
    names = ",".join(["xujing", *(f"u{n}" for n in range(49))])
    reply = await roster(d, userids=names, to_date_time=ms("2026-12-08"))
    assert reply["errcode"] == 0
    far = d.sim.clock.now() + timedelta(days=179)
    milliseconds = int(far.timestamp() * 1000)
    reply = await roster(d, from_date_time=milliseconds, to_date_time=milliseconds)
    assert reply["errcode"] == 0


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [{"userid": "nobody", "date": "2026-12-02", "rest": True}],
        [{"userid": "xujing", "date": "2.12.2026", "rest": True}],
        [{"userid": "xujing", "date": "2026-12-02", "on": "8", "off": "16"}],
    ],
)
async def test_wrong_schedules_are_refused(d: Ding, rows: Any) -> None:
    status, _ = await d.request("POST", "/sim/dingtalk/schedules", {"schedules": rows})
    assert status == 400
