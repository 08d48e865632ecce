"""The Stream gateway, seen by a plain WebSocket client."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from tests.simulator.dingtalk_bench import ROBOT, Ding


async def test_words_reach_the_client_and_its_answer_is_the_reply(d: Ding) -> None:
    client = await d.connect()

    async def reply(frame: dict[str, Any]) -> None:
        data = json.loads(frame["data"])
        body = {"msgtype": "text", "text": {"content": "收到"}}
        async with d.session.post(data["sessionWebhook"], json=body) as response:
            assert (await response.json())["errcode"] == 0

    client.work = reply
    done = await d.say("我的班")
    assert (done["status"], done["attempts"], done["reply"]) == ("ok", 1, "收到")
    [frame] = client.frames
    assert (frame["specVersion"], frame["type"]) == ("1.0", "CALLBACK")
    head = frame["headers"]
    assert (head["topic"], head["contentType"]) == (ROBOT, "application/json")
    assert head["time"].isdecimal()
    data = json.loads(frame["data"])
    assert data["text"]["content"] == "我的班"
    assert (data["senderStaffId"], data["senderCorpId"]) == ("xujing", d.org.corpid)
    assert (data["conversationType"], data["robotCode"]) == ("1", "dingsampleapp")
    assert data["sessionWebhookExpiredTime"] - data["createAt"] == 5_400_000
    assert [m["direction"] for m in await d.messages()] == ["out", "in"]


async def test_in_a_group_the_text_starts_with_a_blank(d: Ding) -> None:
    client = await d.connect()
    done = await d.say("本周", "dingtalk-group:cidicu001", **{"as": "hedan"})
    assert done["status"] == "ok"
    data = json.loads(client.frames[0]["data"])
    assert data["text"]["content"] == " 本周"
    assert (data["conversationType"], data["conversationId"]) == ("2", "cidicu001")
    assert data["isInAtList"] is True
    assert (await d.last("dingtalk-group:cidicu001"))["sender"] == "hedan"


async def test_a_wrong_secret_is_401_and_a_ticket_opens_once(d: Ding) -> None:
    body = {"clientId": d.org.client_id, "clientSecret": "x", "subscriptions": []}
    status, reply = await d.request("POST", "/v1.0/gateway/connections/open", body)
    assert (status, reply["code"]) == (401, "authFailed")
    opened = await d.ticket()
    url = f"{opened['endpoint']}?ticket={opened['ticket']}"
    async with d.session.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await d.session.ws_connect(url)
