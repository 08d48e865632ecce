"""Texts and menus of customer service within their byte limits, and the ids that come back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Failure, SendFailed
from bot.platforms.wecom.kf.addresses import KfAddress, read_address
from bot.platforms.wecom.kf.bodies import kf_body
from bot.platforms.wecom.kf.client import entry_link
from bot.platforms.wecom.kf.menus import Pressed, menu_id, read_menu_id
from models.cards import Button, Card, Content, Fact, Link, Markdown, Option, Select, Text

OK, NO = Button("确认参加", "interviews.accept"), Button("去不了", "interviews.decline")
SLOT = Select("slot", "时间", (Option("s1", "周一 09:00"), Option("s2", "周二 14:00")))
INVITE = Card(
    "面试邀请",
    body="欢迎来我院面试。",
    facts=(Fact("时间", "12月8日 09:00"), Fact("地点", "行政楼 302")),
    buttons=(OK, NO),
    link=Link("怎么走", "https://hr.example.org/map"),
    source="示例医院人事科",
)
KEY = "Zx-9_kQ3~"


def menu(card: Card, *, event: bool = False) -> Any:
    body = kf_body(card, key=KEY, event=event)
    assert body["msgtype"] == "msgmenu"
    return body["msgmenu"]


def refused(content: Content) -> str:
    with pytest.raises(SendFailed) as caught:
        kf_body(content, key=KEY)
    assert caught.value.failure is Failure.REQUEST
    return caught.value.reason


def test_a_card_becomes_a_menu() -> None:
    made = menu(INVITE)
    assert made["head_content"] == "面试邀请\n欢迎来我院面试。"
    assert made["tail_content"] == "示例医院人事科"
    assert [e["type"] for e in made["list"]] == ["text", "text", "click", "click", "view"]
    assert made["list"][0]["text"]["content"] == "时间：12月8日 09:00"
    click = made["list"][2]["click"]
    assert click["content"] == "确认参加"
    assert read_menu_id(click["id"]) == Pressed(KEY, "interviews.accept")
    assert made["list"][4]["view"] == {"url": "https://hr.example.org/map", "content": "怎么走"}


def test_the_answer_to_an_event_keeps_its_facts_in_the_head() -> None:
    made = menu(INVITE, event=True)
    assert "地点：行政楼 302" in made["head_content"]
    assert [e["type"] for e in made["list"]] == ["click", "click", "view"]


def test_one_question_with_one_button_is_asked_by_its_options() -> None:
    clicks = [e["click"] for e in menu(Card("选时间", selects=(SLOT,), buttons=(OK,)))["list"]]
    assert [c["content"] for c in clicks] == ["周一 09:00", "周二 14:00"]
    assert read_menu_id(clicks[1]["id"]) == Pressed(KEY, OK.verb, "slot", "s2")
    preset = menu(Card("选时间", selects=(SLOT,), buttons=(OK, NO)))["list"]
    assert read_menu_id(preset[1]["click"]["id"]) == Pressed(KEY, NO.verb, "slot", "s1")


@pytest.mark.parametrize(
    "card",
    [
        Card("x", selects=(SLOT, SLOT), buttons=(OK,)),
        Card("x", selects=(Select("s", "x", SLOT.options, many=True),), buttons=(OK,)),
        Card("x", selects=(Select("s", "x", ()),), buttons=(OK,)),
        Card("x", selects=(SLOT,)),
        Card("x", buttons=(OK,) * 11),
        Card("x", buttons=(OK,) * 10, link=INVITE.link),
        Card("x", buttons=(Button("字" * 43, "x.y"),)),
        Card("x", buttons=(Button("好", "v" * 120),)),
        Card("x", link=Link("看", "javascript:alert(1)")),
        Text(" "),
    ],
)
def test_what_no_menu_can_ask_is_refused(card: Content) -> None:
    assert refused(card)


def test_words_without_anything_to_tap_are_a_text() -> None:
    assert kf_body(Text("您好"), key=KEY) == {"msgtype": "text", "text": {"content": "您好"}}
    assert kf_body(Markdown("您好"), key=KEY)["msgtype"] == "text"
    closed = Card("面试邀请", buttons=(OK,), closed="已确认")
    assert kf_body(closed, key=KEY)["text"] == {"content": "面试邀请\n已确认"}


@given(st.text(max_size=3000), st.text(max_size=500), st.integers(0, 60), st.booleans())
def test_nothing_is_too_long(words: str, value: str, facts: int, event: bool) -> None:
    card = Card("题" + words, words, (Fact("项", value),) * facts, (OK, NO), source=words)
    made = menu(card, event=event)
    assert len(made["head_content"].encode()) <= 1024
    assert len(made.get("tail_content", "").encode()) <= 1024
    assert len(made["list"]) <= (10 if event else 50)
    lines = [e["text"]["content"] for e in made["list"] if e["type"] == "text"]
    assert all(len(line.encode()) <= 256 for line in lines)
    assert len(kf_body(Text("字" + words), key=KEY)["text"]["content"].encode()) <= 2048  # type: ignore[index]


@given(*[st.text(min_size=1, max_size=8)] * 4)
def test_an_id_comes_back_as_it_was(key: str, verb: str, select: str, option: str) -> None:
    for pressed in (Pressed(key, verb), Pressed(key, verb, select, option)):
        try:
            written = menu_id(pressed)
        except SendFailed:
            assert len("".join((key, verb, select, option)).encode()) > 30
            continue
        assert re.fullmatch(r"[0-9A-Za-z_]{1,128}", written)
        assert read_menu_id(written) == pressed


def test_the_worst_key_leaves_room() -> None:
    pressed = Pressed("-_" * 12, "interviews.answer_slot", "slot", "1234567")
    assert read_menu_id(menu_id(pressed)) == pressed


@pytest.mark.parametrize(
    "text", ["", "a", "__", "a__", "a__b__c", "iv42-ok__x", "a__b_ff", "a__b_"]
)
def test_an_id_of_others_is_not_ours(text: str) -> None:
    assert read_menu_id(text) is None


@pytest.mark.parametrize("pressed", [Pressed("", "v"), Pressed("k", ""), Pressed("k", "v", "s")])
def test_an_id_needs_all_its_pieces(pressed: Pressed) -> None:
    with pytest.raises(SendFailed):
        menu_id(pressed)


def test_an_address_is_read_or_refused() -> None:
    address = KfAddress("wkA-1", "wm_B2")
    assert read_address(str(address)) == address
    for text in ("", "lixiaoyan", "wkA/wm", "wkA1/wmB/c", "wmA1/wkB1", "wkA1/wmB1\n"):
        assert read_address(text) is None


def test_a_link_carries_its_parameter() -> None:
    url = "https://work.weixin.qq.com/kfid/kfc1?enc_scene=ENC1"
    assert entry_link(url, "a=1&中") == url + "&scene_param=a%3D1%26%E4%B8%AD"
    for wrong in ((url, ""), (url, "x" * 129), ("https://work.weixin.qq.com/kfid/kfc1", "x")):
        with pytest.raises(SendFailed):
            entry_link(*wrong)
