"""What the bot hears when people write and tap, and what its answers do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from aiohttp import web

from simulator.inner import Field
from tests.simulator.bench import AGENT, KEY, TOKEN, Bench, button_card, choice_card, vote_card


async def test_words_reach_the_bot_signed_and_sealed(b: Bench) -> None:
    done = await b.say("我的班 ]]> & <b>")
    assert done["status"] == "ok"
    assert done["attempts"] == 1
    event = b.bot.heard[0]
    assert (event["MsgType"], event["Content"]) == ("text", "我的班 ]]> & <b>")
    assert event["FromUserName"] == "lixiaoyan"
    assert event["AgentID"] == str(AGENT)
    assert event["MsgId"].isdecimal()


async def test_silence_is_retried_three_times_with_the_same_message(b: Bench) -> None:
    async def silent(_event: dict[str, Any]) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    b.bot.answer = silent
    b.hasty()
    done = await b.say("在吗")
    assert (done["status"], done["attempts"]) == ("timeout", 4)
    assert [c["attempt"] for c in await b.get("/sim/calls?api=text")] == [1, 2, 3, 4]


async def test_every_try_carries_the_same_message(b: Bench) -> None:
    async def fourth_time(_event: dict[str, Any]) -> web.Response:
        if len(b.bot.heard) < 4:
            await asyncio.Event().wait()
        return web.Response()

    b.bot.answer = fourth_time
    b.hasty()
    # A try that is given up before it arrived does not count.
    b.sim.pace = replace(b.sim.pace, retries=100)
    assert (await b.say("在吗"))["status"] == "ok"
    assert len(b.bot.heard) >= 4
    assert len({(e["MsgId"], e["CreateTime"]) for e in b.bot.heard}) == 1


async def test_an_error_answer_is_retried_until_it_is_well(b: Bench) -> None:
    async def second_time(_event: dict[str, Any]) -> web.Response:
        return web.Response(status=503 if len(b.bot.heard) == 1 else 200)

    b.bot.answer = second_time
    done = await b.say("在吗")
    assert (done["status"], done["attempts"]) == ("ok", 2)


async def test_a_closed_port_is_unreachable(b: Bench) -> None:
    assert b.app.callback
    b.app.callback.url = "http://127.0.0.1:1/wecom"
    done = await b.say("在吗")
    assert (done["status"], done["attempts"]) == ("unreachable", 4)


async def test_a_passive_text_lands_in_the_phone(b: Bench) -> None:
    async def hello(_event: dict[str, Any]) -> web.Response:
        return b.bot.reply([("MsgType", "text"), ("Content", "您好")])

    b.bot.answer = hello
    assert (await b.say("在吗"))["reply"] == "您好"
    last = await b.last()
    assert (last["direction"], last["text"]) == ("in", "您好")


async def test_an_unsealed_reply_is_refused_and_logged(b: Bench) -> None:
    async def plain(_event: dict[str, Any]) -> web.Response:
        return web.Response(text="success")

    b.bot.answer = plain
    done = await b.say("在吗")
    assert done["reply"] is None
    assert "not XML" in done["problem"]
    assert (await b.get("/sim/calls?errors=1"))[0]["api"] == "text"


async def test_a_tap_sends_key_task_and_a_fresh_response_code(b: Bench) -> None:
    await b.card(button_card())
    assert (await b.tap("同意"))["key"] == "ok"
    assert (await b.tap(1))["key"] == "no"
    first, second = b.bot.heard
    assert (first["Event"], first["EventKey"]) == ("template_card_event", "ok")
    assert (first["TaskId"], first["CardType"]) == ("t1", "button_interaction")
    assert first["ResponseCode"] != second["ResponseCode"]
    assert "MsgId" not in first
    assert "SelectedItems" not in first


async def test_choices_come_back_as_selected_items(b: Bench) -> None:
    await b.card(vote_card(mode=1))
    await b.tap("提交", selected=["a", "b"])
    item = b.bot.heard[0]["SelectedItems"]["SelectedItem"]
    assert item == {"QuestionKey": "slot", "OptionIds": {"OptionId": ["a", "b"]}}


async def test_an_untouched_selector_sends_its_preset(b: Bench) -> None:
    await b.card(choice_card())
    await b.tap("提交")
    item = b.bot.heard[0]["SelectedItems"]["SelectedItem"]
    assert item["OptionIds"] == {"OptionId": "d2"}


async def test_a_single_choice_takes_only_one(b: Bench) -> None:
    await b.card(vote_card())
    refused = await b.tap("提交", selected=["a", "b"])
    assert refused["error"] == "only one choice is allowed"
    assert (await b.tap("提交", selected="c"))["error"].startswith("no such choice")


async def test_a_passive_button_greys_only_the_tappers_card(b: Bench) -> None:
    async def grey(_event: dict[str, Any]) -> web.Response:
        return b.bot.reply([("MsgType", "update_button"), ("Button", [("ReplaceName", "已同意")])])

    b.bot.answer = grey
    await b.card(button_card(), touser="lixiaoyan|wanglei")
    await b.tap("同意")
    assert (await b.last())["card"]["replace_text"] == "已同意"
    assert (await b.last("wanglei"))["card"]["closed"] is False


async def test_a_passive_card_replaces_the_card(b: Bench) -> None:
    async def redraw(_event: dict[str, Any]) -> web.Response:
        fact: Field = ("HorizontalContentList", [("KeyName", "结果"), ("Value", "同意")])
        card: list[Field] = [
            ("CardType", "text_notice"),
            ("MainTitle", [("Title", "已处理")]),
            fact,
            fact,
            ("CardAction", [("Type", 1), ("Url", "https://example.org")]),
        ]
        return b.bot.reply([("MsgType", "update_template_card"), ("TemplateCard", card)])

    b.bot.answer = redraw
    await b.card(button_card())
    before = await b.last()
    assert "已处理" in (await b.tap("同意"))["reply"]
    now = await b.last()
    assert (now["seq"], now["card"]["title"]) == (before["seq"], "已处理")
    assert [f["value"] for f in now["card"]["facts"]] == ["同意", "同意"]
    assert now["rev"] > before["rev"]


async def test_a_grey_card_is_tapped_only_by_force(b: Bench) -> None:
    sent = await b.card(button_card())
    body = {
        "agentid": AGENT,
        "response_code": sent["response_code"],
        "atall": 1,
        "template_card": button_card(replace_text="已过期"),
    }
    assert (await b.call("message/update_template_card", body))["errcode"] == 0
    assert (await b.tap("同意"))["error"] == "the card is closed"
    assert (await b.tap("同意", force=True))["status"] == "ok"
    assert b.bot.heard[0]["EventKey"] == "ok"


async def test_entering_and_subscribing_are_events(b: Bench) -> None:
    await b.post("/sim/phones/wanglei/enter")
    await b.post("/sim/phones/wanglei/event", {"event": "subscribe"})
    assert [e["Event"] for e in b.bot.heard] == ["enter_agent", "subscribe"]


async def test_saving_a_callback_verifies_the_url(b: Bench) -> None:
    assert b.app.callback
    good = {"url": b.app.callback.url, "token": TOKEN, "aes_key": KEY}
    path = f"/sim/apps/{AGENT}/callback"
    assert (await b.post(path, good))["verified"] is True
    bad = await b.post(path, good | {"token": "other"})
    assert "not verified" in bad["error"]
    assert b.app.callback.token == TOKEN


async def test_a_directory_change_is_told_to_the_contacts_app(b: Bench) -> None:
    contacts = b.sim.world.apps[2000002]
    contacts.callback = b.app.callback
    assert (await b.post("/sim/contacts", {"change": "delete_user", "userid": "wanglei"}))[
        "status"
    ] == "ok"
    event = b.bot.heard[0]
    assert (event["Event"], event["ChangeType"]) == ("change_contact", "delete_user")
    assert (event["FromUserName"], event["UserID"]) == ("sys", "wanglei")
    assert (await b.text(touser="wanglei"))["errcode"] == 81013
