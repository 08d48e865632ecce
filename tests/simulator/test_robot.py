"""The smart robot's frames as a plain client sees them (D101463, D101027)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.simulator.bench import button_card, choice_card, notice_card
from tests.simulator.robot_bench import RobotBench, robot_bench


@pytest_asyncio.fixture
async def r() -> AsyncIterator[RobotBench]:
    async with robot_bench() as running:
        yield running


@pytest_asyncio.fixture
async def greeted() -> AsyncIterator[RobotBench]:
    async with robot_bench(greeted=True) as running:
        yield running


def markdown(text: str = "好") -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": text}}


async def test_nothing_works_before_subscribing(r: RobotBench) -> None:
    async with r.connected(subscribed=False) as robot:
        assert await robot.ask("ping") == 846609
        assert await robot.push("markdown", {"content": "早"}) == 846609
        assert await robot.subscribe(secret="wrong") == 853000
        assert await robot.ask("ping") == 846609
        assert await robot.subscribe() == 0
        assert await robot.ask("ping") == 0
    assert (await r.get("/sim/calls?errors=1"))[-1]["errcode"] == 853000


async def test_an_unknown_or_unreadable_frame_is_refused_and_the_line_stays(r: RobotBench) -> None:
    async with r.connected() as robot:
        assert await robot.ask("aibot_dance") == 40066
        await robot.ws.send_str("{")
        assert (await robot.ws.receive_json())["errcode"] == 40066
        assert await robot.ask("ping") == 0


async def test_a_new_subscriber_throws_out_the_older(r: RobotBench) -> None:
    async with r.connected() as older, r.connected() as newer:
        told = await older.callback()
        assert told["body"]["event"]["eventtype"] == "disconnected_event"
        assert told["body"]["msgid"]
        assert await older.gone()
        assert await newer.ask("ping") == 0
        [line] = await r.get("/sim/robot/connections")
        assert line["live"]
        assert line["pings"] == 1


async def test_a_word_and_its_answer(r: RobotBench) -> None:
    async with r.connected() as robot:
        said = r.say("我的班")
        heard = await robot.callback()
        body = heard["body"]
        assert heard["cmd"] == "aibot_msg_callback"
        assert body["from"] == {"userid": "lixiaoyan"}
        assert (body["msgtype"], body["text"]) == ("text", {"content": "我的班"})
        assert (body["chattype"], body["aibotid"]) == ("single", "aibsamplebot")
        req_id = heard["headers"]["req_id"]
        assert await robot.ask("aibot_respond_msg", markdown("明天休息"), req_id) == 0
        assert await robot.ask("aibot_respond_msg", markdown("再说"), req_id) == 846606
        assert await robot.ask("aibot_respond_msg", markdown(), "unheard-of") == 846605
        outcome = await said
    assert (outcome["status"], outcome["reply"]) == ("ok", "明天休息")
    [message] = await r.messages()
    assert message["app"] == {"agentid": "robot", "name": "护铃智能机器人"}
    assert message["text"] == "明天休息"


async def test_plain_text_is_no_answer(r: RobotBench) -> None:
    r.hasty()
    async with r.connected() as robot:
        said = r.say("在吗")
        req_id = (await robot.callback())["headers"]["req_id"]
        text = {"msgtype": "text", "text": {"content": "在"}}
        assert await robot.ask("aibot_respond_msg", text, req_id) == 40008
        assert (await said)["status"] == "timeout"
        r.sim.clock.move(timedelta(days=1, seconds=1))
        assert await robot.ask("aibot_respond_msg", markdown(), req_id) == 846604


async def test_a_stream_grows_until_it_is_finished(r: RobotBench) -> None:
    async with r.connected() as robot:
        said = r.say("说明")
        req_id = (await robot.callback())["headers"]["req_id"]

        async def stream(content: str, finish: bool, name: str = "s1") -> int:
            body = {"id": name, "finish": finish, "content": content}
            whole = {"msgtype": "stream", "stream": body}
            return await robot.ask("aibot_respond_msg", whole, req_id)

        assert await stream("正在查", False) == 0
        assert (await r.messages())[0]["text"] == "正在查"
        assert await stream("别的", False, "s2") == 846606
        assert await stream("长" * 6827, True) == 40058
        assert await stream("查到了", True) == 0
        assert await stream("还有", True) == 846606
        assert (await said)["reply"] == "查到了"
    assert [m["text"] for m in await r.messages()] == ["查到了"]


async def test_a_stream_left_open_expires(r: RobotBench) -> None:
    r.hasty()
    async with r.connected() as robot:
        said = r.say("说明")
        req_id = (await robot.callback())["headers"]["req_id"]
        body = {"msgtype": "stream", "stream": {"id": "s", "finish": False, "content": "…"}}
        assert await robot.ask("aibot_respond_msg", body, req_id) == 0
        r.sim.clock.move(timedelta(minutes=7))
        assert await robot.ask("aibot_respond_msg", body, req_id) == 846608
        await said


async def test_sending_needs_that_the_person_wrote_before(r: RobotBench) -> None:
    r.hasty()
    async with r.connected() as robot:
        assert await robot.push("markdown", {"content": "早"}) == 846607
        said = r.say("你好")
        await robot.callback()
        assert await robot.push("markdown", {"content": "早"}) == 0
        assert await robot.push("text", {"content": "早"}) == 40008
        assert await robot.push("markdown", {"content": "长" * 6827}) == 40058
        assert await robot.push("markdown", {"content": ""}) == 44004
        assert await robot.push("markdown", {"content": "早"}, "nobody") == 93006
        await said
    assert [m["text"] for m in await r.messages()] == ["早"]


async def test_each_chat_takes_thirty_a_minute(greeted: RobotBench) -> None:
    async with greeted.connected() as robot:
        codes = [await robot.push("markdown", {"content": f"{n}"}) for n in range(31)]
        assert codes == [0] * 30 + [846607]
        assert await robot.push("markdown", {"content": "早"}, "wanglei") == 0


async def test_cards_keep_the_rules_of_the_app_and_one_task_id_per_robot(
    greeted: RobotBench,
) -> None:
    async with greeted.connected() as robot:
        assert await robot.push("template_card", button_card("t1")) == 0
        assert await robot.push("template_card", button_card("t1"), "wanglei") == 846625
        assert await robot.push("template_card", button_card("t2", button_list=[])) == 42037
        assert await robot.push("template_card", notice_card(card_action=None)) == 42045
        assert await robot.push("template_card", notice_card()) == 0
    assert [m["card"]["type"] for m in await greeted.messages()] == [
        "button_interaction",
        "text_notice",
    ]


def redrawn(task_id: str, **more: Any) -> dict[str, Any]:
    card = {**button_card(task_id), "replace_text": "已同意", **more}
    return {"response_type": "update_template_card", "template_card": card}


async def test_a_tap_is_answered_by_redrawing_the_card(greeted: RobotBench) -> None:
    async with greeted.connected() as robot:
        await robot.push("template_card", button_card("t1"))
        [card] = await greeted.messages()
        tapped = greeted.tap(card["seq"], "同意")
        heard = await robot.callback()
        event = heard["body"]["event"]
        assert event["template_card_event"] == {
            "card_type": "button_interaction",
            "event_key": "ok",
            "task_id": "t1",
        }
        req_id, cmd = heard["headers"]["req_id"], "aibot_respond_update_msg"
        assert await robot.ask("aibot_respond_msg", markdown(), req_id) == 846605
        assert await robot.ask(cmd, redrawn("t9"), req_id) == 846625
        assert await robot.ask(cmd, redrawn("t1"), req_id) == 0
        assert await robot.ask(cmd, redrawn("t1"), req_id) == 846606
        outcome = await tapped
    assert outcome["status"] == "ok"
    assert "已同意" in outcome["reply"]
    [card] = await greeted.messages()
    assert card["card"]["closed"]


async def test_choices_come_along_in_both_nestings(greeted: RobotBench) -> None:
    greeted.hasty()
    async with greeted.connected() as robot:
        await robot.push("template_card", choice_card("m1"))
        [card] = await greeted.messages()
        wanted = {"selected_item": [{"question_key": "day", "option_ids": {"option_id": ["d1"]}}]}
        tapped = greeted.tap(card["seq"], "提交", selected="d1")
        event = (await robot.callback())["body"]["event"]
        assert event["template_card_event"]["selected_items"] == wanted
        await tapped
        await greeted.post("/sim/robot/events", {"flat": True})
        tapped = greeted.tap(card["seq"], "提交", selected="d1")
        event = (await robot.callback())["body"]["event"]
        assert event["selected_items"] == wanted
        assert event["task_id"] == "m1"
        await tapped


async def test_a_card_cannot_be_redrawn_late(greeted: RobotBench) -> None:
    greeted.hasty()
    async with greeted.connected() as robot:
        await robot.push("template_card", button_card("t1"))
        [card] = await greeted.messages()
        tapped = greeted.tap(card["seq"], "同意")
        req_id = (await robot.callback())["headers"]["req_id"]
        assert (await tapped)["status"] == "timeout"
        assert await robot.ask("aibot_respond_update_msg", redrawn("t1"), req_id) == 846604


async def test_words_after_a_tap_count_as_its_answer(greeted: RobotBench) -> None:
    async with greeted.connected() as robot:
        await robot.push("template_card", button_card("t1"))
        [card] = await greeted.messages()
        tapped = greeted.tap(card["seq"], "拒绝")
        await robot.callback()
        assert await robot.push("markdown", {"content": "已经有人接了"}) == 0
        assert (await tapped)["reply"] == "已经有人接了"


async def test_coming_in_is_told_once_a_day_and_welcomed(r: RobotBench) -> None:
    path, body = "/sim/phones/lixiaoyan/enter", {"agentid": "robot"}
    async with r.connected() as robot:
        entered = r.begins(path, body)
        heard = await robot.callback()
        assert heard["body"]["event"] == {"eventtype": "enter_chat", "enter_chat": {}}
        welcome = {"msgtype": "text", "text": {"content": "您好"}}
        req_id = heard["headers"]["req_id"]
        assert await robot.ask("aibot_respond_welcome_msg", markdown(), req_id) == 40008
        assert await robot.ask("aibot_respond_welcome_msg", welcome, req_id) == 0
        assert (await entered)["reply"] == "您好"
        assert (await r.post(path, body))["attempts"] == 0
        assert await robot.push("markdown", {"content": "早"}) == 846607


async def test_feedback_is_told_and_needs_no_answer(r: RobotBench) -> None:
    async with r.connected() as robot:
        done = await r.post("/sim/robot/feedback/lixiaoyan", {"type": 2})
        assert done["status"] == "ok"
        event = (await robot.callback())["body"]["event"]
        assert event["feedback_event"]["type"] == 2


async def test_a_group_mentions_the_robot(r: RobotBench) -> None:
    path = "/sim/robot/groups/wr1"
    async with r.connected() as robot:
        body = {"as": "wanglei", "text": "我的班"}
        said = r.begins(f"{path}/say", body)
        heard = await robot.callback()
        assert (heard["body"]["chattype"], heard["body"]["chatid"]) == ("group", "wr1")
        assert heard["body"]["text"]["content"] == "@护铃智能机器人 我的班"
        req_id = heard["headers"]["req_id"]
        assert await robot.ask("aibot_respond_msg", markdown("请私聊"), req_id) == 0
        assert (await said)["reply"] == "请私聊"
    assert [m["text"] for m in await r.get(f"{path}/messages")] == ["请私聊"]
    assert await r.messages("wanglei") == []


async def test_nobody_listens(r: RobotBench) -> None:
    assert (await r.say("在吗"))["status"] == "unheard"
    async with r.connected() as robot:
        said = r.say("在吗")
        await robot.callback()
        await r.post("/sim/robot/connections/live/drop")
        assert (await said)["status"] == "unreachable"
        assert await robot.gone()


async def test_a_frozen_line_hears_and_says_nothing(greeted: RobotBench) -> None:
    greeted.hasty()
    async with greeted.connected() as robot:
        await greeted.post("/sim/robot/connections/live/freeze")
        req_id = await robot.send("ping")
        assert (await greeted.say("在吗"))["status"] == "timeout"
        [line] = await greeted.get("/sim/robot/connections")
        assert line["frozen"]
        assert line["pings"] == 0
        await greeted.post("/sim/robot/connections/live/thaw")
        frame = await robot.ws.receive_json()
        assert frame["headers"]["req_id"] == req_id


async def test_the_platform_can_end_a_connection(r: RobotBench) -> None:
    async with r.connected() as robot:
        await r.post("/sim/robot/connections/live/disconnect")
        assert (await robot.callback())["body"]["event"]["eventtype"] == "disconnected_event"
        assert await robot.gone()


@pytest.mark.parametrize(
    ("kind", "arrives", "cut"),
    [
        ("accepted_then_timeout", True, False),
        ("black_hole", False, False),
        ("reset_after_bytes", True, True),
    ],
)
async def test_sends_without_an_ack(
    greeted: RobotBench, kind: str, arrives: bool, cut: bool
) -> None:
    fault = {"kind": kind, "api": "aibot_send_msg", "count": 1}
    async with greeted.connected() as robot:
        await greeted.post("/sim/faults", fault)
        body = {"chatid": "lixiaoyan", "chat_type": 1, **markdown("早")}
        await robot.send("aibot_send_msg", body)
        if cut:
            assert await robot.gone()
        else:
            assert await robot.ask("ping") == 0
    assert [m["text"] for m in await greeted.messages()] == ["早"] * arrives


async def test_codes_and_slow_acks_on_request(greeted: RobotBench) -> None:
    async with greeted.connected() as robot:
        await greeted.post("/sim/faults", {"kind": "slow", "api": "aibot_send_msg", "ms": 30})
        await greeted.post(
            "/sim/faults",
            {"kind": "rate_limit", "api": "aibot_*", "errcode": 846609, "count": 1},
        )
        assert await robot.push("markdown", {"content": "早"}) == 846609
        assert await robot.push("markdown", {"content": "早"}) == 0
    assert (await greeted.get("/sim/calls"))[-1]["took_ms"] >= 30


async def test_a_doubled_callback_carries_the_same_msgid(r: RobotBench) -> None:
    r.hasty()
    await r.post("/sim/faults", {"kind": "callback_duplicate", "count": 1})
    async with r.connected() as robot:
        said = r.say("我的班")
        first, second = await robot.callback(), await robot.callback()
        assert first == second
        await said


async def test_a_reset_forgets_chats_and_keeps_the_line(r: RobotBench) -> None:
    r.hasty()
    async with r.connected() as robot:
        said = r.say("你好")
        await robot.callback()
        await said
        await r.post("/sim/reset")
        assert await robot.push("markdown", {"content": "早"}) == 846607
        assert await r.messages() == []


async def test_a_member_outside_its_range_has_no_robot(r: RobotBench) -> None:
    assert r.sim.world.robot is not None
    r.sim.world.robot.members = ["wanglei"]
    refusal = await r.post("/sim/phones/lixiaoyan/say", {"text": "在", "agentid": "robot"})
    assert "robot" in refusal["error"]
    async with r.connected() as robot:
        assert await robot.push("markdown", {"content": "早"}) == 93006
