"""The robot channel against the stub: few calls, partial results, repeats, redraws, receipts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.channels import AGAIN, Channel, Failure, ReceiptState, SendFailed, TellsReceipts
from bot.platforms.dingtalk.channel import ButtonLevel, DingTalkChannel
from bot.platforms.dingtalk.links import AnswerLinks
from bot.platforms.dingtalk.messages import DTMD
from models import sealed
from models.cards import Button, Card, Content, Fact, Markdown, Option, Select, Text
from tests.integration.dingtalk_stub import (
    BATCH,
    CREATE,
    READ,
    UPDATE,
    Bench,
    dingtalk_stub,
    refusal,
)
from tests.support.dingtalk_patience import impatient_calls

KEY = "task-1_A"
ACK = Card("8月5日(周三) 大夜", buttons=(Button("收到", "shifts.acknowledge"),))
DECISION = Card(
    "换班请审批",
    source="护铃 · 换班",
    facts=(Fact("病区", "重症医学科"),),
    buttons=(Button("批准", "swaps.approve"), Button("不批准", "swaps.refuse")),
)
EVERY: list[Content] = [Text("好"), Markdown("好"), ACK, DECISION]


@pytest.fixture(autouse=True)
def keys() -> None:
    sealed.install(sealed.KeyRing({"k1": bytes(32)}, "k1"))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with dingtalk_stub() as bench:
        bench.stub.answers[BATCH] = {
            "processQueryKey": "q-1",
            "invalidStaffIdList": [],
            "flowControlledStaffIdList": [],
        }
        bench.stub.scripts[CREATE] = created
        yield bench


async def created(_: web.Request, body: Any) -> web.Response:
    user = body["openSpaceId"].partition("IM_ROBOT.")[2]
    return delivered({"success": True, "carrierId": f"carrier-{user}", "spaceId": user})


def delivered(*results: dict[str, Any]) -> web.Response:
    return web.json_response({"success": True, "result": {"deliverResults": list(results)}})


def channel(bench: Bench, level: str = "template", **more: Any) -> DingTalkChannel:
    template = "t-1.schema" if level == "template" else ""
    links = AnswerLinks("https://ward.example", bench.clock) if level == "link" else None
    return DingTalkChannel(
        bench.client, **{"level": level, "card_template": template, "links": links, **more}
    )


async def test_it_keeps_the_ports(bench: Bench) -> None:
    kept: Channel = channel(bench)
    assert isinstance(kept, TellsReceipts)
    assert (kept.name, kept.batch, kept.ready) == ("dingtalk", 20, True)


@pytest.mark.parametrize("level", ["template", "command"])
@pytest.mark.parametrize("content", EVERY[:3])
async def test_what_needs_no_decision_is_one_call_for_twenty(
    bench: Bench, level: str, content: Content
) -> None:
    people = [f"u{n}" for n in range(20)]
    sent = await channel(bench, level).send(content, people, key=KEY)
    assert bench.counted == [("api", 1)]
    assert bench.stub.bodies(BATCH)[0]["userIds"] == people
    assert (sent.message_id, sent.refused, sent.response_code) == ("q-1", {}, "")


async def test_a_decision_is_one_card_a_person(bench: Bench) -> None:
    sent = await channel(bench).send(DECISION, ["li", "wang"], key=KEY)
    bodies = {body["outTrackId"]: body for body in bench.stub.bodies(CREATE)}
    assert bodies.keys() == {f"{KEY}~li", f"{KEY}~wang"}
    body = bodies[f"{KEY}~li"]
    assert body["callbackType"] == "STREAM"
    assert "callbackRouteKey" not in body
    assert body["cardTemplateId"] == "t-1.schema"
    assert body["openSpaceId"] == "dtv1.card//IM_ROBOT.li"
    assert body["imRobotOpenDeliverModel"] == {"spaceType": "IM_ROBOT", "robotCode": "dingapp"}
    assert body["imRobotOpenSpaceModel"]["supportForward"] is False
    assert body["cardData"]["cardParamMap"]["title"] == "换班请审批"
    assert sent.each == {"li": "carrier-li", "wang": "carrier-wang"}
    assert (sent.message_id, sent.response_code) == ("", AGAIN)


async def test_taps_come_over_http_where_a_route_is_registered(bench: Bench) -> None:
    await channel(bench, card_route="ward").send(DECISION, ["li"], key=KEY)
    body = bench.stub.bodies(CREATE)[0]
    assert (body["callbackType"], body["callbackRouteKey"]) == ("HTTP", "ward")


async def test_links_are_one_call_a_person(bench: Bench) -> None:
    await channel(bench, "link").send(ACK, ["li", "wang"], key=KEY)
    bodies = bench.stub.bodies(BATCH)
    urls = {
        body["userIds"][0]: json.loads(body["msgParam"])["singleURL"].rpartition("/")[2]
        for body in bodies
    }
    opened = {user: AnswerLinks("", bench.clock).open(url) for user, url in urls.items()}
    assert {user: answer and answer.user for user, answer in opened.items()} == {
        "li": "li",
        "wang": "wang",
    }


@pytest.mark.parametrize("content", EVERY)
@pytest.mark.parametrize("level", ["template", "link", "command"])
def test_only_interactive_cards_are_repeatable(bench: Bench, content: Content, level: str) -> None:
    wanted = content is DECISION and level == "template"
    assert channel(bench, level).repeatable(content) is wanted


async def test_a_partial_answer_is_told_person_by_person(bench: Bench) -> None:
    bench.stub.answers[BATCH] = {
        "processQueryKey": "q-2",
        "invalidStaffIdList": ["gone"],
        "flowControlledStaffIdList": ["busy"],
        "filteredStaffIdList": ["outside"],
    }
    people = ["li", "gone", "busy", "outside", "a;b"]
    sent = await channel(bench).send(Text("好"), people, key=KEY)
    assert bench.stub.bodies(BATCH)[0]["userIds"] == ["li", "gone", "busy", "outside"]
    assert {user: why.failure for user, why in sent.refused.items()} == {
        "gone": Failure.RECIPIENT,
        "busy": Failure.RETRY,
        "outside": Failure.RECIPIENT,
        "a;b": Failure.RECIPIENT,
    }
    assert sent.refused["busy"].wait == timedelta(minutes=1)
    assert sent.message_id == "q-2"


async def test_a_card_that_was_not_delivered_goes_to_the_next_rung(bench: Bench) -> None:
    async def script(request: web.Request, body: Any) -> web.Response:
        if body["outTrackId"].endswith("~gone"):
            return delivered({"success": False, "errorMsg": "no such user"})
        return await created(request, body)

    bench.stub.scripts[CREATE] = script
    sent = await channel(bench).send(DECISION, ["gone", "li"], key=KEY)
    assert sent.refused["gone"].failure is Failure.RECIPIENT
    assert sent.message_id == "carrier-li"


async def test_one_who_spoils_a_call_is_found(bench: Bench) -> None:
    async def script(_: web.Request, body: Any) -> web.Response:
        if "nochat" in body["userIds"]:
            return refusal(400, "robot.oto.notExist")
        return web.json_response({"processQueryKey": "q-" + body["userIds"][0]})

    bench.stub.scripts[BATCH] = script
    people = [*(f"u{n}" for n in range(7)), "nochat"]
    sent = await channel(bench).send(Text("好"), people, key=KEY)
    assert {user: why.failure for user, why in sent.refused.items()} == {
        "nochat": Failure.RECIPIENT
    }
    assert sent.each.keys() == set(people) - {"nochat"}


async def test_nobody_with_a_robot_chat_costs_three_calls(bench: Bench) -> None:
    bench.refusing(BATCH, 400, "robot.oto.notExist")
    people = [f"u{n}" for n in range(20)]
    sent = await channel(bench).send(Text("好"), people, key=KEY)
    assert {why.failure for why in sent.refused.values()} == {Failure.RECIPIENT}
    assert (len(sent.refused), bench.stub.calls[BATCH]) == (20, 3)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("send.too.fast", 400, Failure.WINDOW),
        ("Forbidden.AccessDenied.IpNotInWhiteList", 403, Failure.CONFIGURATION),
    ],
)
@pytest.mark.parametrize("content", [ACK, DECISION])
async def test_a_failure_of_everybody_is_the_whole_calls(
    bench: Bench, content: Card, code: str, status: int, expected: Failure
) -> None:
    bench.refusing(BATCH, status, code)
    bench.refusing(CREATE, status, code)
    with pytest.raises(SendFailed) as caught:
        await channel(bench).send(content, ["a;b", "li", "wang"], key=KEY)
    assert caught.value.failure is expected


@pytest.mark.parametrize("content", [ACK, DECISION])
async def test_a_fault_of_the_server_leaves_open_what_happened(
    bench: Bench, content: Card
) -> None:
    bench.refusing(BATCH, 500, "system.error")
    bench.refusing(CREATE, 500, "system.busy")
    sent = await channel(bench).send(content, ["a;b", "li", "wang"], key=KEY)
    assert {user: why.failure for user, why in sent.refused.items()} == {
        "a;b": Failure.RECIPIENT,
        "li": Failure.UNKNOWN,
        "wang": Failure.UNKNOWN,
    }


@pytest.mark.parametrize("code", ["param.templateNotExist", "param.templateUnpublished"])
async def test_without_a_template_the_decision_still_arrives(bench: Bench, code: str) -> None:
    bench.refusing(CREATE, 400, code)
    cards = channel(bench)
    with capture_logs() as logs:
        sent = await cards.send(DECISION, ["li", "wang"], key=KEY)
        await cards.send(DECISION, ["li"], key="task-2")
    assert bench.stub.calls[CREATE] == 2  # one to find out, each time
    body = bench.stub.bodies(BATCH)[0]
    assert (body["userIds"], body["msgKey"]) == (["li", "wang"], "sampleActionCard6")
    assert json.loads(body["msgParam"])["buttonUrl1"].startswith(DTMD)
    assert (sent.message_id, sent.response_code) == ("q-1", "")
    loud = [line for line in logs if line["event"] == "dingtalk_cards_unusable"]
    assert len(loud) == 1
    assert "wardbell-card.json" in loud[0]["cure"]


async def test_a_missing_right_falls_back_to_links_where_there_are_some(bench: Bench) -> None:
    bench.refusing(CREATE, 403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    links = AnswerLinks("https://ward.example", bench.clock)
    await channel(bench, links=links).send(DECISION, ["li"], key=KEY)
    url = json.loads(bench.stub.bodies(BATCH)[0]["msgParam"])["buttonUrl1"]
    assert url.startswith("https://ward.example/a/k1.")


async def test_what_the_template_cannot_show_is_sent_in_words(bench: Bench) -> None:
    card = replace(DECISION, buttons=tuple(Button(f"选{n}", f"v{n}") for n in range(5)))
    await channel(bench).send(card, ["li"], key=KEY)
    assert bench.stub.calls[CREATE] == 0
    assert bench.stub.bodies(BATCH)[0]["msgKey"] == "sampleActionCard5"


async def test_a_lost_creation_is_looked_for_before_it_is_repeated(bench: Bench) -> None:
    over = asyncio.Event()
    cards = channel(bench)
    await cards.send(DECISION, ["zhao"], key="task-0")
    bench.silent(CREATE, over.wait)
    with impatient_calls(), pytest.raises(SendFailed) as caught:
        await cards.send(DECISION, ["li", "wang"], key=KEY)
    assert caught.value.failure is Failure.UNKNOWN
    over.set()
    bench.stub.scripts[CREATE] = created

    async def known(_: web.Request, body: Any) -> web.Response:
        missing = body["outTrackId"].endswith("~wang")
        return refusal(400, "param.cardNotExist") if missing else web.json_response({})

    bench.stub.scripts[UPDATE] = known
    bench.stub.asked.clear()
    sent = await cards.send(DECISION, ["li", "wang"], key=KEY, again=True)
    assert [body["outTrackId"] for body in bench.stub.bodies(CREATE)] == [f"{KEY}~wang"]
    assert sent.refused == {}
    probes = bench.stub.bodies(UPDATE)
    assert all(body["cardData"] == {"cardParamMap": {"source": "护铃 · 换班"}} for body in probes)
    assert all(body["cardUpdateOptions"]["updateCardDataByKey"] is True for body in probes)


async def test_a_repeat_never_falls_back(bench: Bench) -> None:
    """The first call may have sent the message in place of the card; nobody gets it twice."""
    bench.refusing(UPDATE, 400, "param.cardNotExist")
    bench.refusing(CREATE, 400, "param.templateNotExist")
    sent = await channel(bench).send(DECISION, ["li"], key=KEY, again=True)
    assert sent.refused["li"].failure is Failure.UNKNOWN
    with pytest.raises(SendFailed) as caught:
        await channel(bench, "command").send(DECISION, ["li"], key=KEY, again=True)
    assert caught.value.failure is Failure.UNKNOWN
    assert bench.stub.calls[BATCH] == 0


async def test_a_card_that_exists_already_has_arrived(bench: Bench) -> None:
    bench.refusing(CREATE, 400, "param.cardAlreadyExist")
    sent = await channel(bench).send(DECISION, ["li"], key=KEY)
    assert (sent.refused, sent.response_code) == ({}, AGAIN)


async def test_one_persons_lost_card_is_theirs_alone(bench: Bench) -> None:
    async def script(request: web.Request, body: Any) -> web.Response:
        if body["outTrackId"].endswith("~wang"):
            assert request.transport is not None
            request.transport.abort()
        return await created(request, body)

    bench.stub.scripts[CREATE] = script
    sent = await channel(bench).send(DECISION, ["li", "wang"], key=KEY)
    assert sent.refused["wang"].failure is Failure.UNKNOWN
    assert sent.message_id == "carrier-li"


async def test_a_redraw_updates_by_key_any_number_of_times(bench: Bench) -> None:
    closed = replace(DECISION, closed="赵护士长已批准 14:05")
    cards = channel(bench)
    code = await cards.redraw(closed, ["li", "wang"], response_code=AGAIN, key=KEY)
    again = await cards.redraw(closed, ["li"], response_code=code, key=KEY)
    assert (code, again) == (AGAIN, AGAIN)
    body = bench.stub.bodies(UPDATE)[0]
    assert body["outTrackId"] == f"{KEY}~li"
    assert body["cardUpdateOptions"] == {
        "updateCardDataByKey": True,
        "updatePrivateDataByKey": True,
    }
    assert body["cardData"]["cardParamMap"]["closed"] == "赵护士长已批准 14:05"
    assert body["cardData"]["cardParamMap"]["buttons"] == "[]"


async def test_a_redraw_that_may_pass_is_tried_again(bench: Bench) -> None:
    async def script(_: web.Request, body: Any) -> web.Response:
        if body["outTrackId"].endswith("~li"):
            return refusal(400, "param.cardNotExist")  # had the message in place of the card
        return refusal(500, "system.busy")

    bench.stub.scripts[UPDATE] = script
    closed = replace(DECISION, closed="已过期")
    with pytest.raises(SendFailed) as caught:
        await channel(bench).redraw(closed, ["li", "wang"], response_code=AGAIN, key=KEY)
    assert caught.value.failure is Failure.RETRY


async def test_a_message_cannot_be_redrawn(bench: Bench) -> None:
    with pytest.raises(SendFailed) as caught:
        await channel(bench).redraw(DECISION, ["li"], response_code="", key=KEY)
    assert caught.value.failure is Failure.REQUEST
    assert bench.stub.calls[UPDATE] == 0


async def test_receipts_tell_who_has_read(bench: Bench) -> None:
    bench.stub.answers[READ] = {
        "sendStatus": "SUCCESS",
        "messageReadInfoList": [
            {"userId": "li", "name": "李小样", "readStatus": "READ"},
            {"userId": "wang", "name": "王小样", "readStatus": "UNREAD"},
            {"userId": "other", "readStatus": "READ"},
        ],
    }
    told = await channel(bench).receipts("q+/=1", ["li", "wang", "zhao"])
    assert {user: receipt.state for user, receipt in told.items()} == {
        "li": ReceiptState.SEEN,
        "wang": ReceiptState.ARRIVED,
    }
    assert bench.stub.asked[-1].query == {"robotCode": "dingapp", "processQueryKey": "q+/=1"}


async def test_recall_uses_the_lower_case_path(bench: Bench) -> None:
    await channel(bench).recall("q-1")
    assert bench.stub.asked[-1].api == "robot/otoMessages/batchRecall"
    bench.stub.answers["robot/otoMessages/batchRecall"] = {"failedResult": {"q-1": "too late"}}
    with pytest.raises(SendFailed, match="too late"):
        await channel(bench).recall("q-1")


@pytest.mark.parametrize(("level", "template"), [("template", ""), ("link", "t"), ("none", "t")])
def test_a_level_needs_what_it_needs(bench: Bench, level: str, template: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        DingTalkChannel(bench.client, level=level, card_template=template)


async def test_too_many_receivers_are_our_fault(bench: Bench) -> None:
    with pytest.raises(SendFailed) as caught:
        await channel(bench).send(Text("好"), [f"u{n}" for n in range(21)], key=KEY)
    assert caught.value.failure is Failure.REQUEST


async def test_choices_make_a_decision(bench: Bench) -> None:
    chosen = replace(
        ACK, selects=(Select("reason", "理由", (Option("1", "忙"), Option("2", "病"))),)
    )
    await channel(bench, ButtonLevel.TEMPLATE).send(chosen, ["li"], key=KEY)
    assert bench.stub.calls[CREATE] == 1


@pytest.mark.parametrize("content", [ACK, DECISION])
async def test_a_used_up_month_is_found_out_with_few_calls(bench: Bench, content: Card) -> None:
    """It lets everybody climb to another channel, but is not about one of them."""
    code = "Forbidden.AccessDenied.ApiCountLimitForOrg"
    bench.refusing(BATCH, 403, code)
    bench.refusing(CREATE, 403, code)
    sent = await channel(bench).send(content, ["li", "wang"], key=KEY)
    assert {why.code for why in sent.refused.values()} == {90020}
    assert {why.failure for why in sent.refused.values()} == {Failure.RECIPIENT}
    assert bench.stub.calls[BATCH] + bench.stub.calls[CREATE] <= 2


async def test_a_limit_for_others_does_not_send_a_doubtful_card_again(bench: Bench) -> None:
    async def script(_: web.Request, body: Any) -> web.Response:
        if body["outTrackId"].endswith("~li"):
            return web.json_response({"success": True, "result": {}})
        return refusal(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")

    bench.stub.scripts[CREATE] = script
    sent = await channel(bench).send(DECISION, ["li", "wang"], key=KEY)
    assert sent.refused["li"].failure is Failure.UNKNOWN
    assert sent.refused["wang"].failure is Failure.WINDOW
