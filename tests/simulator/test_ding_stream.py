"""The Stream gateway, seen by a plain WebSocket client."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.simulator.dingtalk_bench import CARD, QUICK, ROBOT, Ding, ding_bench, success


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


async def test_an_old_ticket_is_refused(d: Ding) -> None:
    opened = await d.ticket()
    d.sim.clock.move(timedelta(seconds=91))
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await d.session.ws_connect(f"{opened['endpoint']}?ticket={opened['ticket']}")


async def test_nobody_connected_loses_words_and_queues_events(d: Ding) -> None:
    assert (await d.say("在吗"))["status"] == "unheard"
    event = {"type": "user_leave_org", "data": {"userId": ["maoli"]}}
    assert (await d.post("/sim/dingtalk/event", event))["status"] == "queued"
    assert (await d.get("/sim/dingtalk/connections"))["queued_events"] == 1
    client = await d.connect()
    [frame] = await client.heard(1)
    head = frame["headers"]
    assert (frame["type"], head["topic"], head["eventType"]) == ("EVENT", "*", "user_leave_org")
    assert head["eventCorpId"] == d.org.corpid
    assert head["eventId"]
    assert head["eventBornTime"].isdecimal()
    assert json.loads(frame["data"]) == {"userId": ["maoli"]}


async def test_an_unacknowledged_message_comes_once_more(hasty: Ding) -> None:
    d = hasty
    client = await d.connect()
    client.answer = lambda _frame: None
    assert (await d.say("在吗"))["status"] == "timeout"
    first, second = await client.heard(2)
    assert json.loads(first["data"])["msgId"] == json.loads(second["data"])["msgId"]
    assert first["headers"]["messageId"] == second["headers"]["messageId"]
    assert (await d.get("/sim/calls?api=robot_message"))[0]["attempt"] == 1
    while len(await d.get("/sim/calls?api=robot_message")) < 2:
        await d.sim.pulse.beyond(d.sim.pulse.rev, 1)
    assert len(client.frames) == 2


async def test_a_failed_handler_is_not_an_acknowledgement(d: Ding) -> None:
    client = await d.connect()
    client.code = 500
    assert (await d.say("在吗"))["status"] == "code_500"
    assert len(await client.heard(2)) == 2


@pytest.mark.parametrize("first", [{"status": "LATER", "message": "忙"}, {"userId": []}, "[]"])
async def test_only_success_takes_an_event(d: Ding, first: Any) -> None:
    client = await d.connect()
    client.answer = lambda f: first if len(client.frames) == 1 else success(f)
    event = {"type": "user_add_org", "data": {"userId": ["maoli"]}}
    assert (await d.post("/sim/dingtalk/event", event))["status"] in ("later", "no_status")
    one, two = await client.heard(2)
    assert one["headers"]["eventId"] == two["headers"]["eventId"]


async def test_each_push_goes_to_one_connection_that_subscribed(d: Ding) -> None:
    robots = [await d.connect([{"type": "CALLBACK", "topic": ROBOT}]) for _ in range(2)]
    cards = await d.connect([{"type": "CALLBACK", "topic": CARD}])
    for number in range(12):
        assert (await d.say(str(number)))["status"] == "ok"
    assert sum(len(c.frames) for c in robots) == 12
    assert cards.frames == []


async def test_chance_spreads_pushes_over_the_connections(d: Ding) -> None:
    clients = [await d.connect(), await d.connect()]
    for number in range(40):
        await d.say(str(number))
    assert all(len(c.frames) > 3 for c in clients)


async def test_an_event_subscribed_as_callback_is_never_heard(d: Ding) -> None:
    await d.connect([{"type": "CALLBACK", "topic": "*"}])
    event = {"type": "user_add_org", "data": {}}
    assert (await d.post("/sim/dingtalk/event", event))["status"] == "queued"


async def test_after_disconnect_the_socket_is_silent_and_then_closes(d: Ding) -> None:
    client = await d.connect()
    await d.post("/sim/dingtalk/connections/disconnect")
    [frame] = await client.heard(1)
    assert (frame["type"], frame["headers"]["topic"]) == ("SYSTEM", "disconnect")
    assert "reason" in json.loads(frame["data"])
    assert (await d.say("在吗"))["status"] == "unheard"
    other = await d.connect()
    assert (await d.say("在吗"))["status"] == "ok"
    async with asyncio.timeout(30):
        await client.closed.wait()
    assert len(client.frames) == 1
    assert len(other.frames) == 1


async def test_a_dropped_connection_ends_the_waiting(d: Ding) -> None:
    client = await d.connect()

    async def drop(_frame: dict[str, Any]) -> None:
        await d.post("/sim/dingtalk/connections/drop")

    client.work, client.answer = drop, lambda _frame: None
    done = await d.say("在吗")
    assert done["status"] == "unreachable"
    assert (await d.get("/sim/dingtalk/connections"))["connections"] == []


async def test_a_frozen_connection_swallows_all_and_answers_no_ping(hasty: Ding) -> None:
    d = hasty
    client = await d.connect()
    await d.post("/sim/dingtalk/connections/freeze", {"frozen": True})
    assert (await d.get("/sim/dingtalk/connections"))["connections"][0]["frozen"] is True
    assert (await d.say("在吗"))["status"] == "timeout"
    assert client.frames == []
    waiting = await d.socket(heartbeat=0.1)
    await d.post("/sim/dingtalk/connections/freeze")
    message = await waiting.receive(timeout=30)
    assert message.type in (aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSED)


async def test_a_frozen_connection_can_be_dropped(d: Ding) -> None:
    client = await d.connect()
    await d.post("/sim/dingtalk/connections/freeze")
    await client.ws.ping()
    await d.post("/sim/dingtalk/connections/drop")
    async with asyncio.timeout(30):
        await client.closed.wait()
    assert (await d.get("/sim/dingtalk/connections"))["connections"] == []


async def test_a_thawed_connection_works_again(d: Ding) -> None:
    client = await d.connect()
    await d.post("/sim/dingtalk/connections/freeze")
    await d.post("/sim/dingtalk/connections/freeze", {"frozen": False})
    assert (await d.say("在吗"))["status"] == "ok"
    assert len(client.frames) == 1


async def test_redelivery_repeats_the_ids(d: Ding) -> None:
    client = await d.connect()
    await d.say("一次")
    assert (await d.post("/sim/dingtalk/connections/redeliver"))["status"] == "ok"
    first, second = client.frames
    assert first["data"] == second["data"]
    event = {"type": "user_add_org", "data": {}}
    await d.post("/sim/dingtalk/event", event)
    await d.post("/sim/dingtalk/connections/redeliver", {"channel": "robot"})
    await d.post("/sim/dingtalk/connections/redeliver")
    assert client.frames[3]["data"] == first["data"]
    assert client.frames[4]["headers"]["eventId"] == client.frames[2]["headers"]["eventId"]


async def test_system_pings_are_echoed() -> None:
    async with ding_bench(dataclasses.replace(QUICK, ping=0.02)) as d:
        client = await d.connect()
        await client.heard(2)
        assert {f["headers"]["topic"] for f in client.frames} == {"ping"}
        while not (await d.get("/sim/dingtalk/connections"))["connections"][0]["pongs"]:
            await client.heard(len(client.frames) + 1)


async def test_doubled_reordered_and_broken_pushes(d: Ding) -> None:
    client = await d.connect()
    await d.fault("callback_duplicate", count=1)
    await d.say("一次")
    first, second = await client.heard(2)
    assert first["data"] == second["data"]
    await d.fault("callback_reorder", count=1)
    assert (await d.say("甲"))["status"] == "held"
    await d.say("乙")
    said = [json.loads(f["data"])["text"]["content"] for f in (await client.heard(4))[2:]]
    assert said == ["乙", "甲"]
    await d.fault("callback_tampered", api="robot_message", count=1)
    await d.say("坏的")
    with pytest.raises(json.JSONDecodeError):
        json.loads((await client.heard(5))[4]["data"])


async def test_fields_of_a_message_can_be_forged(d: Ding) -> None:
    client = await d.connect()
    await d.say("我是外人", fields={"senderStaffId": "", "senderCorpId": "dingother"})
    data = json.loads(client.frames[0]["data"])
    assert (data["senderStaffId"], data["senderCorpId"]) == ("", "dingother")
    push = {"channel": "card", "topic": CARD, "data": {"outTrackId": "nobody", "userId": "x"}}
    assert (await d.post("/sim/dingtalk/push", push))["status"] == "ok"
    assert json.loads(client.frames[1]["data"])["outTrackId"] == "nobody"


async def test_a_group_without_the_robot_hears_nothing() -> None:
    group = {"id": "cidx", "title": "无", "members": ["hedan"], "robot": False}
    async with ding_bench(groups=[group]) as d:
        await d.connect()
        done = await d.say("在吗", "dingtalk-group:cidx", **{"as": "hedan"})
        assert done["status"] == "unheard"
        stranger = await d.say("在吗", "dingtalk-group:cidx", **{"as": "maoli"})
        assert "not a member" in stranger["error"]


async def test_garbage_from_the_client_is_suffered(d: Ding) -> None:
    client = await d.connect()
    for garbage in ("", "[]", "{", '{"code":"x","headers":{"messageId":"1"}}'):
        await client.ws.send_str(garbage)
    assert (await d.say("在吗"))["status"] == "ok"
