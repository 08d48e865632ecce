"""WeChat customer service as the bot and the candidates see it (D94670, D94677, D95122)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from simulator.hospital import BadHospital, parse
from simulator.sample import SAMPLE
from tests.simulator.kf_bench import KF, KFID, LUO, OTHER_KFID, QIN, WELCOME, KfBench, kf_bench


@pytest_asyncio.fixture
async def k() -> AsyncIterator[KfBench]:
    async with kf_bench() as running:
        yield running


async def test_a_link_binds_its_parameter_to_whoever_opens_it(k: KfBench) -> None:
    url = await k.link("interview")
    assert url.startswith("https://work.weixin.qq.com/kfid/")
    assert (await k.enter(url + "&scene_param=a%3D1%26b"))["status"] == "ok"
    [row] = await k.pulled()
    assert (row["origin"], row["msgtype"]) == (4, "event")
    assert "external_userid" not in row
    event = row["event"]
    assert event.pop("welcome_code")
    assert event == {
        "event_type": "enter_session",
        "open_kfid": KFID,
        "external_userid": QIN,
        "scene": "interview",
        "scene_param": "a=1&b",
    }


@pytest.mark.parametrize("spoilt", ["&more=1", "&scene_param=" + "x" * 129])
async def test_an_altered_link_opens_the_chat_and_tells_nobody(k: KfBench, spoilt: str) -> None:
    assert (await k.enter(await k.link() + spoilt))["status"] == "altered_link"
    assert await k.pulled() == []
    assert (await k.say())["status"] == "ok"
    assert "error" in await k.enter("https://work.weixin.qq.com/kfid/kfcnobodys")


async def test_a_scene_of_another_account_is_altered(k: KfBench) -> None:
    mine, other = await k.link(), await k.call("add_contact_way", open_kfid=OTHER_KFID, scene="x")
    mixed = mine.split("?")[0] + "?" + other["url"].split("?")[1]
    assert (await k.enter(mixed))["status"] == "altered_link"
    assert (await k.enter(await k.link("")))["status"] == "ok"
    [row] = await k.pulled()
    assert (row["event"]["scene"], row["event"]["scene_param"]) == ("", "")


async def test_the_doorbell_has_a_token_and_names_nobody(k: KfBench) -> None:
    await k.enter()
    [heard] = k.b.bot.heard
    assert heard["Event"] == "kf_msg_or_event"
    assert heard["OpenKfId"] == KFID
    assert not {"FromUserName", "AgentID"} & set(heard)
    assert (await k.pull(token=heard["Token"]))["errcode"] == 0
    assert (await k.pull(token=heard["Token"], open_kfid=OTHER_KFID))["errcode"] == 95007
    k.move(minutes=10, seconds=1)
    assert (await k.pull(token=heard["Token"]))["errcode"] == 95007
    assert (await k.pull())["errcode"] == 0


async def test_pulling_without_a_token_is_strictly_limited(k: KfBench) -> None:
    codes = [(await k.pull())["errcode"] for _ in range(11)]
    assert codes == [0] * 10 + [45009]
    k.move(minutes=1)
    assert (await k.pull())["errcode"] == 0


async def test_pages_follow_the_cursor_and_may_be_empty(k: KfBench) -> None:
    await k.enter()
    for text in ("一", "二", "三"):
        await k.say(text)
    await k.b.post("/sim/kf/pages", {"most": 3, "empties": 1})
    empty = await k.pull()
    assert (empty["msg_list"], empty["has_more"]) == ([], 1)
    first = await k.pull(empty["next_cursor"])
    second = await k.pull(first["next_cursor"])
    assert (len(first["msg_list"]), first["has_more"]) == (3, 1)
    assert (len(second["msg_list"]), second["has_more"]) == (1, 0)
    assert second["msg_list"][0]["text"] == {"content": "三"}
    assert (await k.pull(second["next_cursor"]))["msg_list"] == []
    assert len((await k.pull(limit=2))["msg_list"]) == 2


async def test_wrong_pulls_are_refused(k: KfBench) -> None:
    cursor = (await k.pull())["next_cursor"]
    assert (await k.pull(cursor, open_kfid=OTHER_KFID))["errcode"] == 40058
    assert (await k.pull("no cursor"))["errcode"] == 40058
    assert (await k.pull(limit=1001))["errcode"] == 40058
    assert (await k.b.call("kf/sync_msg", {}))["errcode"] == 60251
    assert (await k.pull(open_kfid="x"))["errcode"] == 95000
    assert (await k.pull(open_kfid="wkunknown"))["errcode"] == 95004
    contacts = k.b.sim.world.apps[2000002]
    body = {"open_kfid": KFID}
    assert (await k.b.call("kf/sync_msg", body, await k.b.token(contacts)))["errcode"] == 48007


async def test_only_three_days_come_back_and_a_reset_begins_anew(k: KfBench) -> None:
    await k.enter()
    cursor = (await k.pull())["next_cursor"]
    k.move(days=3, seconds=1)
    assert await k.pulled() == []
    await k.say("还在吗")
    assert len(await k.pulled()) == 1
    await k.b.post("/sim/reset")
    await k.enter()
    assert len((await k.pull(cursor))["msg_list"]) == 1


async def test_a_stranger_cannot_be_written_to(k: KfBench) -> None:
    assert await k.text() == 95018
    assert "error" in await k.say("没进过会话")
    await k.enter()
    assert await k.text() == 95018
    assert await k.text(who="wmNobody") == 40096


async def test_five_messages_in_48_hours_of_the_last_word(k: KfBench) -> None:
    await k.enter()
    await k.say()
    assert [await k.text() for _ in range(6)] == [0, 0, 0, 0, 0, 95001]
    await k.say("1")
    assert await k.text("又可以了") == 0
    k.move(hours=48, seconds=1)
    assert await k.text() == 95002
    assert (await k.call("service_state/get", external_userid=QIN))["service_state"] == 4
    await k.say("回来了")
    assert await k.text() == 0
    assert len(await k.shown()) == 7


async def test_an_own_msgid_serves_once_per_account(k: KfBench) -> None:
    await k.enter()
    await k.say()
    assert [await k.text(msgid="iv-1") for _ in range(2)] == [0, 95033]
    assert await k.text(msgid="") == 40058
    assert await k.text(msgid="x" * 33) == 40058
    assert len(await k.shown()) == 1


async def test_byte_limits_and_shapes(k: KfBench) -> None:
    await k.enter()
    await k.say()

    async def send(kind: str, part: Any) -> int:
        reply = await k.call("send_msg", touser=QIN, msgtype=kind, **{kind: part})
        return int(reply["errcode"])

    def click(**fields: Any) -> dict[str, Any]:
        return {"list": [{"type": "click", "click": {"id": "a", "content": "好"} | fields}]}

    row = click()["list"][0]
    assert await k.text("字" * 683) == 40058
    assert await send("template_card", {}) == 40008
    assert await send("msgmenu", {"head_content": "字" * 342, "list": []}) == 40058
    assert await send("msgmenu", {"list": [row] * 11}) == 95008
    assert await send("msgmenu", {"list": [{"type": "dance"}]}) == 95009
    assert await send("msgmenu", click(id="a-b")) == 40058
    assert await send("msgmenu", click(content="字" * 43)) == 40058
    assert await send("msgmenu", {}) == 40058
    link = {"title": "面试须知", "url": "https://example.org", "thumb_media_id": "none"}
    assert await send("link", link) == 40007
    media = k.b.sim.media.add("image", "a.png", b"\x89PNG\r\n\x1a\n")
    assert await send("link", link | {"thumb_media_id": media.id}) == 0
    assert [m["kind"] for m in await k.shown()] == ["link"]
    assert "面试须知" in (await k.shown())[0]["text"]


async def test_a_menu_entry_comes_back_as_words_with_its_id(k: KfBench) -> None:
    await k.enter()
    await k.say()
    await k.call("send_msg", touser=QIN, msgtype="msgmenu", msgmenu=WELCOME)
    [menu] = await k.shown()
    assert menu["text"] == "您好\n请选择\n[确认参加]\n[怎么走]\n人事科"
    tap = f"/sim/phones/wechat:{QIN}/tap"
    tapped = await k.b.post(tap, {"seq": menu["seq"], "button": "iv42_ok"})
    assert (tapped["status"], tapped["key"]) == ("ok", "iv42_ok")
    again = await k.b.post(tap, {"seq": menu["seq"], "button": 0})
    assert again["key"] == "iv42_ok"
    opened = await k.b.post(tap, {"seq": menu["seq"], "button": "怎么走"})
    assert (opened["status"], opened["url"]) == ("link", "https://example.org/map")
    assert "error" in await k.b.post(tap, {"seq": menu["seq"], "button": "没有"})
    words = [row["text"] for row in await k.pulled() if row["msgtype"] == "text"]
    assert words[-2:] == [{"content": "确认参加", "menu_id": "iv42_ok"}] * 2


async def test_a_welcome_goes_once_within_twenty_seconds(k: KfBench) -> None:
    async def welcome(code: str, **more: Any) -> int:
        body = {"code": code, "msgtype": "msgmenu", "msgmenu": WELCOME} | more
        return int((await k.b.call("kf/send_msg_on_event", body))["errcode"])

    await k.enter()
    late = (await k.pulled())[0]["event"]["welcome_code"]
    k.move(seconds=21)
    assert await welcome(late) == 40058
    await k.enter()
    code = (await k.pulled())[1]["event"]["welcome_code"]
    assert await welcome(code, msgid="w1") == 0
    assert await welcome(code) == 40058
    assert len(await k.shown()) == 1
    await k.enter()
    assert "welcome_code" not in (await k.pulled())[2]["event"]
    k.move(hours=48, seconds=1)
    await k.enter()
    assert "welcome_code" in (await k.pulled())[3]["event"]


async def test_a_human_takes_over_and_ends(k: KfBench) -> None:
    await k.enter()
    await k.say()

    async def trans(state: int, servicer: str = "") -> dict[str, Any]:
        body = {"external_userid": QIN, "service_state": state, "servicer_userid": servicer}
        reply: dict[str, Any] = await k.call("service_state/trans", **body)
        return reply

    assert (await trans(3))["errcode"] == 60253
    assert (await trans(3, "nobody"))["errcode"] == 95014
    assert (await trans(3, "linhong"))["errcode"] == 0
    assert await k.text() == 95018
    assert (await trans(1))["errcode"] == 95016
    ended = {"open_kfid": KFID, "external_userid": QIN, "state": 4}
    assert (await k.b.post("/sim/kf/sessions", ended))["status"] == "ok"
    event = (await k.pulled())[-1]["event"]
    assert (event["event_type"], event["change_type"]) == ("session_status_change", 3)
    assert event["old_servicer_userid"] == "linhong"
    assert "new_servicer_userid" not in event
    assert await k.text() == 95013
    bye = {"code": event["msg_code"], "msgtype": "text", "text": {"content": "再见"}}
    assert (await k.b.call("kf/send_msg_on_event", bye))["errcode"] == 0
    await k.say("还有个问题")
    assert await k.text() == 0


async def test_taking_words_back(k: KfBench) -> None:
    await k.enter()
    await k.say("打错了")
    row = (await k.b.messages(f"wechat:{QIN}"))[-1]
    path = f"/sim/phones/wechat:{QIN}/recall"
    assert (await k.b.post(path, {"seq": row["seq"]}))["status"] == "ok"
    said, event = (await k.pulled())[-2:]
    assert event["event"]["event_type"] == "user_recall_msg"
    assert event["event"]["recall_msgid"] == said["msgid"]
    assert "error" in await k.b.post(path, {"seq": row["seq"]})
    assert "error" in await k.b.post("/sim/phones/lixiaoyan/recall", {"seq": 1})


async def test_errcode_0_is_not_delivery(k: KfBench) -> None:
    await k.enter()
    await k.say()
    await k.b.fault("msg_send_fail", fail_type=10, users=[QIN], count=1)
    k.b.bot.news.clear()
    assert await k.text(msgid="m1") == 0
    await asyncio.wait_for(k.b.bot.news.wait(), 60)
    event = (await k.pulled())[-1]["event"]
    assert event["event_type"] == "msg_send_fail"
    assert (event["fail_msgid"], event["fail_type"]) == ("m1", 10)
    assert await k.shown() == []
    assert await k.text(msgid="m2") == 0
    await k.b.fault("member_silent_drop", count=1)
    assert await k.text(msgid="m3") == 0
    assert len(await k.shown()) == 1


async def test_the_usual_faults_reach_customer_service(k: KfBench) -> None:
    await k.enter()
    await k.say()
    await k.b.fault("rate_limit", count=1)
    assert await k.text() == 45009
    await k.b.fault("expired_token", api="kf/*", count=1)
    assert (await k.pull())["errcode"] == 40014
    await k.b.fault("callback_duplicate", api="kf_msg_or_event", count=1)
    before = len(k.b.bot.heard)
    await k.say("两声铃")
    assert len(k.b.bot.heard) == before + 2
    tokens = {heard["Token"] for heard in k.b.bot.heard[before:]}
    assert len(tokens) == 1


async def test_customers_of_the_last_48_hours(k: KfBench) -> None:
    await k.enter()
    asked = {"external_userid_list": [QIN, LUO, "wmx"], "need_enter_session_context": 1}
    reply = await k.b.call("kf/customer/batchget", asked)
    [row] = reply["customer_list"]
    assert (row["external_userid"], row["nickname"]) == (QIN, "小秦")
    assert row["enter_session_context"] == {"scene": "interview", "scene_param": "iv42"}
    assert reply["invalid_external_userid"] == [LUO, "wmx"]
    k.move(hours=48, seconds=1)
    reply = await k.b.call("kf/customer/batchget", asked)
    assert reply["customer_list"] == []
    none: dict[str, Any] = {"external_userid_list": []}
    assert (await k.b.call("kf/customer/batchget", none))["errcode"] == 40058


async def test_a_stranger_gets_a_phone(k: KfBench) -> None:
    body = {"external_userid": "wmNEW", "nickname": "新来的"}
    assert await k.b.post("/sim/kf/customers", body) == {"id": "wechat:wmNEW"}
    phones = {p["id"]: p for p in await k.b.get("/sim/phones")}
    new = phones["wechat:wmNEW"]
    assert (new["platform"], new["kind"], new["name"]) == ("wechat", "person", "新来的")
    assert (await k.enter(who="wmNEW"))["status"] == "ok"
    assert "error" in await k.b.post("/sim/kf/customers", {"external_userid": "x"})
    hospital = await k.b.get("/sim/hospital")
    assert hospital["kf"]["accounts"][0] == KF["accounts"][0]


def test_a_wrong_configuration_is_named() -> None:
    wrong: list[Any] = [{"accounts": []}, {"accounts": [{"open_kfid": "x", "name": "n"}]}]
    for kf in wrong:
        with pytest.raises(BadHospital, match="kf"):
            parse(SAMPLE | {"kf": kf})
    assert parse(SAMPLE).kf is None
    assert parse(SAMPLE | {"kf": KF}).kf is not None


async def test_without_customer_service_the_api_is_off(k: KfBench) -> None:
    k.b.sim.world.kf = None
    assert (await k.pull())["errcode"] == 95017
    assert all(p["platform"] != "wechat" for p in await k.b.get("/sim/phones"))
