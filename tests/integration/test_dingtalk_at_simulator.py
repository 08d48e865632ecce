"""DingTalk's outgoing channels against the simulator: what the phones really show."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.channels import Failure, ReceiptState, SendFailed
from bot.platforms.dingtalk.channel import DingTalkChannel
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import MonthUsedUp
from bot.platforms.dingtalk.group_channels import DingTalkGroupChannel, DingTalkWebhookChannel
from bot.platforms.dingtalk.links import AnswerLinks
from bot.platforms.dingtalk.notice_channel import DingTalkNoticeChannel
from models import answer_codes, sealed
from models.cards import Button, Card, Fact, Markdown, Option, Select, Text
from models.clock import ManualClock
from simulator.dingtalk.sample import SAMPLE_DINGTALK
from simulator.hospital import parse
from simulator.serve import running
from simulator.state import Simulator
from tests.integration.wecom_stub import MemoryTokenStore
from tests.simulator.bench import NOON
from tests.support.dingtalk_patience import patient_calls
from tests.support.waiting import eventually

KEY = "task-1_A"
CODE = answer_codes.code_of(KEY)
TEMPLATE = "wardbell-card.schema"
ACK = Card("8月5日(周三) 大夜", buttons=(Button("收到", "shifts.acknowledge"),))
APPROVAL = Card(
    "换班请审批",
    source="护铃 · 换班",
    body="测试甲与测试乙已商量好。",
    facts=(Fact("病区", "急诊科"),),
    buttons=(Button("批准", "swaps.approve"), Button("不批准", "swaps.refuse")),
    selects=(Select("reason", "理由", (Option("none", "不选"), Option("short", "人手不足"))),),
)
OURS = Path(__file__).parents[2] / "docs/dingtalk/wardbell-card.json"
DOORS = {"7": {"conversation": "cidicu001", "token": "hook-1", "secret": "SEChook"}}


async def door(group: str) -> Mapping[str, str]:
    return DOORS[group]


@dataclass
class Ward:
    sim: Simulator
    base: str
    session: aiohttp.ClientSession
    client: DingTalkClient
    clock: ManualClock

    async def get(self, path: str) -> Any:
        async with self.session.get(self.base + path) as reply:
            return await reply.json()

    async def post(self, path: str, body: object) -> Any:
        async with self.session.post(self.base + path, json=body) as reply:
            return await reply.json()

    async def shown(self, phone: str) -> list[Any]:
        found: list[Any] = await self.get(f"/sim/phones/{phone}/messages")
        return found

    async def last(self, user: str) -> Any:
        return (await self.shown(f"dingtalk:{user}"))[-1]


@pytest.fixture
async def ward() -> AsyncIterator[Ward]:
    sealed.install(sealed.KeyRing({"k1": bytes(32)}, "k1"))
    part = copy.deepcopy(SAMPLE_DINGTALK)
    part["groups"][0]["webhooks"] = [{"token": "hook-1", "secret": "SEChook"}]
    part["templates"] = [{"id": TEMPLATE, "file": str(OURS)}]
    sim = Simulator(parse({"corpid": "ww1", "name": "示范医院", "dingtalk": part}), now=NOON)
    clock = ManualClock(NOON)
    async with running(sim) as base, aiohttp.ClientSession() as session:
        client = DingTalkClient(
            session,
            app="dingtalk",
            client_id=part["client_id"],
            client_secret=part["client_secret"],
            agent_id=part["agent_id"],
            tokens=MemoryTokenStore(clock),
            clock=clock,
            base_url=base,
            old_base_url=base,
        )
        with patient_calls():
            yield Ward(sim, base, session, client, clock)


def channel(ward: Ward, level: str = "template", template: str = TEMPLATE) -> DingTalkChannel:
    links = AnswerLinks("https://ward.example", ward.clock) if level == "link" else None
    return DingTalkChannel(ward.client, level=level, card_template=template, links=links)


async def test_words_arrive_and_strangers_are_named(ward: Ward) -> None:
    sent = await channel(ward).send(Text("今晚有台风。"), ["xujing", "nobody"], key=KEY)
    assert sent.refused["nobody"].failure is Failure.RECIPIENT
    assert (await ward.last("xujing"))["text"] == "今晚有台风。"
    await channel(ward).send(Markdown("## 班表\n第一行\n第二行"), ["xujing"], key=KEY)
    assert "第一行\n第二行" in (await ward.last("xujing"))["text"]
    before = await channel(ward).receipts(sent.message_id, ["xujing"])
    assert before["xujing"].state is ReceiptState.ARRIVED
    await ward.post("/sim/phones/dingtalk:xujing/read", {})
    after = await channel(ward).receipts(sent.message_id, ["xujing"])
    assert after["xujing"].state is ReceiptState.SEEN
    await channel(ward).recall(sent.message_id)


async def test_a_card_is_drawn_closed_and_found_again(ward: Ward) -> None:
    cards = channel(ward)
    sent = await cards.send(APPROVAL, ["hedan", "xujing"], key=KEY)
    card = (await ward.last("hedan"))["card"]
    assert (card["title"], card["source"]) == ("换班请审批", "护铃 · 换班")
    assert [button["text"] for button in card["buttons"]] == ["批准", "不批准"]
    assert [option["id"] for option in card["selects"][0]["options"]] == ["none", "short"]
    assert card["facts"] == [{"label": "病区", "value": "急诊科", "link": ""}]
    assert not card["problem"]
    assert sent.each.keys() == {"hedan", "xujing"}
    assert (await cards.receipts(sent.each["hedan"], ["hedan"])).keys() == {"hedan"}
    again = await cards.send(APPROVAL, ["hedan", "xujing"], key=KEY, again=True)
    assert again.refused == {}
    assert len(await ward.shown("dingtalk:hedan")) == 1
    closed = replace(APPROVAL, buttons=(), selects=(), closed="何护士长已批准 14:05")
    for _ in range(2):
        await cards.redraw(closed, ["hedan", "xujing"], response_code="card", key=KEY)
    card = (await ward.last("xujing"))["card"]
    assert (card["closed"], card["replace_text"]) == (True, "何护士长已批准 14:05")
    assert card["buttons"] == []
    assert card["title"] == "换班请审批"


async def test_a_repeat_leaves_an_answered_card_as_it_is(ward: Ward) -> None:
    cards = channel(ward)
    await cards.send(APPROVAL, ["hedan"], key=KEY)
    closed = replace(APPROVAL, buttons=(), selects=(), closed="已批准")
    await cards.redraw(closed, ["hedan"], response_code="card", key=KEY)
    await cards.send(APPROVAL, ["hedan", "xujing"], key=KEY, again=True)
    assert (await ward.last("hedan"))["card"]["closed"] is True
    assert (await ward.last("xujing"))["card"]["closed"] is False


async def test_an_acknowledgement_can_be_pressed_without_a_template(ward: Ward) -> None:
    for level in ("template", "command"):
        await channel(ward, level).send(ACK, ["xujing", "maoli"], key=KEY)
        message = await ward.last("maoli")
        assert [button["text"] for button in message["card"]["buttons"]] == ["收到"]
        assert f"也可以回复：收到 #{CODE}" in message["text"]
        tapped = await ward.post(
            "/sim/phones/dingtalk:maoli/tap", {"seq": message["seq"], "button": "收到"}
        )
        assert tapped["status"] != "dead_link", tapped
        said = (await ward.shown("dingtalk:maoli"))[-1]
        assert (said["direction"], said["text"]) == ("out", f"收到 #{CODE}")


async def test_a_link_opens_the_page_of_that_person(ward: Ward) -> None:
    await channel(ward, "link").send(APPROVAL, ["hedan"], key=KEY)
    message = await ward.last("hedan")
    tapped = await ward.post(
        "/sim/phones/dingtalk:hedan/tap", {"seq": message["seq"], "button": "不批准"}
    )
    assert tapped["status"] == "link"
    answer = AnswerLinks("", ward.clock).open(tapped["url"].rpartition("/")[2])
    assert answer is not None
    assert (answer.user, answer.verb, answer.task_id) == ("hedan", "swaps.refuse", KEY)


async def test_without_the_template_the_words_still_arrive(ward: Ward) -> None:
    sent = await channel(ward, template="gone.schema").send(APPROVAL, ["hedan"], key=KEY)
    assert (sent.refused, sent.response_code) == ({}, "")
    message = await ward.last("hedan")
    assert [button["text"] for button in message["card"]["buttons"]] == ["批准", "不批准"]
    assert "none 不选；short 人手不足" in message["text"]


async def test_a_notice_is_known_only_afterwards(ward: Ward) -> None:
    notices = DingTalkNoticeChannel(ward.client, ward.clock)
    people = ["xujing", "maoli"]
    for _ in range(2):
        sent = await notices.send(ACK, people, key=KEY)
        assert sent.confirmed is False
        for person in people:
            told = await eventually(partial(notices.receipts, sent.message_id, [person]))
            assert told[person].state is ReceiptState.ARRIVED
        ward.clock.advance(timedelta(seconds=1))
    texts = [message["text"] for message in await ward.shown("dingtalk:xujing")]
    assert len(texts) == 2
    assert all(f"回复：收到 #{CODE}" in text for text in texts)


async def test_notices_with_links_have_buttons(ward: Ward) -> None:
    links = AnswerLinks("https://ward.example", ward.clock)
    notices = DingTalkNoticeChannel(ward.client, ward.clock, links=links)
    sent = await notices.send(APPROVAL, ["xujing"], key=KEY)
    await eventually(partial(notices.receipts, sent.message_id, ["xujing"]))
    card = (await ward.last("xujing"))["card"]
    assert [button["text"] for button in card["buttons"]] == ["批准", "不批准"]


async def test_groups_hear_the_robot_and_the_webhook(ward: Ward) -> None:
    robot = DingTalkGroupChannel(ward.client, door)
    webhook = DingTalkWebhookChannel(ward.client, door, ward.clock)
    sent = await robot.send(APPROVAL, ["7"], key=KEY)
    assert sent.refused == {}
    for again in (False, True):
        assert (await webhook.send(ACK, ["7"], key=KEY, again=again)).refused == {}
    messages = await ward.shown("dingtalk-group:cidicu001")
    assert ["换班请审批" in messages[0]["text"], "大夜" in messages[1]["text"]] == [True, True]
    assert len(messages) == 2
    assert not any("批准 #" in message["text"] for message in messages)
    await robot.recall(sent.message_id)


async def test_the_twenty_first_webhook_message_waits_ten_minutes(ward: Ward) -> None:
    webhook = DingTalkWebhookChannel(ward.client, door, ward.clock)
    outcomes = [await webhook.send(Text(f"第{n}条"), ["7"], key=f"k{n}") for n in range(21)]
    assert [bool(sent.refused) for sent in outcomes] == [False] * 20 + [True]
    why = outcomes[-1].refused["7"]
    assert why.failure is Failure.WINDOW
    assert why.wait is not None
    assert why.wait.total_seconds() == 600


async def test_a_used_up_month_stops_everything(ward: Ward) -> None:
    await ward.post("/sim/dingtalk/month", {"api": {"limit": 1}})
    await channel(ward).send(Text("好"), ["xujing"], key=KEY)
    notices = DingTalkNoticeChannel(ward.client, ward.clock)
    for way in (channel(ward), notices):
        for content in (APPROVAL, ACK):
            sent = await way.send(content, ["xujing"], key=KEY)
            assert (sent.refused["xujing"].failure, sent.refused["xujing"].code) == (
                Failure.RECIPIENT,
                90020,
            )
    with pytest.raises(MonthUsedUp):
        await DingTalkGroupChannel(ward.client, door).send(ACK, ["7"], key=KEY)


async def test_a_dead_token_is_not_noticed_by_anybody(ward: Ward) -> None:
    await channel(ward).send(Text("一"), ["xujing"], key=KEY)
    await ward.post("/sim/clock", {"advance": "121m"})
    await channel(ward).send(APPROVAL, ["xujing"], key=KEY)
    assert (await ward.last("xujing"))["card"]["title"] == "换班请审批"


async def test_directory_and_rosters_can_be_read(ward: Ward) -> None:
    assert {row["dept_id"] for row in await ward.client.department_listsub(1)} == {2, 3}
    rows = (await ward.client.user_list(2))["list"]
    assert {row["userid"] for row in rows} == {"hedan", "xujing", "maoli"}
    user = await ward.client.user_get("xujing")
    assert user["name"] == "许静"
    day = int(NOON.timestamp() * 1000)
    assert await ward.client.schedule_listbyusers("hedan", ["xujing"], day, day) == []
    with pytest.raises(SendFailed):
        await ward.client.user_get("nobody")


async def test_a_wrong_agent_is_told_as_such(ward: Ward) -> None:
    ward.client.agent_id = 1
    with pytest.raises(SendFailed) as caught:
        await DingTalkNoticeChannel(ward.client, ward.clock).send(ACK, ["xujing"], key=KEY)
    assert (caught.value.failure, caught.value.code) == (Failure.CONFIGURATION, 40056)
    assert "AgentId" in caught.value.cure
