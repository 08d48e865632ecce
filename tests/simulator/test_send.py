"""message/send: every rule with its error code, and what is done silently."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.bench import (
    AGENT,
    Bench,
    Json,
    button_card,
    choice_card,
    news_card,
    notice_card,
    vote_card,
)

URL = "https://example.org"
LONG = "k" * 1025


async def test_a_text_arrives(b: Bench) -> None:
    reply = await b.text("明天夜班")
    assert (reply["errcode"], reply["invaliduser"]) == (0, "")
    assert reply["msgid"]
    assert "response_code" not in reply
    assert (await b.last())["text"] == "明天夜班"


async def test_a_long_text_is_cut_on_a_character(b: Bench) -> None:
    await b.text("护" * 700)
    assert (await b.last())["text"] == "护" * 682


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (40008, {}),
        (40008, {"msgtype": "poem"}),
        (44004, {"msgtype": "text", "text": {"content": ""}}),
        (44004, {"msgtype": "text"}),
        (40058, {"msgtype": "markdown", "markdown": {"content": "护" * 683}}),
        (41016, {"msgtype": "textcard", "textcard": {"description": "d", "url": URL}}),
        (41033, {"msgtype": "textcard", "textcard": {"title": "t", "url": URL}}),
        (
            40058,
            {"msgtype": "textcard", "textcard": {"title": "t", "description": "d", "url": "x"}},
        ),
        (44003, {"msgtype": "news", "news": {"articles": []}}),
        (45008, {"msgtype": "news", "news": {"articles": [{"title": "t", "url": URL}] * 9}}),
        (40007, {"msgtype": "image", "image": {"media_id": "gone"}}),
        (42031, {"msgtype": "template_card"}),
    ],
)
async def test_wrong_messages_are_refused(b: Bench, code: int, body: dict[str, Any]) -> None:
    assert (await b.send(**body))["errcode"] == code
    assert await b.messages() == []


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (41011, {"agentid": None}),
        (40056, {"agentid": "1000002"}),
        (40056, {"agentid": 5}),
        (301002, {"agentid": 2000002}),
        (82001, {"touser": ""}),
        (40032, {"touser": "|".join(f"u{n}" for n in range(1001))}),
        (82002, {"toparty": "|".join(str(n) for n in range(101))}),
        (82003, {"totag": "|".join(str(n) for n in range(101))}),
        (81013, {"touser": "nobody|NoOne"}),
        (81013, {"touser": "", "toparty": "99"}),
    ],
)
async def test_wrong_addresses_are_refused(b: Bench, code: int, body: dict[str, Any]) -> None:
    assert (await b.text(**body))["errcode"] == code


async def test_the_invalid_are_listed_in_lower_case_and_the_rest_served(b: Bench) -> None:
    b.sim.world.members["wanglei"].licensed = False
    reply = await b.text(touser="LiXiaoYan|NoBody|wanglei")
    assert (reply["errcode"], reply["invaliduser"]) == (0, "nobody")
    assert reply["unlicenseduser"] == "wanglei"
    assert len(await b.messages()) == 1


async def test_departments_and_everyone(b: Bench) -> None:
    await b.text(touser="", toparty="2|77")
    assert (await b.last("zhaomin"))["text"] == "你好"
    assert await b.messages("zhouting") == []
    await b.text(touser="@all")
    assert len(await b.messages("zhouting")) == 1


async def test_members_out_of_the_visible_range_are_invalid(b: Bench) -> None:
    b.app.departments = [3]
    assert (await b.text(touser="lixiaoyan|zhouting"))["invaliduser"] == "lixiaoyan"


OPTION = {"id": "a", "text": "甲"}
WRONG_CARDS: list[tuple[int, dict[str, Any]]] = [
    (42031, {"card_type": "poem"}),
    (42033, button_card(main_title={})),
    (42014, button_card("has space")),
    (42014, button_card("t" * 129)),
    (42014, button_card() | {"task_id": None}),
    (42037, button_card(button_list=[])),
    (42037, button_card(button_list=[{"text": "x", "key": str(n)} for n in range(7)])),
    (42038, button_card(button_list=[{"key": "x"}])),
    (42039, button_card(button_list=[{"text": "x"}])),
    (42017, button_card(button_list=[{"text": "x", "key": LONG}])),
    (42017, button_card(button_list=[{"text": "x", "key": "k"}, {"text": "y", "key": "k"}])),
    (42028, button_card(button_list=[{"text": "x", "type": 1}])),
    (42035, button_card(horizontal_content_list=[{"keyname": "a"}] * 7)),
    (42027, button_card(horizontal_content_list=[{"value": "a"}])),
    (42028, button_card(horizontal_content_list=[{"keyname": "a", "type": 1}])),
    (42029, button_card(horizontal_content_list=[{"keyname": "a", "type": 2}])),
    (42050, button_card(horizontal_content_list=[{"keyname": "a", "type": 3}])),
    (42043, button_card(button_selection={"option_list": [OPTION]})),
    (42043, vote_card(checkbox={"option_list": [OPTION]})),
    (42042, vote_card(checkbox={"question_key": "q", "option_list": []})),
    (42040, vote_card(checkbox={"question_key": "q", "option_list": [{"text": "x"}]})),
    (42041, vote_card(checkbox={"question_key": "q", "option_list": [{"id": "x"}]})),
    (42046, vote_card(submit_button=None)),
    (42046, vote_card(submit_button={"key": "k"})),
    (42049, vote_card(submit_button={"text": "t"})),
    (42047, choice_card(select_list=[])),
    (42047, choice_card(select_list=[{"question_key": str(n)} for n in range(4)])),
    (42042, choice_card(select_list=[{"question_key": "q"}])),
    (42045, notice_card(card_action=None)),
    (42045, notice_card(card_action={"type": 0})),
    (42028, notice_card(card_action={"type": 1})),
    (42030, notice_card(card_action={"type": 2})),
    (42033, notice_card(main_title={})),
    (42036, notice_card(jump_list=[{"title": "t"}] * 4)),
    (42047, notice_card(action_menu={"action_list": []})),
    (
        42051,
        notice_card(task_id="t", action_menu={"action_list": [{"text": "a", "key": "k"}] * 2}),
    ),
    (42014, notice_card(action_menu={"action_list": [{"text": "a", "key": "k"}]})),
    (42044, news_card(card_image=None)),
    (40058, button_card(main_title="wrong type")),
]


@pytest.mark.parametrize(("code", "card"), WRONG_CARDS)
async def test_wrong_cards_are_refused(b: Bench, code: int, card: dict[str, Any]) -> None:
    assert (await b.card(card))["errcode"] == code
    assert await b.messages() == []


@pytest.mark.parametrize(
    ("card", "coded"),
    [
        (button_card(), True),
        (vote_card(), True),
        (choice_card(), True),
        (notice_card(), False),
        (news_card(), False),
        (notice_card(main_title={}, sub_title_text="只有副标题"), False),
        (notice_card(task_id="n", action_menu={"action_list": [{"text": "a", "key": "k"}]}), True),
    ],
)
async def test_all_kinds_of_cards_arrive(b: Bench, card: dict[str, Any], coded: bool) -> None:
    reply = await b.card(card)
    assert (reply["errcode"], "response_code" in reply) == (0, coded)
    assert (await b.last())["card"]["type"] == card["card_type"]


async def test_the_flat_text_tells_the_whole_card(b: Bench) -> None:
    await b.card(button_card(sub_title_text="说明", quote_area={"quote_text": "引用"}))
    assert (await b.last())["text"].split("\n") == [
        "换班申请",
        "王蕾 请你代班",
        "引用",
        "说明",
        "班次：8月5日 夜班",
        "[同意] [拒绝]",
    ]


async def test_a_task_id_is_used_once_per_app(b: Bench) -> None:
    await b.card(button_card())
    assert (await b.card(button_card()))["errcode"] == 42014
    assert len(await b.messages()) == 1


async def test_cards_with_answers_need_a_callback_url(b: Bench) -> None:
    b.app.callback = None
    assert (await b.card(button_card()))["errcode"] == 43012
    assert (await b.card(notice_card()))["errcode"] == 0


async def test_recommended_lengths_are_told_in_the_log(b: Bench) -> None:
    await b.card(button_card(main_title={"title": "长" * 40}))
    call = (await b.get("/sim/calls?api=message"))[-1]
    assert call["advice"] == [{"field": "main_title.title", "length": 40, "recommended": 36}]


async def test_a_repeated_request_is_accepted_and_not_delivered(b: Bench) -> None:
    twice: Json = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
    first = await b.card(button_card(), **twice)
    assert await b.card(button_card(), **twice) == first
    assert len(await b.messages()) == 1
    await b.text("你好", **twice)
    await b.post("/sim/clock", {"advance": "601s"})
    await b.text("你好", **twice)
    assert len(await b.messages()) == 3
    assert (await b.get("/sim/stats"))["duplicates_suppressed"] == 1


async def test_the_thirty_first_in_a_minute_is_dropped_silently(b: Bench) -> None:
    token = await b.token()
    body = {"touser": "wanglei|lixiaoyan", "agentid": AGENT, "msgtype": "text"}
    for n in range(31):
        one = body | {"text": {"content": str(n)}}
        assert (await b.call("message/send", one, token))["errcode"] == 0
    assert len(await b.messages("wanglei")) == 30
    assert (await b.get("/sim/stats"))["dropped"] == {"wanglei": 1, "lixiaoyan": 1}
    assert (await b.get("/sim/calls?api=message"))[-1]["dropped"] == 2
    await b.post("/sim/clock", {"advance": "61s"})
    await b.text()
    assert len(await b.messages()) == 31


async def test_the_daily_cap_is_an_error_until_midnight(b: Bench) -> None:
    b.app.daily_cap = 2
    assert (await b.text(touser="wanglei|lixiaoyan"))["errcode"] == 0
    assert (await b.text())["errcode"] == 45009
    await b.post("/sim/clock", {"advance": "1d"})
    assert (await b.text())["errcode"] == 0


async def test_a_message_can_be_recalled_for_a_day(b: Bench) -> None:
    first, second = await b.text("一"), await b.text("二")
    assert (await b.call("message/recall", {"msgid": first["msgid"]}))["errcode"] == 0
    assert [m["state"] for m in await b.messages()] == ["recalled", "delivered"]
    await b.post("/sim/clock", {"advance": "25h"})
    assert (await b.call("message/recall", {"msgid": second["msgid"]}))["errcode"] == 42052


async def test_a_body_that_is_not_json_is_told_so(b: Bench) -> None:
    token = await b.token()
    url = f"{b.base}/cgi-bin/message/send?access_token={token}"
    async with b.session.post(url, data={"msgtype": "text"}) as response:
        reply = await response.json()
    assert reply["errcode"] == 40008
    assert "Warning: wrong json format." in reply["errmsg"]
