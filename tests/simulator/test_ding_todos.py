"""To-dos: what a task needs, its one sourceId, its executors, and the phone's page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.dingtalk_bench import Ding

URL = {"appUrl": "https://example.org/a", "pcUrl": "https://example.org/p"}
TASKS = "todo/users/union-hedan/tasks"


def task(**more: Any) -> dict[str, Any]:
    return {
        "sourceId": "req-42",
        "subject": "审批换班申请",
        "creatorId": "union-hedan",
        "executorIds": ["union-xujing"],
        "detailUrl": URL,
        "dueTime": 1_796_140_800_000,
        "priority": 30,
    } | more


async def create(d: Ding, **more: Any) -> tuple[int, dict[str, Any]]:
    status, body = await d.api("POST", f"{TASKS}?operatorId=union-hedan", task(**more))
    return status, body


async def todos(d: Ding, userid: str = "xujing") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await d.get(f"/sim/phones/dingtalk:{userid}/todos")
    return rows


async def test_a_task_stands_on_the_executors_page(d: Ding) -> None:
    status, body = await create(d)
    assert (status, body["done"], body["sourceId"]) == (200, False, "req-42")
    (row,) = await todos(d)
    assert row == {
        "id": body["id"],
        "subject": "审批换班申请",
        "description": "",
        "due": "2026-12-01T16:00:00+00:00",
        "done": False,
        "finished_at": None,
        "url": "https://example.org/a",
        "priority": 30,
        "source_id": "req-42",
        "creator": "何丹",
    }
    assert await todos(d, "maoli") == []


async def test_who_else_sees_it(d: Ding) -> None:
    await create(d, participantIds=["union-maoli"])
    assert len(await todos(d, "maoli")) == len(await todos(d, "hedan")) == 1
    await create(d, sourceId="req-43", isOnlyShowExecutor=True, participantIds=["union-maoli"])
    assert len(await todos(d, "maoli")) == len(await todos(d, "hedan")) == 1
    assert len(await todos(d)) == 2


async def test_one_source_id_is_one_task(d: Ding) -> None:
    await create(d)
    status, body = await create(d, subject="别的")
    assert (status, body["code"]) == (400, "todo.taskCreate.paramError")
    assert body["message"] == "task exist"
    assert len(await todos(d)) == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"subject": "题" * 1025}, "subject is oversize"),
        ({"description": "x" * 4097}, "description is oversize"),
        ({"executorIds": ["union-xujing"] * 101}, "executors is oversize"),
        ({"participantIds": ["union-xujing"] * 101}, "participants is oversize"),
        ({"dueTime": "明天"}, "dueTime is invalid"),
        ({"dueTime": 0}, "dueTime is invalid"),
        ({"detailUrl": None}, "detailUrl is required"),
        ({"detailUrl": {}}, "detailUrl is required"),
        ({"detailUrl": {"appUrl": "https://e/" + "x" * 1024}}, "todo.taskCreate.paramError"),
        ({"subject": ""}, "todo.taskCreate.paramError"),
        ({"executorIds": ["xujing"]}, "todo.taskCreate.paramError"),
        ({"creatorId": "union-nobody"}, "todo.taskCreate.paramError"),
        ({"priority": 25}, "todo.taskCreate.paramError"),
    ],
)
async def test_what_is_wrong_is_named(d: Ding, more: dict[str, Any], message: str) -> None:
    status, body = await create(d, **more)
    assert (status, body["code"]) == (400, "todo.taskCreate.paramError")
    assert body["message"] == message
    assert await todos(d) == []


async def test_a_userid_is_no_union_id(d: Ding) -> None:
    status, body = await d.api("POST", "todo/users/hedan/tasks", task())
    assert (status, body["code"]) == (400, "param.error")
    status, _ = await d.api("POST", f"{TASKS}?operatorId=hedan", task())
    assert status == 400


async def test_executors_finish_one_by_one(d: Ding) -> None:
    _, body = await create(d, executorIds=["union-xujing", "union-maoli"])
    address = f"{TASKS}/{body['id']}/executorStatus?operatorId=union-hedan"
    done = {"executorStatusList": [{"id": "union-xujing", "isDone": True}]}
    assert (await d.api("PUT", address, done))[1]["result"] is True
    assert (await todos(d))[0]["done"] is True
    assert (await todos(d, "maoli"))[0]["done"] is False
    assert (await todos(d, "hedan"))[0]["done"] is False
    rest = {"executorStatusList": [{"id": "union-maoli", "isDone": True}]}
    await d.api("PUT", address, rest)
    assert (await todos(d, "hedan"))[0]["done"] is True
    _, seen = await d.api("GET", f"{TASKS}/sources/req-42")
    assert seen["done"] is True
    assert seen["finishTime"] >= seen["createdTime"]
    open_again = {"executorStatusList": [{"id": "union-maoli", "isDone": False}]}
    await d.api("PUT", address, open_again)
    assert (await todos(d, "maoli"))[0]["done"] is False


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "todo.taskExecutorStatusUpdate.paramError"),
        ([{"id": "union-duyan", "isDone": True}], "todo.taskExecutorStatusUpdate.paramError"),
        ([{"id": "union-xujing", "isDone": True}] * 1001, "executors is oversize"),
    ],
)
async def test_wrong_updates_change_nothing(d: Ding, rows: Any, message: str) -> None:
    _, body = await create(d)
    address = f"{TASKS}/{body['id']}/executorStatus"
    status, reply = await d.api("PUT", address, {"executorStatusList": rows})
    assert (status, reply["message"]) == (400, message)
    assert (await todos(d))[0]["done"] is False


async def test_a_task_is_found_by_its_source(d: Ding) -> None:
    _, made = await create(d)
    status, found = await d.api("GET", f"{TASKS}/sources/req-42")
    assert (status, found["id"], found["subject"]) == (200, made["id"], "审批换班申请")
    status, reply = await d.api("GET", f"{TASKS}/sources/req-43")
    assert (status, reply["message"]) == (400, "task not exist")


async def test_a_deleted_task_is_gone_and_its_source_free(d: Ding) -> None:
    _, body = await create(d)
    address = f"{TASKS}/{body['id']}?operatorId=union-hedan"
    assert (await d.api("DELETE", address))[1]["result"] is True
    assert await todos(d) == []
    status, reply = await d.api("DELETE", address)
    assert (status, reply["code"]) == (400, "todo.taskDelete.paramError")
    assert reply["message"] == "task not exist"
    _, reply = await d.api("PUT", f"{TASKS}/{body['id']}/executorStatus", {})
    assert reply["message"] == "task not exist"
    assert (await create(d))[0] == 200


async def test_other_phones_have_no_todos(d: Ding) -> None:
    await create(d)
    assert await d.get("/sim/phones/dingtalk-group:cidicu001/todos") == []
    assert (await d.get("/sim/phones/nobody/todos"))["error"] == "no such phone"


async def test_a_missing_permission_names_the_scope(d: Ding) -> None:
    await d.fault("permission", api="v1.0/todo/*")
    status, body = await create(d)
    assert status == 403
    assert body["accessdenieddetail"]["requiredScopes"] == ["Todo.Todo.Write"]
