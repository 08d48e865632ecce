"""Frames of the robot's long connection, and a sample of every callback of wecom.md §10.1."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.events import AppEntered, CardTapped, Event, MediaSent, Other, TextSaid
from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.decode import decode, group_of

NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
SENT = 1_796_623_200  # 2026-12-07 06:00 UTC


def body(kind: str, **fields: Any) -> dict[str, Any]:
    head = {"msgid": "m-1", "create_time": SENT, "aibotid": "aib1", "from": {"userid": "li"}}
    return {**head, "chattype": "single", "msgtype": kind, **fields}


def decoded(raw: dict[str, Any], corp_id: str = "") -> Event:
    return decode(raw, now=NOW, corp_id=corp_id)


def event(kind: str, fields: dict[str, Any] | None = None, *, flat: bool = False) -> Event:
    inner = fields or {}
    return decoded(body("event", event={"eventtype": kind, **(inner if flat else {kind: inner})}))


def test_a_frame_is_written_as_the_page_shows_it() -> None:
    raw = orjson.loads(frames.write(frames.SUBSCRIBE, "r1", {"bot_id": "b", "secret": "s"}))
    assert raw == {
        "cmd": "aibot_subscribe",
        "headers": {"req_id": "r1"},
        "body": {"bot_id": "b", "secret": "s"},
    }
    assert orjson.loads(frames.write(frames.PING, "r2", None)) == {
        "cmd": "ping",
        "headers": {"req_id": "r2"},
    }


def test_an_ack_has_a_code_and_no_command() -> None:
    ack = frames.read('{"headers":{"req_id":"r1"},"errcode":846607,"errmsg":"no"}')
    assert ack == frames.Incoming("", "r1", {}, 846607, "no")


@pytest.mark.parametrize("raw", ["", "{", "[]", "1", '"x"', "\ud800", "[" * 100_000])
def test_what_is_no_frame_is_none(raw: str) -> None:
    assert frames.read(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        "{}",
        '{"cmd":7,"headers":[],"body":[]}',
        '{"headers":{"req_id":7},"errcode":"many","errmsg":[1]}',
        '{"cmd":null,"headers":null,"body":null,"errcode":null}',
    ],
)
def test_a_frame_with_wrong_types_is_read_without_them(raw: str) -> None:
    frame = frames.read(raw)
    assert frame is not None
    assert frame.req_id == ""
    assert frame.body == {}


def test_what_no_database_takes_is_left_out() -> None:
    said = decoded(body("text", text={"content": "我的\x00班"}))
    assert isinstance(said, TextSaid)
    assert said.text == "我的班"


def test_a_text() -> None:
    said = decoded(body("text", text={"content": " 我的班\n"}))
    assert isinstance(said, TextSaid)
    assert (said.platform, said.app, said.event_id) == ("wecom", "robot", "wecom:robot:m-1")
    assert (said.user, said.text, said.group) == ("li", " 我的班\n", "")
    assert said.at == NOW


def test_a_text_in_a_group_names_the_group() -> None:
    raw = body("text", text={"content": "@护铃 我的班"}) | {"chattype": "group", "chatid": "wr1"}
    said = decoded(raw)
    assert isinstance(said, TextSaid)
    assert said.group == group_of(raw) == "wr1"


@pytest.mark.parametrize(
    ("fields", "group"),
    [
        ({"chattype": "group"}, "?"),
        ({"chatid": "wr1"}, "wr1"),
        ({"chattype": "single", "chatid": "li"}, ""),
        ({}, ""),
    ],
)
def test_in_doubt_it_is_a_group(fields: dict[str, Any], group: str) -> None:
    assert group_of(fields) == group


@pytest.mark.parametrize("kind", ["image", "voice", "video", "file"])
def test_address_and_key_of_media_are_kept_and_never_shown(kind: str) -> None:
    media = {"url": "https://example.org/secret", "aeskey": "k3y", "filename": "班表.xlsx"}
    sent = decoded(body(kind, **{kind: media}))
    assert isinstance(sent, MediaSent)
    assert (sent.url, sent.aes_key) == ("https://example.org/secret", "k3y")
    assert not re.search("secret|k3y", repr(sent))
    assert (sent.kind, sent.media_id, sent.filename) == (kind, "", "班表.xlsx")


def test_a_picture_brings_its_words_along() -> None:
    items = [
        {"msgtype": "text", "text": {"content": "我的班"}},
        {"msgtype": "image", "image": {"url": "https://example.org/1"}},
    ]
    sent = decoded(body("mixed", mixed={"msg_item": items}))
    assert isinstance(sent, MediaSent)
    assert (sent.kind, sent.url, sent.caption) == ("image", "https://example.org/1", "我的班")
    bare = decoded(body("mixed", mixed={"msg_item": items[1:]}))
    assert isinstance(bare, MediaSent)
    assert (bare.kind, bare.caption) == ("image", "")
    words = decoded(body("mixed", mixed={"msg_item": items[:1]}))
    assert isinstance(words, TextSaid)
    assert words.text == "我的班"
    in_group = {"chattype": "group", "chatid": "c1", "mixed": {"msg_item": items}}
    assert isinstance(decoded(body("mixed", **in_group)), TextSaid)


def test_coming_in() -> None:
    assert isinstance(event("enter_chat"), AppEntered)


TAP = {
    "card_type": "button_interaction",
    "event_key": "swaps.accept",
    "task_id": "t1",
    "selected_items": {
        "selected_item": [{"question_key": "q", "option_ids": {"option_id": ["a", "b"]}}]
    },
}


@pytest.mark.parametrize("flat", [False, True])
def test_a_tap_in_both_nestings(flat: bool) -> None:
    tapped = event("template_card_event", TAP, flat=flat)
    assert isinstance(tapped, CardTapped)
    assert (tapped.verb, tapped.task_id, tapped.response_code) == ("swaps.accept", "t1", "")
    assert tapped.selected == {"q": ("a", "b")}


def test_one_choice_may_come_without_its_list() -> None:
    item = {"question_key": "q", "option_ids": {"option_id": "a"}}
    tapped = event("template_card_event", {**TAP, "selected_items": {"selected_item": item}})
    assert isinstance(tapped, CardTapped)
    assert tapped.selected == {"q": ("a",)}


def test_what_we_do_not_act_on_is_kept_when_it_is_small() -> None:
    small = event("feedback_event", {"id": "f", "type": 2})
    assert isinstance(small, Other)
    assert (small.kind, small.data) == ("feedback_event", {"id": "f", "type": 2})
    large = event("feedback_event", {"content": "长" * 5000})
    assert isinstance(large, Other)
    assert large.data == {}


def test_without_an_id_the_content_is_the_identity() -> None:
    one, two = (body("text", text={"content": words}) for words in ("甲", "乙"))
    for raw in (one, two):
        del raw["msgid"]
    assert decoded(one).event_id == decoded(dict(reversed(one.items()))).event_id
    assert decoded(one).event_id != decoded(two).event_id


@pytest.mark.parametrize("given", [None, -1, 0, "soon", 10**15, True, 1.5, "9" * 5000, "１２"])
def test_a_time_that_is_none_is_now(given: object) -> None:
    assert decoded(body("text") | {"create_time": given}).at == NOW


@pytest.mark.parametrize("userid", ["", "@all", "a|b", "-x", "甲", 7, None, "a" * 65])
def test_a_user_id_that_is_none_is_nobody(userid: object) -> None:
    assert decoded(body("text") | {"from": {"userid": userid}}).user == ""


def test_somebody_of_another_corp_is_nobody_we_know() -> None:
    raw = body("text") | {"from": {"userid": "li", "corpid": "wwother"}}
    assert decoded(raw, "wwours").user == "li/wwother"
    assert decoded(raw | {"from": {"userid": "li", "corpid": "wwours"}}, "wwours").user == "li"
    assert decoded(raw).user == "li"


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["eventtype", "event_key", "selected_item", "option_ids", "userid", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["msgid", "create_time", "from", "msgtype", "event", "text", "mixed"]),
        json | st.sampled_from(["event", "text", "mixed", "image"]),
    )
)
def test_nothing_that_comes_breaks_the_reader(raw: dict[str, Any]) -> None:
    assert decoded(raw).platform == "wecom"
