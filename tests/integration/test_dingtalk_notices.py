"""Work notifications against the stub: nothing is certain before the platform was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from aiohttp import web

from bot.channels import Channel, Failure, ReceiptState, SendFailed, TellsReceipts
from bot.platforms.dingtalk import limits, notice_channel
from bot.platforms.dingtalk.links import AnswerLinks
from bot.platforms.dingtalk.notice_channel import DingTalkNoticeChannel
from models import answer_codes, sealed
from models.cards import Button, Card, Content, Fact, Link, Markdown, Option, Select, Text
from tests.integration.dingtalk_stub import NOTICE, RESULT, Bench, dingtalk_stub

KEY = "task-1_A"
CODE = answer_codes.code_of(KEY)
RECALL = "topapi/message/corpconversation/recall"
ACK = Card(
    "8月5日(周三) 大夜",
    facts=(Fact("病区", "重症医学科"),),
    buttons=(Button("收到", "shifts.acknowledge"),),
)
DECISION = replace(
    ACK, buttons=(Button("同意", "swaps.accept"), Button("不同意", "swaps.decline"))
)


@pytest.fixture(autouse=True)
def keys() -> None:
    sealed.install(sealed.KeyRing({"k1": bytes(32)}, "k1"))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with dingtalk_stub() as bench:
        bench.stub.answers[NOTICE] = {"task_id": 7001}
        yield bench


def channel(bench: Bench, *, linked: bool = False) -> DingTalkNoticeChannel:
    links = AnswerLinks("https://ward.example", bench.clock) if linked else None
    return DingTalkNoticeChannel(bench.client, bench.clock, links=links)


def messages(bench: Bench) -> list[dict[str, Any]]:
    return [body["msg"] for body in bench.stub.bodies(NOTICE)]


async def test_it_keeps_the_ports(bench: Bench) -> None:
    kept: Channel = channel(bench)
    assert isinstance(kept, TellsReceipts)
    assert (kept.name, kept.batch, kept.repeatable(ACK)) == ("dingtalk_notice", 100, False)


async def test_a_hundred_people_are_one_call_and_nothing_is_confirmed(bench: Bench) -> None:
    people = [f"u{n}" for n in range(100)]
    sent = await channel(bench).send(Text("好"), people, key=KEY)
    assert (sent.message_id, sent.confirmed, sent.refused) == ("7001", False, {})
    body = bench.stub.bodies(NOTICE)[0]
    assert (body["agent_id"], body["userid_list"]) == (3000001, ",".join(people))


async def test_the_same_words_twice_are_not_the_same_content(bench: Bench) -> None:
    notices = channel(bench)
    await notices.send(Text("好"), ["li"], key=KEY)
    bench.clock.advance(timedelta(seconds=1))
    await notices.send(Text("好"), ["li"], key=KEY)
    assert [message["text"]["content"] for message in messages(bench)] == [
        "好\n11月21日 12:00:00 发送",
        "好\n11月21日 12:00:01 发送",
    ]


async def test_without_links_the_words_are_told(bench: Bench) -> None:
    await channel(bench).send(DECISION, ["li", "wang"], key=KEY)
    (message,) = messages(bench)
    assert message["markdown"]["text"] == (
        "### 8月5日(周三) 大夜\n\n**病区**：重症医学科\n\n"
        f"请打开护铃机器人，回复：同意 #{CODE} 或 不同意 #{CODE}\n\n11月21日 12:00:00 发送"
    )


async def test_with_links_a_decision_has_buttons_of_ones_own(bench: Bench) -> None:
    sent = await channel(bench, linked=True).send(DECISION, ["li", "wang"], key=KEY)
    cards = [message["action_card"] for message in messages(bench)]
    assert [button["title"] for button in cards[0]["btn_json_list"]] == ["同意", "不同意"]
    tokens = [card["btn_json_list"][0]["action_url"].rpartition("/")[2] for card in cards]
    opened = [AnswerLinks("", bench.clock).open(token) for token in tokens]
    assert {answer.user for answer in opened if answer} == {"li", "wang"}
    assert sent.confirmed is False


async def test_an_acknowledgement_stays_one_call_even_with_links(bench: Bench) -> None:
    await channel(bench, linked=True).send(ACK, ["li", "wang"], key=KEY)
    assert len(messages(bench)) == 1


async def test_choices_are_made_on_the_page(bench: Bench) -> None:
    picks = Select("days", "哪几天", (Option("1", "周一"), Option("2", "周二")), many=True)
    await channel(bench, linked=True).send(replace(DECISION, selects=(picks,)), ["li"], key=KEY)
    (message,) = messages(bench)
    assert message["action_card"]["single_title"] == "同意"


@pytest.mark.parametrize(
    "content",
    [
        Text("很长" * 3000),
        Markdown("很长\n" * 3000),
        replace(DECISION, body="很长" * 3000),
        replace(ACK, body='"' * 3000, buttons=(), link=Link("看", "https://h/x")),
    ],
)
@pytest.mark.parametrize("linked", [True, False])
async def test_everything_fits(bench: Bench, content: Content, linked: bool) -> None:
    await channel(bench, linked=linked).send(content, ["li"], key=KEY)
    (message,) = messages(bench)
    assert len(orjson.dumps(message)) <= limits.NOTICE_BYTES
    assert "后面略去" in str(message)
    assert "12:00:00" in str(message)


async def test_what_became_of_it(bench: Bench) -> None:
    bench.stub.answers[RESULT] = {
        "send_result": {
            "read_user_id_list": ["li"],
            "unread_user_id_list": ["wang", "elsewhere"],
            "failed_user_id_list": ["zhang"],
            "invalid_user_id_list": ["gone"],
            "forbidden_user_id_list": ["liu", "chen"],
            "forbidden_list": [
                {"code": "143105", "userid": "liu", "count": 1},
                {"code": 143106, "userid": "chen", "count": 1},
            ],
        }
    }
    people = ["li", "wang", "zhang", "gone", "liu", "chen", "yang"]
    told = await channel(bench).receipts("7001", people)
    assert {user: (receipt.state, receipt.code) for user, receipt in told.items()} == {
        "li": (ReceiptState.SEEN, 0),
        "wang": (ReceiptState.ARRIVED, 0),
        "zhang": (ReceiptState.FAILED, 0),
        "gone": (ReceiptState.FAILED, 60121),
        "liu": (ReceiptState.FAILED, 143105),
        "chen": (ReceiptState.FAILED, 143106),
    }
    assert "重复" in told["chen"].reason
    assert bench.stub.bodies(RESULT) == [{"agent_id": 3000001, "task_id": 7001}]


async def test_one_lost_call_is_one_persons(bench: Bench) -> None:
    async def script(_: web.Request, body: Any) -> web.Response:
        if body["userid_list"] == "wang":
            return web.Response(status=504)
        return web.json_response({"errcode": 0, "task_id": 7002})

    bench.stub.scripts[NOTICE] = script
    sent = await channel(bench, linked=True).send(DECISION, ["li", "wang"], key=KEY)
    assert sent.refused["wang"].failure is Failure.UNKNOWN
    assert sent.message_id == "7002"


@pytest.mark.parametrize(
    ("code", "failure"), [(90018, Failure.WINDOW), (60011, Failure.CONFIGURATION)]
)
async def test_limits_let_the_channel_rest(bench: Bench, code: int, failure: Failure) -> None:
    bench.failing(NOTICE, code)
    with pytest.raises(SendFailed) as caught:
        await channel(bench).send(Text("好"), ["li"], key=KEY)
    assert caught.value.failure is failure


async def test_it_is_never_repeated_or_redrawn(bench: Bench) -> None:
    with pytest.raises(SendFailed) as caught:
        await channel(bench).send(Text("好"), ["li"], key=KEY, again=True)
    assert caught.value.failure is Failure.UNKNOWN
    with pytest.raises(SendFailed):
        await channel(bench).redraw(ACK, ["li"], response_code="", key=KEY)
    assert bench.stub.calls[NOTICE] == 0


async def test_recall(bench: Bench) -> None:
    await channel(bench).recall("7001")
    assert bench.stub.bodies(RECALL) == [{"agent_id": 3000001, "msg_task_id": 7001}]


async def test_who_was_not_begun_in_time_is_sent_it_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice_channel, "BEGIN_WITHIN", 0.0)
    sent = await channel(bench, linked=True).send(DECISION, ["li", "wang"], key=KEY)
    assert {why.failure for why in sent.refused.values()} == {Failure.RETRY}
    assert bench.stub.calls[NOTICE] == 0
