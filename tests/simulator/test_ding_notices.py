"""Work notifications: types, silent drops, progress, result, recall, status bar."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.simulator.dingtalk_bench import Ding

BASE = "topapi/message/corpconversation"
AGENT = 3000001
OA = {
    "message_url": "https://example.org/leave",
    "head": {"bgcolor": "FFBBBBBB", "text": "护铃"},
    "body": {
        "title": "请假申请",
        "form": [{"key": f"第{n}项:", "value": str(n)} for n in range(7)],
        "rich": {"num": "2", "unit": "天"},
        "content": "家中有事",
        "author": "许静",
    },
    "status_bar": {"status_value": "审批中", "status_bg": "0xFFF65E5E"},
}


def text(content: str = "请确认排班") -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}}


async def send(d: Ding, msg: object, users: str = "xujing", **more: Any) -> Any:
    body = {"agent_id": AGENT, "userid_list": users, "msg": msg} | more
    return await d.old(f"{BASE}/asyncsend_v2", body)


async def done(d: Ding, task: int) -> None:
    """Until the platform has worked the task off."""
    async with asyncio.timeout(30):
        while (await progress(d, task))["progress"]["status"] != 2:
            await d.sim.pulse.beyond(d.sim.pulse.rev, 0.1)


async def progress(d: Ding, task: int) -> Any:
    return await d.old(f"{BASE}/getsendprogress", {"agent_id": AGENT, "task_id": task})


async def result(d: Ding, task: int) -> Any:
    await done(d, task)
    return await d.old(f"{BASE}/getsendresult", {"agent_id": AGENT, "task_id": task})


async def sent(d: Ding, msg: object, users: str = "xujing", **more: Any) -> Any:
    """Send, wait, and what the platform says of it afterwards."""
    return (await result(d, (await send(d, msg, users, **more))["task_id"]))["send_result"]


async def test_a_notice_arrives_in_its_own_conversation(d: Ding) -> None:
    reply = await send(d, text(), "xujing,maoli")
    assert reply["errcode"] == 0
    await done(d, reply["task_id"])
    message = await d.last()
    assert message["app"] == {"agentid": "work", "name": "工作通知"}
    assert message["text"] == (await d.last("maoli"))["text"] == "请确认排班"
    assert await d.messages("hedan") == []


async def test_the_same_words_come_once_a_day_without_an_error(d: Ding) -> None:
    await sent(d, text())
    again = await sent(d, text(), "xujing,maoli")
    assert again["forbidden_list"] == [{"code": "143106", "count": 1, "userid": "xujing"}]
    assert again["forbidden_user_id_list"] == ["xujing"]
    assert again["unread_user_id_list"] == ["maoli"]
    assert len(await d.messages()) == 1
    d.sim.clock.move(timedelta(hours=12))
    assert (await sent(d, text()))["forbidden_list"] == []
    assert len(await d.messages()) == 2


async def test_words_of_the_same_kind_but_other_content_pass(d: Ding) -> None:
    for n in range(3):
        assert (await sent(d, text(f"第{n}次")))["forbidden_list"] == []


async def test_500_a_day_for_each_user(d: Ding) -> None:
    assert d.sim.ding
    assert d.sim.ding.notices.limits.daily == 500
    assert (await d.post("/sim/dingtalk/notices", {"daily": 2}))["daily"] == 2
    codes = [(await sent(d, text(str(n))))["forbidden_list"] for n in range(3)]
    assert codes[:2] == [[], []]
    assert codes[2] == [{"code": "143105", "count": 2, "userid": "xujing"}]
    assert (await sent(d, text("0"), "maoli"))["forbidden_list"] == []


@pytest.mark.parametrize(("limit", "code"), [("app_minute", "143103"), ("org_minute", "143104")])
async def test_receivers_beyond_the_minute_are_left_out(d: Ding, limit: str, code: str) -> None:
    await d.post("/sim/dingtalk/notices", {limit: 2})
    left = await sent(d, text(), "xujing,maoli,hedan")
    assert [(row["userid"], row["code"]) for row in left["forbidden_list"]] == [("hedan", code)]
    d.sim.clock.move(timedelta(seconds=61))
    assert (await sent(d, text(), "hedan"))["forbidden_list"] == []


async def test_the_unknown_the_left_and_the_unseen_are_invalid(d: Ding) -> None:
    d.org.members["maoli"].active = False
    d.org.members["duyan"].visible = False
    found = await sent(d, text(), "xujing,nobody,maoli,duyan")
    assert found["invalid_user_id_list"] == ["nobody", "maoli", "duyan"]
    assert found["unread_user_id_list"] == ["xujing"]


async def test_reading_is_told(d: Ding) -> None:
    reply = await send(d, text(), "xujing,maoli")
    await done(d, reply["task_id"])
    await d.post("/sim/phones/dingtalk:xujing/read")
    found = (await result(d, reply["task_id"]))["send_result"]
    assert (found["read_user_id_list"], found["unread_user_id_list"]) == (["xujing"], ["maoli"])


async def test_departments_with_those_below_and_everybody(d: Ding) -> None:
    d.org.departments[3].parent = 2
    found = await sent(d, text("急诊科"), "", dept_id_list="2")
    assert sorted(found["unread_user_id_list"]) == ["duyan", "hedan", "maoli", "xujing"]
    found = await sent(d, text("全员"), "", to_all_user=True)
    assert len(found["unread_user_id_list"]) == 4


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"agent_id": 1}, 40056),
        ({"userid_list": ""}, 40035),
        ({"userid_list": ",".join(f"u{n}" for n in range(101))}, 40035),
        ({"dept_id_list": ",".join(str(n) for n in range(21))}, 40035),
        ({"userid_list": ["xujing"]}, 40035),
        ({"msg": text("x" * 2048)}, 40035),
        ({"msg": {"msgtype": "interactive", "interactive": {}}}, 40035),
        ({"msg": {}}, 40035),
        ({"msg": "{"}, 40035),
        ({"msg": {"msgtype": "text", "text": {}}}, 40035),
        ({"msg": {"msgtype": "image", "image": {"media_id": "@unknown"}}}, 40035),
        ({"msg": {"msgtype": "voice", "voice": {"media_id": "@x", "duration": "60"}}}, 40035),
        ({"msg": {"msgtype": "link", "link": {"title": "x", "text": "y"}}}, 40035),
        ({"msg": {"msgtype": "markdown", "markdown": {"text": "x"}}}, 40035),
        ({"msg": {"msgtype": "action_card", "action_card": {"markdown": "x"}}}, 40035),
        ({"msg": {"msgtype": "oa", "oa": {"head": {}}}}, 40035),
        ({"msg": {"msgtype": "oa", "oa": OA}, "dept_id_list": "2"}, 40035),
        ({"msg": {"msgtype": "oa", "oa": OA}, "userid_list": "a,b,c,d,e,f"}, 40035),
    ],
)
async def test_what_is_wrong_is_refused_at_once(d: Ding, body: dict[str, Any], code: int) -> None:
    right = {"agent_id": AGENT, "userid_list": "xujing", "msg": text()}
    reply = await d.old(f"{BASE}/asyncsend_v2", right | body)
    assert reply["errcode"] == code
    assert "task_id" not in reply


@pytest.mark.parametrize("title", ["x" * 21, ""])
async def test_a_button_has_at_most_20_characters(d: Ding, title: str) -> None:
    card = {
        "title": "排班",
        "markdown": "请确认",
        "btn_orientation": "1",
        "btn_json_list": [{"title": title, "action_url": "https://example.org/"}],
    }
    reply = await send(d, {"msgtype": "action_card", "action_card": card})
    assert reply["errcode"] == 40035


async def test_buttons_of_an_action_card_are_links(d: Ding) -> None:
    rows = [{"title": t, "action_url": f"https://example.org/{t}"} for t in ("同意", "拒绝")]
    card = {"title": "换班", "markdown": "**毛莉** 请你代班", "btn_orientation": "0"}
    msg = {"msgtype": "action_card", "action_card": card | {"btn_json_list": rows}}
    await sent(d, msg)
    shown = (await d.last())["card"]
    assert [b["text"] for b in shown["buttons"]] == ["同意", "拒绝"]
    assert shown["vertical"] is True
    tapped = await d.tap("同意")
    assert (tapped["status"], tapped["url"]) == ("link", "https://example.org/同意")


async def test_other_types_are_shown(d: Ding) -> None:
    link = {"title": "指南", "text": "新版", "messageUrl": "https://example.org/", "picUrl": "@p"}
    await sent(d, {"msgtype": "link", "link": link})
    assert (await d.last())["text"].startswith("指南\n新版")
    await sent(d, {"msgtype": "markdown", "markdown": {"title": "排班", "text": "**十二月**"}})
    assert (await d.last())["text"] == "**十二月**"


async def test_a_file_must_have_been_uploaded(d: Ding) -> None:
    form = aiohttp.FormData()
    form.add_field("media", b"month,day\n", filename="roster.csv")
    address = f"{d.base}/media/upload?access_token={await d.token()}&type=file"
    async with d.session.post(address, data=form) as response:
        media = (await response.json())["media_id"]
    await sent(d, {"msgtype": "file", "file": {"media_id": media}})
    assert (await d.last())["text"] == "[文件] roster.csv"


async def test_an_oa_notice_hides_the_seventh_row_and_changes_its_bar(d: Ding) -> None:
    task = (await send(d, {"msgtype": "oa", "oa": OA}))["task_id"]
    await done(d, task)
    first = await d.last()
    assert [f["label"] for f in first["card"]["facts"]] == [f"第{n}项" for n in range(6)]
    assert "审批中" in first["text"]
    bar = {"agent_id": AGENT, "task_id": task, "status_value": "已同意", "status_bg": "0xFF78C06E"}
    assert (await d.old(f"{BASE}/status_bar/update", bar))["errcode"] == 0
    after = await d.last()
    assert (after["seq"], after["card"]["status"]) == (first["seq"], "已同意")
    wrong = bar | {"agent_id": 1}
    assert (await d.old(f"{BASE}/status_bar/update", wrong))["errcode"] == 40056
    d.sim.clock.move(timedelta(days=7))
    assert (await d.old(f"{BASE}/status_bar/update", bar))["errcode"] == 40035


async def test_only_oa_notices_to_few_named_users_have_a_bar(d: Ding) -> None:
    task = (await send(d, text()))["task_id"]
    await done(d, task)
    bar = {"agent_id": AGENT, "task_id": task, "status_value": "已同意"}
    assert (await d.old(f"{BASE}/status_bar/update", bar))["errcode"] == 40035
    plain = {name: part for name, part in OA.items() if name != "status_bar"}
    task = (await send(d, {"msgtype": "oa", "oa": plain}, "", dept_id_list="2"))["task_id"]
    await done(d, task)
    assert (await d.old(f"{BASE}/status_bar/update", bar | {"task_id": task}))["errcode"] == 41052


async def test_recall_takes_it_back_for_a_day(d: Ding) -> None:
    task = (await send(d, text()))["task_id"]
    await done(d, task)
    body = {"agent_id": AGENT, "msg_task_id": task}
    assert (await d.old(f"{BASE}/recall", body | {"msg_task_id": 5}))["errcode"] == 400002
    assert (await d.old(f"{BASE}/recall", body | {"agent_id": 5}))["errcode"] == 400002
    assert (await d.old(f"{BASE}/recall", body))["errcode"] == 0
    assert (await d.last())["state"] == "recalled"
    d.sim.clock.move(timedelta(hours=24))
    assert (await d.old(f"{BASE}/recall", body))["errcode"] == 400002


async def test_results_are_kept_for_a_day_and_progress_for_a_week(d: Ding) -> None:
    task = (await send(d, text()))["task_id"]
    await done(d, task)
    assert (await progress(d, task))["progress"] == {"progress_in_percent": 100, "status": 2}
    d.sim.clock.move(timedelta(hours=24))
    body = {"agent_id": AGENT, "task_id": task}
    assert (await d.old(f"{BASE}/getsendresult", body))["errcode"] == 40035
    assert (await progress(d, task))["errcode"] == 0
    d.sim.clock.move(timedelta(days=6))
    assert (await progress(d, task))["errcode"] == 40035


async def test_nobody_asks_after_more_than_100_receivers(d: Ding) -> None:
    person = d.org.members["xujing"]
    for n in range(101):
        copy = type(person)(f"n{n}", f"un{n}", "某人", [2])
        d.org.members[copy.userid] = copy
    task = (await send(d, text(), "", dept_id_list="2"))["task_id"]
    assert (await result(d, task))["errcode"] == 41052


async def test_faults_swallow_a_notice_or_spoil_a_receiver(d: Ding) -> None:
    await d.fault("member_silent_drop", users=["xujing"])
    await d.fault("invalid_user", users=["maoli"])
    found = await sent(d, text(), "xujing,maoli")
    assert found["invalid_user_id_list"] == ["maoli"]
    assert found["unread_user_id_list"] == ["xujing"]
    assert await d.messages() == []
