"""The robot: what it sends, who gets it, what people do with it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import aiohttp
import pytest

from simulator.dingtalk.memory import StoredFile
from tests.simulator.dingtalk_bench import Ding

BATCH = "robot/oToMessages/batchSend"


def ready(d: Ding, **more: Any) -> dict[str, Any]:
    return {
        "robotCode": d.org.robot_code,
        "userIds": ["xujing"],
        "msgKey": "sampleText",
        "msgParam": '{"content":"你好"}',
    } | more


async def test_a_text_reaches_all_and_is_not_idempotent(d: Ding) -> None:
    status, reply = await d.batch(["xujing", "maoli"])
    assert status == 200
    assert reply["invalidStaffIdList"] == reply["flowControlledStaffIdList"] == []
    assert reply["processQueryKey"]
    await d.batch(["xujing"])
    assert [m["text"] for m in await d.messages()] == ["你好", "你好"]
    message = await d.last("maoli")
    assert message["app"] == {"agentid": "robot", "name": "护铃"}
    assert message["kind"] == "text"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"userIds": ["x"] * 21}, "invalidParameter.userIds.overMax"),
        ({"userIds": []}, "invalidParameter.userIds.empty"),
        ({"robotCode": ""}, "invalidParameter.robotCode.empty"),
        ({"msgKey": ""}, "invalidParameter.msgKey.empty"),
        ({"robotCode": "other"}, "invalidParameter.robotCode.notExsit"),
        ({"msgKey": "sampleActionCard1"}, "invalidParameter.msgKey.invalid"),
        ({"msgParam": "{"}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": {"content": "x"}}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": '{"content":""}'}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": json.dumps({"content": "x" * 15_000})}, "invalidParameter.msgParam.tooLong"),
    ],
)
async def test_refusals_of_batch_send(d: Ding, more: dict[str, Any], code: str) -> None:
    status, reply = await d.api("POST", BATCH, ready(d, **more))
    assert (status, reply["code"]) == (400, code)
    assert await d.messages() == []


async def test_unknown_departed_unseen_and_throttled_people(d: Ding) -> None:
    d.org.members["maoli"].active = False
    d.org.members["duyan"].visible = False
    await d.fault("member_silent_drop", users=["hedan"])
    _, reply = await d.batch(["nobody", "maoli", "duyan", "hedan", "xujing"])
    assert reply["invalidStaffIdList"] == ["nobody", "maoli", "duyan"]
    assert reply["flowControlledStaffIdList"] == ["hedan"]
    assert [len(await d.messages(u)) for u in ("maoli", "hedan", "xujing")] == [0, 0, 1]


ACTION = {"title": "提醒", "text": "去看班表"}
KEYS: list[tuple[str, dict[str, str]]] = [
    ("sampleMarkdown", {"title": "t", "text": "x"}),
    ("sampleImageMsg", {"photoURL": "@m"}),
    ("sampleLink", {"title": "t", "text": "x", "picUrl": "p", "messageUrl": "https://e.org"}),
    ("sampleActionCard", ACTION | {"singleTitle": "看", "singleURL": "https://e.org"}),
    *(
        (
            f"sampleActionCard{n}",
            ACTION
            | {f"actionTitle{i}": f"键{i}" for i in range(1, n + 1)}
            | {f"actionURL{i}": "https://e.org" for i in range(1, n + 1)},
        )
        for n in range(2, 6)
    ),
    (
        "sampleActionCard6",
        ACTION | {f"button{k}{n}": "https://e.org" for k in ("Title", "Url") for n in (1, 2)},
    ),
    ("sampleAudio", {"mediaId": "@m", "duration": "3000"}),
    ("sampleFile", {"mediaId": "@m", "fileName": "a.xlsx", "fileType": "xlsx"}),
    ("sampleVideo", {"videoMediaId": "@m", "duration": "3"}),
]
NEEDED = [(key, name) for key, param in KEYS for name in param if name != "duration"]


@pytest.mark.parametrize(("key", "param"), KEYS)
async def test_every_message_key_is_shown(d: Ding, key: str, param: dict[str, str]) -> None:
    assert d.sim.ding is not None
    d.sim.ding.files["@m"] = StoredFile("p.png", b"a picture")
    assert (await d.batch(["xujing"], key, **param))[0] == 200
    assert (await d.last())["text"]


@pytest.mark.parametrize(("key", "name"), NEEDED)
async def test_every_field_is_needed(d: Ding, key: str, name: str) -> None:
    param = {k: v for k, v in dict(KEYS)[key].items() if k != name}
    status, reply = await d.batch(["xujing"], key, **param)
    assert (status, reply["code"]) == (400, "invalidParameter.msgParam.invalid")


async def test_the_odd_spelling_of_action_card_6(d: Ding) -> None:
    wrong = ACTION | {f"button{k}{n}": "x" for k in ("Title", "URL") for n in (1, 2)}
    assert (await d.batch(["xujing"], "sampleActionCard6", **wrong))[0] == 400


async def test_markdown_joins_single_lines(d: Ding) -> None:
    text = "# 今天\n甲\n乙  \n丙\n\n丁\n- 戊\n- 己"
    await d.batch(["xujing"], "sampleMarkdown", title="t", text=text)
    message = await d.last()
    assert message["text"] == "# 今天\n甲 乙\n丙\n\n丁\n- 戊\n- 己"
    assert message["content"]["raw"] == text


async def test_groups_need_the_robot(d: Ding) -> None:
    status, reply = await d.to_group()
    assert (status, list(reply)) == (200, ["processQueryKey"])
    assert (await d.last("dingtalk-group:cidicu001"))["text"] == "你好"
    assert (await d.to_group("cidnone"))[1]["code"] == "invalid.openConversationId"
    assert (await d.to_group(""))[1]["code"] == "miss.openConversationId"
    d.org.groups["cidicu001"].robot = False
    assert (await d.to_group())[1]["code"] == "resource.not.found"
    big = json.dumps({"content": "好" * 5000})
    assert (await d.to_group(msgParam=big))[1]["code"] == "resource.not.found"
    d.org.groups["cidicu001"].robot = True
    assert (await d.to_group(msgParam=big))[1]["code"] == "invalidParameter.msgParam.tooLong"


async def test_a_session_takes_webhook_messages_until_it_ends(d: Ding) -> None:
    client = await d.connect()
    await d.say("你好")
    url = json.loads(client.frames[0]["data"])["sessionWebhook"].removeprefix(d.base)
    buttons = [{"title": "看", "actionURL": "https://e.org"}]
    bodies: list[dict[str, Any]] = [
        {"msgtype": "markdown", "markdown": {"title": "t", "text": "**x**"}},
        {"msgtype": "link", "link": {"title": "t", "text": "x", "messageUrl": "https://e.org"}},
        {"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x", "btns": buttons}},
        {
            "msgtype": "feedCard",
            "feedCard": {"links": [{"title": "t", "messageURL": "https://e"}]},
        },
    ]
    for body in bodies:
        assert (await d.post(url, body))["errcode"] == 0
    assert [m["kind"] for m in (await d.messages())[1:]] == ["markdown", "card", "card", "card"]
    wrong = [{"msgtype": "interactive"}, {"msgtype": "text"}, {"msgtype": "text", "text": {}}]
    assert [(await d.post(url, w))["errcode"] for w in wrong] == [400105, 400402, 400402]
    d.sim.clock.move(timedelta(minutes=90))
    assert (await d.post(url, bodies[0]))["errcode"] == 300001
    assert (await d.post("/robot/sendBySession?session=x", bodies[0]))["errcode"] == 300001


async def test_links_of_a_message_live_or_are_dead(d: Ding) -> None:
    client = await d.connect()
    said = quote_plus("批准 A17")
    urls = [
        f"dtmd://dingtalkclient/sendMessage?content={said}",
        f"dtmd://dingtalkClient/sendMessage?content={said}",
        "dtmd://dingtalkclient/sendMessage?content=批准",
        "https://e.org/x",
    ]
    param = {f"actionTitle{n}": f"键{n}" for n in range(1, 5)}
    param |= {f"actionURL{n}": url for n, url in enumerate(urls, 1)}
    await d.batch(["xujing"], "sampleActionCard4", **ACTION, **param)
    seq = (await d.last())["seq"]
    results = []
    for n in range(1, 5):
        tap = {"seq": seq, "button": f"键{n}"}
        results.append(await d.post("/sim/phones/dingtalk:xujing/tap", tap))
    assert [r["status"] for r in results] == ["ok", "dead_link", "dead_link", "link"]
    assert results[3]["url"] == "https://e.org/x"
    assert json.loads(client.frames[0]["data"])["text"]["content"] == "批准 A17"
    assert len(client.frames) == 1


async def test_links_in_markdown_and_the_side_panel(d: Ding) -> None:
    panel = (
        f"dingtalk://dingtalkclient/page/link?url={quote_plus('https://e.org/a')}&pc_slide=true"
    )
    await d.batch(["xujing"], "sampleMarkdown", title="t", text=f"去 [处理]({panel})")
    done = await d.tap("处理")
    assert (done["status"], done["url"]) == ("link", "https://e.org/a")
    assert "no button" in (await d.tap("别的"))["error"]


@pytest.mark.parametrize("kind", ["picture", "file", "audio", "richText"])
async def test_people_send_files_and_voices(d: Ding, kind: str) -> None:
    client = await d.connect()
    body = {"kind": kind, "name": "简历.pdf", "text": "内容", "recognition": "我的班"}
    assert (await d.post("/sim/phones/dingtalk:xujing/send", body))["status"] == "ok"
    data = json.loads(client.frames[0]["data"])
    assert data["msgtype"] == kind
    content = data["content"]
    code = (
        content["richText"][1]["downloadCode"] if kind == "richText" else content["downloadCode"]
    )
    if kind == "audio":
        assert content["recognition"] == "我的班"
    ask = {"robotCode": d.org.robot_code, "downloadCode": code}
    _, reply = await d.api("POST", "robot/messageFiles/download", ask)
    async with d.session.get(reply["downloadUrl"]) as response:
        assert (await response.read()).decode() == "内容"
    ask["downloadCode"] = "x"
    assert (await d.api("POST", "robot/messageFiles/download", ask))[0] == 400


async def test_groups_carry_no_files(d: Ding) -> None:
    body = {"kind": "file", "as": "hedan"}
    reply = await d.post("/sim/phones/dingtalk-group:cidicu001/send", body)
    assert "groups" in reply["error"]


async def test_the_bot_uploads_a_file(d: Ding) -> None:
    form = aiohttp.FormData()
    form.add_field("media", b"abc", filename="a.xlsx")
    url = f"{d.base}/media/upload?access_token={await d.token()}&type=file"
    async with d.session.post(url, data=form) as response:
        reply = await response.json()
    assert (reply["errcode"], reply["type"]) == (0, "file")
    assert (await d.old("media/upload"))["errcode"] == 40004
