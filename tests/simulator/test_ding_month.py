"""The month's allowance: what is counted, what is not, and what happens at its end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.dingtalk.org import Webhook
from simulator.dingtalk.sample import SAMPLE_DINGTALK
from tests.simulator.dingtalk_bench import Ding, phone


async def month(d: Ding) -> dict[str, Any]:
    view: dict[str, Any] = await d.get("/sim/dingtalk/month")
    return view


async def use(d: Ding, **kinds: Any) -> dict[str, Any]:
    view: dict[str, Any] = await d.post("/sim/dingtalk/month", kinds)
    return view


async def test_sends_are_counted_by_name(d: Ding) -> None:
    await d.batch(["xujing"])
    await d.batch(["xujing", "maoli"])
    view = await month(d)
    assert view["month"] == "2026-12"
    assert view["api"] == {
        "used": 2,
        "limit": None,
        "by": {"v1.0/robot/oToMessages/batchSend": 2},
    }


async def test_tokens_directory_and_refused_calls_are_not_counted(d: Ding) -> None:
    await d.token()
    await d.old("topapi/v2/user/get", {"userid": "xujing"})
    await d.old("topapi/v2/department/listsub")
    await d.api("POST", "robot/oToMessages/batchSend", {}, token="wrong")
    await d.fault("rate_limit", api="v1.0/robot/*", count=1)
    assert (await d.batch(["xujing"]))[0] == 403
    assert (await month(d))["api"]["used"] == 0


async def test_messages_events_and_webhooks_are_pushes(d: Ding) -> None:
    d.org.groups["cidicu001"].webhooks = [Webhook("tok")]
    client = await d.connect()
    await d.say("帮助")
    await d.post("/sim/dingtalk/event", {"type": "bpms_instance_change", "data": {}})
    body = {"msgtype": "text", "text": {"content": "x"}}
    await d.post("/robot/send?access_token=tok", body)
    await d.post("/sim/dingtalk/contacts", {"change": "user_active_org", "userid": "xujing"})
    await client.heard(3)
    assert (await month(d))["push"]["by"] == {
        "robot_message": 1,
        "bpms_instance_change": 1,
        "robot/send": 1,
    }


async def test_an_api_used_up_refuses_both_generations(d: Ding) -> None:
    await use(d, api={"used": 4999, "limit": 5000})
    assert (await d.batch(["xujing"]))[0] == 200
    status, body = await d.batch(["xujing"])
    assert (status, body["code"]) == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    attendance = await d.old("topapi/attendance/schedule/listbyusers", {})
    assert attendance["errcode"] == 90020
    assert (await d.old("topapi/v2/user/get", {"userid": "xujing"}))["errcode"] == 0
    assert (await month(d))["api"]["used"] == 5000
    assert len(await d.messages()) == 1


async def test_pushes_used_up_come_without_content(d: Ding) -> None:
    client = await d.connect()
    await use(d, push={"used": 3000, "limit": 3000})
    await d.say("我的班")
    await d.post("/sim/dingtalk/event", {"type": "bpms_instance_change", "data": {"x": 1}})
    message, event = (json.loads(f["data"]) for f in await client.heard(2))
    assert message["errorCode"] == "20001"
    assert "text" not in message
    assert event["errorCode"] == "20001"
    assert "x" not in event


async def test_changes_of_the_directory_are_told_at_all_times(d: Ding) -> None:
    client = await d.connect()
    await use(d, push={"used": 3000, "limit": 3000})
    await d.post("/sim/dingtalk/contacts", {"change": "user_leave_org", "userid": "maoli"})
    (frame,) = await client.heard(1)
    assert json.loads(frame["data"])["userId"] == ["maoli"]


async def test_a_webhook_ends_with_the_pushes(d: Ding) -> None:
    d.org.groups["cidicu001"].webhooks = [Webhook("tok")]
    await use(d, push={"limit": 0})
    body = {"msgtype": "text", "text": {"content": "x"}}
    assert (await d.post("/robot/send?access_token=tok", body))["errcode"] == 90020


async def test_a_new_month_begins_at_nothing(d: Ding) -> None:
    await use(d, api={"used": 5000, "limit": 5000})
    assert (await d.batch(["xujing"]))[0] == 403
    await d.post("/sim/clock", {"to": "2026-12-31T23:59", "step": "1d"})
    assert (await d.batch(["xujing"]))[0] == 403
    await d.post("/sim/clock", {"advance": "2m"})
    assert (await d.batch(["xujing"]))[0] == 200
    view = await month(d)
    assert (view["month"], view["api"]["used"], view["api"]["limit"]) == ("2027-01", 1, 5000)


@pytest.mark.parametrize("body", [{"api": 5}, {"push": {"used": -1}}, {"api": {"limit": "x"}}])
async def test_wrong_numbers_are_refused(d: Ding, body: dict[str, Any]) -> None:
    status, reply = await d.request("POST", "/sim/dingtalk/month", body)
    assert status == 400
    assert reply["error"]


async def test_the_configured_limit_holds(d: Ding) -> None:
    await d.post("/sim/hospital", {"dingtalk": SAMPLE_DINGTALK | {"month": {"api": 1, "push": 0}}})
    assert (await d.batch(["xujing"]))[0] == 200
    assert (await d.batch(["xujing"]))[0] == 403
    assert (await d.get(f"/sim/phones/{phone('xujing')}/messages"))[0]["text"] == "你好"
    view = await month(d)
    assert (view["api"]["limit"], view["push"]["limit"]) == (1, 0)
