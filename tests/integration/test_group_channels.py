"""Messages into groups of both platforms: no buttons, one group's trouble is its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest
from aiohttp import web

from bot.channels import Channel, Failure, SendFailed
from bot.platforms.dingtalk.group_channels import DingTalkGroupChannel, DingTalkWebhookChannel
from bot.platforms.wecom.group_channel import WeComGroupChannel
from models.cards import Button, Card, Fact, Link, Option, Select, Text
from tests.integration import wecom_stub
from tests.integration.dingtalk_stub import Bench, dingtalk_stub

KEY = "task-1"
GROUP_SEND = "robot/groupMessages/send"
WEBHOOK = "robot/send"
CARD = Card(
    "今晚未确认名单",
    facts=(Fact("人数", "2"),),
    buttons=(Button("收到", "shifts.acknowledge"),),
    selects=(Select("reason", "理由", (Option("1", "忙"),)),),
)
SECRETS = {
    "7": {
        "conversation": "cid-7",
        "token": "hook-7",
        "secret": "SEC-canary",
        "key": "wecom-key-7",
    },
    "8": {"token": "hook-8"},
}


async def door(group: str) -> Mapping[str, str]:
    return SECRETS[group]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with dingtalk_stub() as bench:
        bench.stub.answers[GROUP_SEND] = {"processQueryKey": "q-1"}
        yield bench


@pytest.fixture
async def wecom() -> AsyncIterator[wecom_stub.Bench]:
    async with wecom_stub.wecom_stub() as bench:

        async def script(request: web.Request) -> web.Response:
            bench.stub.bodies.append((request.query["key"], await request.json()))
            return web.json_response({"errcode": 0})

        bench.stub.scripts["webhook/send"] = script
        yield bench


def webhook(bench: Bench) -> DingTalkWebhookChannel:
    return DingTalkWebhookChannel(bench.client, door, bench.clock)


def wecom_group(bench: wecom_stub.Bench) -> WeComGroupChannel:
    return WeComGroupChannel(bench.session, door, bench.clock, bench.base_url)


async def test_they_keep_the_port(bench: Bench, wecom: wecom_stub.Bench) -> None:
    robot = DingTalkGroupChannel(bench.client, door)
    channels: list[Channel] = [robot, webhook(bench), wecom_group(wecom)]
    assert [(each.name, each.batch, each.repeatable(CARD)) for each in channels] == [
        ("dingtalk_group", 1, False),
        ("dingtalk_webhook", 1, True),
        ("wecom_group", 1, False),
    ]


async def test_the_robot_speaks_in_its_group(bench: Bench) -> None:
    robot = DingTalkGroupChannel(bench.client, door)
    sent = await robot.send(CARD, ["7"], key=KEY)
    (body,) = bench.stub.bodies(GROUP_SEND)
    assert (body["openConversationId"], body["msgKey"]) == ("cid-7", "sampleMarkdown")
    text = json.loads(body["msgParam"])["text"]
    assert text == "### 今晚未确认名单\n\n**人数**：2"
    await robot.recall(sent.message_id)
    assert bench.stub.bodies("robot/groupMessages/recall") == [
        {"robotCode": "dingapp", "openConversationId": "cid-7", "processQueryKeys": ["q-1"]}
    ]


@pytest.mark.parametrize("code", ["group.disbanded", "bot.stopped", "resource.not.found"])
async def test_a_dead_group_does_not_stop_the_others(bench: Bench, code: str) -> None:
    bench.refusing(GROUP_SEND, 400, code)
    sent = await DingTalkGroupChannel(bench.client, door).send(Text("好"), ["7"], key=KEY)
    assert sent.refused["7"].failure is Failure.RECIPIENT


async def test_a_group_without_a_door_is_refused(bench: Bench) -> None:
    robot = DingTalkGroupChannel(bench.client, door)
    for group in ("8", "9"):
        sent = await robot.send(Text("好"), [group], key=KEY)
        assert sent.refused[group].failure is Failure.RECIPIENT
    assert bench.stub.calls[GROUP_SEND] == 0


async def test_the_used_up_month_stops_all_groups(bench: Bench) -> None:
    bench.refusing(GROUP_SEND, 403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    with pytest.raises(SendFailed) as caught:
        await DingTalkGroupChannel(bench.client, door).send(Text("好"), ["7"], key=KEY)
    assert caught.value.code == 90020


async def test_a_webhook_call_is_signed_and_named(bench: Bench) -> None:
    await webhook(bench).send(Text("好"), ["7"], key=KEY)
    asked = bench.stub.asked[-1]
    stamp = asked.query["timestamp"]
    assert int(stamp) == int(bench.clock.now().timestamp() * 1000)
    expected = hmac.digest(b"SEC-canary", f"{stamp}\nSEC-canary".encode(), hashlib.sha256)
    assert asked.query["sign"] == base64.b64encode(expected).decode()
    assert asked.query["access_token"] == "hook-7"
    assert asked.body == {"msgtype": "text", "text": {"content": "好"}, "msgUuid": KEY}
    assert bench.counted == [("push", 1)]


async def test_a_repeat_is_the_same_call(bench: Bench) -> None:
    for again in (False, True):
        await webhook(bench).send(CARD, ["8"], key=KEY, again=again)
    first, second = bench.stub.bodies(WEBHOOK)
    assert first == second
    assert first["msgUuid"] == KEY
    assert "sign" not in bench.stub.asked[-1].query


async def test_a_link_becomes_the_button_of_a_webhook_card(bench: Bench) -> None:
    card = Card("班表已发布", link=Link("看班表", "https://h/console"))
    await webhook(bench).send(card, ["8"], key=KEY)
    (body,) = bench.stub.bodies(WEBHOOK)
    assert body["msgtype"] == "actionCard"
    assert body["actionCard"]["singleURL"] == "https://h/console"


@pytest.mark.parametrize(
    ("code", "message", "failure", "minutes"),
    [
        (410100, "too fast", Failure.WINDOW, 10),
        (130101, "send too fast", Failure.WINDOW, 10),
        (400101, "access_token is not exist", Failure.RECIPIENT, None),
        (310000, "sign not match hook-7", Failure.RECIPIENT, None),
    ],
)
async def test_one_webhooks_trouble_is_its_own(
    bench: Bench, code: int, message: str, failure: Failure, minutes: int | None
) -> None:
    bench.failing(WEBHOOK, code, message)
    sent = await webhook(bench).send(Text("好"), ["7"], key=KEY)
    why = sent.refused["7"]
    assert (why.failure, why.code) == (failure, code)
    assert why.wait == (timedelta(minutes=minutes) if minutes else None)
    assert "hook-7" not in why.reason
    assert "SEC-canary" not in why.reason


async def test_a_lost_webhook_call_is_unknown(bench: Bench) -> None:
    bench.saying(WEBHOOK, 504, "<html>")
    with pytest.raises(SendFailed) as caught:
        await webhook(bench).send(Text("好"), ["7"], key=KEY)
    assert caught.value.failure is Failure.UNKNOWN


async def test_wecom_gets_the_card_as_words(wecom: wecom_stub.Bench) -> None:
    await wecom_group(wecom).send(CARD, ["7"], key=KEY)
    assert wecom.stub.bodies == [
        (
            "wecom-key-7",
            {"msgtype": "text", "text": {"content": "今晚未确认名单\n人数：2"}},
        )
    ]


@pytest.mark.parametrize(
    ("code", "failure"), [(45009, Failure.WINDOW), (93000, Failure.RECIPIENT)]
)
async def test_one_wecom_groups_trouble_is_its_own(
    wecom: wecom_stub.Bench, code: int, failure: Failure
) -> None:
    async def script(_: web.Request) -> web.Response:
        return web.json_response({"errcode": code, "errmsg": "no wecom-key-7"})

    wecom.stub.scripts["webhook/send"] = script
    sent = await wecom_group(wecom).send(Text("好"), ["7"], key=KEY)
    assert sent.refused["7"].failure is failure
    assert "wecom-key-7" not in sent.refused["7"].reason


async def test_a_broken_wecom_answer_is_unknown(wecom: wecom_stub.Bench) -> None:
    async def script(_: web.Request) -> web.Response:
        return web.Response(status=502, text="<html>")

    wecom.stub.scripts["webhook/send"] = script
    with pytest.raises(SendFailed) as caught:
        await wecom_group(wecom).send(Text("好"), ["7"], key=KEY)
    assert caught.value.failure is Failure.UNKNOWN


async def test_a_door_that_cannot_be_read_now_was_not_gone_through(bench: Bench) -> None:
    async def broken(_: str) -> Mapping[str, str]:
        raise ConnectionError("the database is away")

    with pytest.raises(SendFailed) as caught:
        await DingTalkGroupChannel(bench.client, broken).send(Text("好"), ["7"], key=KEY)
    assert caught.value.failure is Failure.RETRY
