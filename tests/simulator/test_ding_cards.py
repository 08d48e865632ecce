"""Interactive cards: creating, updating, tapping."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.dingtalk_bench import CARD, TEMPLATE, Ding, card, ding_bench, success

KEEP = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}


async def test_a_card_is_drawn_from_its_variables(d: Ding) -> None:
    status, reply = await d.deliver()
    assert (status, reply["success"]) == (200, True)
    [result] = reply["result"]["deliverResults"]
    assert (result["spaceType"], result["spaceId"]) == ("IM_ROBOT", "xujing")
    assert result["success"] is True
    assert result["carrierId"]
    message = await d.last()
    view = message["card"]
    assert (view["type"], view["task_id"], view["title"]) == ("interactive", "t1", "换班申请")
    assert view["facts"] == [{"label": "班次", "value": "8月5日 夜班", "link": ""}]
    assert [(b["key"], b["text"]) for b in view["buttons"]] == [("ok", "同意"), ("no", "拒绝")]
    assert message["text"] == (
        "护铃\n换班申请\n**毛莉** 请你代班\n班次：8月5日 夜班\n[同意] [拒绝]"
    )


async def test_the_carrier_id_tells_who_has_read(d: Ding) -> None:
    _, reply = await d.deliver()
    key = reply["result"]["deliverResults"][0]["carrierId"]
    await d.post("/sim/phones/dingtalk:xujing/read")
    path = f"robot/oToMessages/readStatus?robotCode={d.org.robot_code}&processQueryKey={key}"
    [row] = (await d.api("GET", path))[1]["messageReadInfoList"]
    assert row["readStatus"] == "READ"


async def test_several_spaces_and_people_who_do_not_exist(d: Ding) -> None:
    status, reply = await d.deliver("IM_ROBOT.xujing;IM_ROBOT.nobody;IM_GROUP.cidicu001")
    assert (status, reply["success"]) == (200, True)
    results = reply["result"]["deliverResults"]
    assert [r["success"] for r in results] == [True, False, True]
    assert results[1]["errorMsg"]
    assert (await d.last("dingtalk-group:cidicu001"))["card"]["title"] == "换班申请"
    _, unseen = await d.deliver("IM_GROUP.cidnone", outTrackId="t2")
    assert unseen["result"]["deliverResults"][0]["success"] is False


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"cardTemplateId": None}, "param.empty"),
        ({"outTrackId": ""}, "param.outTrackIdEmpty"),
        ({"openSpaceId": None}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "IM_ROBOT.xujing"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_MOON.xujing"}, "param.openSpaceIdInvalid"),
        ({"imRobotOpenDeliverModel": None}, "param.openDeliverModelEmpty"),
        ({"cardTemplateId": "x.schema"}, "param.templateNotExist"),
        ({"privateData": {"nobody": {"cardParamMap": {}}}}, "param.userIdNotExist"),
        ({"cardData": {"cardParamMap": {"n": 1}}}, "param.error"),
        ({"cardData": {"cardParamMap": {"n" * 101: "1"}}}, "param.error"),
        ({"cardData": {"cardParamMap": {"n": "长" * 342}}}, "param.error"),
        ({"cardData": []}, "param.error"),
    ],
)
async def test_refusals_of_create_and_deliver(d: Ding, more: dict[str, Any], code: str) -> None:
    status, reply = await d.deliver(**more)
    assert (status, reply["code"]) == (400, code)
    assert await d.messages() == []
    assert (await d.deliver())[0] == 200


async def test_unpublished_templates_and_repeated_ids() -> None:
    templates = [{"id": TEMPLATE}, {"id": "draft.schema", "published": False}]
    async with ding_bench(templates=templates) as d:
        _, reply = await d.deliver(cardTemplateId="draft.schema")
        assert reply["code"] == "param.templateUnpublished"
        assert (await d.deliver())[0] == 200
        assert (await d.deliver())[1]["code"] == "param.cardAlreadyExist"
        assert len(await d.messages()) == 1


async def test_an_update_replaces_everything_unless_told_otherwise(d: Ding) -> None:
    await d.deliver()
    before = await d.last()
    data = {"cardData": {"cardParamMap": {"closed": "已由赵敏处理"}}}
    status, reply = await d.update(**data, cardUpdateOptions=KEEP)
    assert (status, reply["success"]) == (200, True)
    kept = await d.last()
    assert (kept["seq"], kept["card"]["closed"]) == (before["seq"], True)
    assert kept["rev"] > before["rev"]
    assert "[已由赵敏处理]" in kept["text"]
    assert "[同意]" not in kept["text"]
    assert kept["card"]["title"] == "换班申请"
    await d.update(**data)
    assert (await d.last())["card"]["title"] == ""
    assert (await d.update(outTrackId="none"))[1]["code"] == "param.cardNotExist"
    assert (await d.update(outTrackId=""))[1]["code"] == "param.outTrackIdEmpty"


async def test_private_data_overrides_for_its_user_only(d: Ding) -> None:
    await d.deliver("IM_ROBOT.xujing;IM_ROBOT.maoli")
    own = {"xujing": {"cardParamMap": {"notice": "只有你看见", "title": "给许静"}}}
    await d.update(privateData=own, cardUpdateOptions=KEEP)
    assert "只有你看见" in (await d.last())["text"]
    assert (await d.last())["card"]["title"] == "给许静"
    assert (await d.last("maoli"))["card"]["title"] == "换班申请"
    await d.update(privateData={"xujing": {"cardParamMap": {"notice": "新"}}})
    assert (await d.last())["card"]["title"] == "换班申请"


async def test_a_tap_is_a_callback_and_its_answer_redraws(d: Ding) -> None:
    client = await d.connect()
    response = {
        "cardUpdateOptions": KEEP,
        "cardData": {"cardParamMap": {"closed": "已同意"}},
        "userPrivateData": {"cardParamMap": {"notice": "谢谢你"}},
    }
    client.answer = lambda _frame: {"response": response}
    await d.deliver("IM_ROBOT.xujing;IM_ROBOT.maoli")
    done = await d.tap("同意")
    assert (done["status"], done["key"]) == ("ok", "ok")
    assert "[已同意]" in done["reply"]
    assert "谢谢你" in done["reply"]
    data = json.loads(client.frames[0]["data"])
    assert client.frames[0]["headers"]["topic"] == CARD
    assert (data["type"], data["outTrackId"], data["userId"]) == ("actionCallback", "t1", "xujing")
    assert data["corpId"] == d.org.corpid
    private = json.loads(data["content"])["cardPrivateData"]
    assert private == {"actionIds": ["ok"], "params": {"action": "ok"}}
    other = await d.last("maoli")
    assert other["card"]["closed"] is True
    assert "谢谢你" not in other["text"]
    assert (await d.tap("同意"))["error"] == "the card is closed"
    assert (await d.tap("同意", force=True))["status"] == "ok"


async def test_choices_travel_with_the_tap(d: Ding) -> None:
    client = await d.connect()
    options = [{"id": "a", "text": "周一"}, {"id": "b", "text": "周二"}]
    selects = [
        {"key": "slot", "title": "时间", "many": True, "options": options, "chosen": "a"},
        {"key": "room", "title": "地点", "many": False, "options": options},
    ]
    await d.deliver(cardData={"cardParamMap": card(selects=json.dumps(selects))})
    message = await d.last()
    assert "时间：周一 / 周二" in message["text"]
    assert [o["checked"] for o in message["card"]["selects"][0]["options"]] == [True, False]
    await d.tap("同意")
    await d.tap("同意", selected={"slot": ["a", "b"], "room": "b"})
    params = [
        json.loads(json.loads(f["data"])["content"])["cardPrivateData"]["params"]
        for f in client.frames
    ]
    assert params == [
        {"action": "ok", "slot": "a"},
        {"action": "ok", "slot": "a,b", "room": "b"},
    ]
    assert "only one" in (await d.tap("同意", selected={"room": ["a", "b"]}))["error"]
    assert "no such choice" in (await d.tap("同意", selected={"slot": "z"}))["error"]


@pytest.mark.parametrize("callback_type", ["stream", "", "HTTP"])
async def test_a_wrong_callback_type_goes_nowhere(d: Ding, callback_type: str) -> None:
    client = await d.connect()
    await d.deliver(callbackType=callback_type)
    assert (await d.tap("同意"))["status"] == "unheard"
    assert client.frames == []


async def test_a_late_answer_changes_nothing(hasty: Ding) -> None:
    client = await hasty.connect()
    client.answer = lambda f: None if f["type"] == "CALLBACK" else success(f)
    await hasty.deliver()
    assert (await hasty.tap("同意"))["status"] == "timeout"
    closing = {"cardUpdateOptions": KEEP, "cardData": {"cardParamMap": {"closed": "太晚"}}}
    await client.ws.send_json(client.ack(client.frames[0], {"response": closing}))
    # The echo of a ping proves that the late answer has been read.
    while not (await hasty.post("/sim/dingtalk/connections/ping"))["echoed"][0]:
        assert len(client.frames) < 50
    assert (await hasty.last())["card"]["closed"] is False


async def test_a_broken_answer_is_named(d: Ding) -> None:
    client = await d.connect()
    broken = {"cardData": {"cardParamMap": {"closed": True}}}
    client.answer = lambda _f: {"response": broken}
    await d.deliver()
    done = await d.tap("同意")
    assert "must be a string" in done["problem"]
    assert (await d.last())["card"]["closed"] is False


async def test_anybody_may_tap_a_forwarded_card(d: Ding) -> None:
    client = await d.connect()
    await d.deliver()
    assert (await d.tap("同意", **{"as": "duyan"}))["status"] == "ok"
    assert json.loads(client.frames[0]["data"])["userId"] == "duyan"
    await d.deliver("IM_GROUP.cidicu001", outTrackId="t2", userIdType=2)
    await d.tap("拒绝", "dingtalk-group:cidicu001", **{"as": "hedan"})
    assert json.loads(client.frames[1]["data"])["userId"] == "union-hedan"


async def test_a_link_on_the_card(d: Ding) -> None:
    await d.connect()
    params = card(link_text="打开", link_url="https://e.org/x")
    await d.deliver(cardData={"cardParamMap": params})
    assert "[打开]" in (await d.last())["text"]
    assert (await d.tap("打开"))["url"] == "https://e.org/x"


async def test_broken_json_in_a_variable_is_told(d: Ding) -> None:
    await d.deliver(cardData={"cardParamMap": {"title": "t", "buttons": "{", "facts": "[1]"}})
    view = (await d.last())["card"]
    assert view["buttons"] == []
    assert "buttons" in view["problem"]
    assert "facts" in view["problem"]


async def test_other_templates_show_title_and_words_only(d: Ding) -> None:
    d.org.templates[TEMPLATE].wardbell = False
    await d.deliver(cardData={"cardParamMap": card(markdown="外来的")})
    view = (await d.last())["card"]
    assert (view["title"], view["desc"], view["buttons"]) == ("换班申请", "外来的", [])


async def test_a_silently_dropped_card_says_success(d: Ding) -> None:
    await d.fault("member_silent_drop", users=["xujing"])
    _, reply = await d.deliver()
    assert reply["result"]["deliverResults"][0]["success"] is True
    assert await d.messages() == []
    await d.fault("invalid_user", users=["maoli"])
    _, reply = await d.deliver("IM_ROBOT.maoli", outTrackId="t2")
    assert reply["result"]["deliverResults"][0]["success"] is False
