"""DingTalk's directory and rosters over a real socket, in the shapes of its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime

import pytest
from aiohttp import web

from bot.platforms.dingtalk.attendance import DingTalkAttendance
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.directory import DingTalkDirectory
from bot.platforms.dingtalk.readable import readable
from bot.platforms.findings import Level
from models.clock import SHANGHAI, ManualClock
from services.sources import DirectoryMember, PlannedCheck, SourceFailed
from tests.support.dingtalk_reading import (
    DingTalkStub,
    day_rows,
    error,
    reading_client,
    rest_row,
    user,
)

DAY = date(2026, 12, 8)
PLANNED = "/topapi/attendance/schedule/listbyusers"


@pytest.fixture
def stub() -> DingTalkStub:
    return DingTalkStub(
        departments={
            1: [
                {"dept_id": 10, "name": "护理部", "parent_id": 1},
                {"dept_id": 20, "name": "心内科", "parent_id": 1},
            ],
            20: [{"dept_id": 21, "name": "心内一病区", "parent_id": 20}],
        },
        users=[
            user("boss", "院测", 1),
            user("head", "梁测", 10, 21, leader=True, mobile="13900000001", job_number="S2001"),
            *(user(f"n{index:03}", f"护{index}", 21) for index in range(7)),
        ],
    )


@pytest.fixture
async def client(stub: DingTalkStub, clock: ManualClock) -> AsyncIterator[DingTalkClient]:
    async with reading_client(stub, clock) as client:
        yield client


async def test_departments_are_walked_and_lists_read_to_their_end(
    stub: DingTalkStub, client: DingTalkClient
) -> None:
    stub.page = 3
    members = {one.user_id: one for one in await DingTalkDirectory(client).members()}
    assert len(members) == 9
    assert members["head"] == DirectoryMember(
        "head", "梁测", "护士", "护理部", True, "u-head", "13900000001", "S2001"
    )
    assert (members["n006"].unit, members["n006"].leads) == ("心内一病区", False)
    assert members["boss"].unit == ""
    cursors = [b["cursor"] for b in stub.bodies("/topapi/v2/user/list") if b["dept_id"] == 21]
    assert cursors == [0, 3, 6]


async def test_a_list_without_an_end_is_not_taken_for_whole(
    stub: DingTalkStub, client: DingTalkClient
) -> None:
    stub.endless = True
    with pytest.raises(SourceFailed, match="下一页"):
        await DingTalkDirectory(client).members()


async def test_one_member_or_nobody(client: DingTalkClient) -> None:
    directory = DingTalkDirectory(client)
    found = await directory.member("head")
    assert found is not None
    assert found.union_id == "u-head"
    assert await directory.member("gone") is None


async def test_a_missing_permission_is_no_passing_fault_and_names_its_cure(
    stub: DingTalkStub, client: DingTalkClient
) -> None:
    stub.failing = [error(60011, "no permission")]
    with pytest.raises(SourceFailed) as refused:
        await DingTalkDirectory(client).members()
    assert not refused.value.passing
    assert "权限" in refused.value.cure


async def test_rows_become_begins_and_ends_with_their_instants(
    stub: DingTalkStub, client: DingTalkClient
) -> None:
    night = day_rows("n1", DAY, "19:30", "08:00")
    stub.planned = lambda _: [*night, rest_row("n2", DAY)]
    found = await DingTalkAttendance(client, "admin").planned(["n1", "n2"], DAY, DAY)
    assert found == [
        PlannedCheck("n1", DAY, True, datetime(2026, 12, 8, 19, 30, tzinfo=SHANGHAI)),
        PlannedCheck("n1", DAY, False, datetime(2026, 12, 9, 8, 0, tzinfo=SHANGHAI)),
        PlannedCheck("n2", DAY, True, datetime(2026, 12, 8, tzinfo=SHANGHAI), rest=True),
    ]
    body = stub.bodies(PLANNED)[0]
    assert body["op_user_id"] == "admin"
    assert body["userids"] == "n1,n2"
    midnight = int(datetime(2026, 12, 8, tzinfo=SHANGHAI).timestamp()) * 1000
    assert body["from_date_time"] == body["to_date_time"] == midnight


async def test_without_an_administrator_nothing_is_asked(
    stub: DingTalkStub, client: DingTalkClient
) -> None:
    with pytest.raises(SourceFailed) as refused:
        await DingTalkAttendance(client, "").planned(["n1"], DAY, DAY)
    assert "WARDBELL_DINGTALK_OP_USER_ID" in refused.value.cure
    assert stub.bodies(PLANNED) == []


@pytest.mark.parametrize(
    ("answer", "passing", "cure"),
    [
        (error(40035, "不合法的参数"), False, "WARDBELL_DINGTALK_OP_USER_ID"),
        (error(90018, "调用过于频繁"), True, ""),
        (error(60011, "没有权限"), False, "权限"),
        (web.Response(status=502, text="<html>bad gateway</html>"), True, ""),
    ],
)
async def test_what_goes_wrong_is_told_apart(
    stub: DingTalkStub, client: DingTalkClient, answer: web.Response, passing: bool, cure: str
) -> None:
    stub.failing = [answer]
    with pytest.raises(SourceFailed) as refused:
        await DingTalkAttendance(client, "admin").planned(["n1"], DAY, DAY)
    assert refused.value.passing is passing
    assert cure in refused.value.cure


@pytest.mark.parametrize(
    "row",
    [
        {},
        day_rows("n1", DAY, "08:00", "16:00")[0] | {"check_type": "Lunch"},
        day_rows("n1", DAY, "08:00", "16:00")[0] | {"plan_check_time": "soon"},
    ],
)
async def test_rows_nobody_understands_are_not_guessed(
    stub: DingTalkStub, client: DingTalkClient, row: dict[str, object]
) -> None:
    stub.planned = lambda _: [row]
    with pytest.raises(SourceFailed, match="读不懂"):
        await DingTalkAttendance(client, "admin").planned(["n1"], DAY, DAY)


@pytest.mark.parametrize(
    ("spoil", "operator", "words"),
    [
        ({}, "head", ["能读：已看到7人", "考勤排班能读"]),
        ({"mobile": ""}, "", ["没有手机号", "没有设置考勤管理员"]),
        ({"name": ""}, "head", ["没有姓名", "考勤排班能读"]),
        (None, "head", ["一个人也没有读到", "考勤排班能读"]),
    ],
)
async def test_the_doctor_says_what_can_be_read(
    stub: DingTalkStub,
    client: DingTalkClient,
    spoil: dict[str, str] | None,
    operator: str,
    words: list[str],
) -> None:
    ward = [user(f"n{n}", "护测", 20, mobile="13900000001") for n in range(7)]
    stub.users = [] if spoil is None else [one | spoil for one in ward]
    found = await readable(client, operator, DAY)
    assert all(word in one.title for word, one in zip(words, found, strict=True))
    assert all(bool(one.cure) is (one.level is not Level.OK) for one in found)


async def test_the_doctor_survives_refusals(stub: DingTalkStub, client: DingTalkClient) -> None:
    stub.failing = [error(60011, "no permission"), error(40035, "不合法的参数")]
    found = await readable(client, "head", DAY)
    assert [one.level for one in found] == [Level.ERROR, Level.ERROR]
    assert "权限" in found[0].cure
    assert "WARDBELL_DINGTALK_OP_USER_ID" in found[1].cure
