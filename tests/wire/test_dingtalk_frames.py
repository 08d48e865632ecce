"""A sample of every frame of dingtalk.md §2–5, raw, and what it means to us."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.events import CardTapped, MediaSent, MemberChanged, MessageRead, Other, TextSaid
from bot.platforms.dingtalk.decode import (
    Happening,
    Persons,
    Said,
    decode_event,
    decode_http_event,
    decode_message,
)
from bot.platforms.dingtalk.frames import Ack, FrameType, ack_text, parse_frame, pong
from bot.platforms.dingtalk.taps import decode_tap
from bot.platforms.refusal import Refused
from tests.dingtalk import CORP, NOW, OTHER_CORP, event_frame, http_event, message, ms, tap

PERSONS = Persons(CORP)

ROBOT = """{"specVersion":"1.0","type":"CALLBACK","headers":{"appId":"a1","connectionId":"c1",
"contentType":"application/json","messageId":"1690362102194-m","time":"1690362102194",
"topic":"/v1.0/im/bot/messages/get"},"data":"{\\"conversationId\\":\\"cid1\\",
\\"conversationType\\":\\"1\\",\\"chatbotCorpId\\":\\"ding5a1e2b3c4d5f6071\\",
\\"msgId\\":\\"msgA==\\",\\"msgtype\\":\\"text\\",\\"text\\":{\\"content\\":\\" 你好\\"},
\\"senderStaffId\\":\\"0169\\",\\"senderCorpId\\":\\"ding5a1e2b3c4d5f6071\\",
\\"createAt\\":1695199269062,\\"sessionWebhookExpiredTime\\":1695204671648,
\\"sessionWebhook\\":\\"https://oapi.dingtalk.com/robot/sendBySession?session=s\\"}"}""".replace(
    "\n", ""
)
PING = (
    '{"specVersion":"1.0","type":"SYSTEM","headers":{"contentType":"application/json",'
    '"messageId":"p1","time":"1690362102194","topic":"ping"},"data":"{\\"opaque\\":\\"0x1\\"}"}'
)


def said(**changes: Any) -> Said:
    return decode_message(json.dumps(message(**changes)), PERSONS, NOW)


def told(kind: str, data: dict[str, Any], corp: str = CORP) -> Any:
    about = Happening(kind, "ev1", corp, NOW)
    return decode_event(json.dumps(data), PERSONS, about)


def tapped(**changes: Any) -> Any:
    return decode_tap(json.dumps(tap(**changes)), PERSONS, push_id="m1", at=NOW)


def test_a_raw_robot_frame() -> None:
    frame = parse_frame(ROBOT)
    assert (frame.type, frame.topic) == (FrameType.CALLBACK, "/v1.0/im/bot/messages/get")
    assert frame.message_id == "1690362102194-m"
    heard = decode_message(frame.data, PERSONS, NOW)
    assert heard.event == TextSaid(
        platform="dingtalk",
        app="main",
        event_id="dingtalk:msg:msgA==",
        user="0169",
        at=datetime(2023, 9, 20, 8, 41, 9, 62000, tzinfo=UTC),
        text="你好",
    )
    assert heard.webhook is not None
    assert heard.webhook.url.endswith("session=s")
    assert heard.webhook.expires == datetime(2023, 9, 20, 10, 11, 11, 648000, tzinfo=UTC)
    assert "session=s" not in repr(heard)


def test_a_raw_ping_and_its_echo() -> None:
    frame = parse_frame(PING)
    answer = json.loads(ack_text(frame, pong(frame)))
    assert answer["data"] == '{"opaque":"0x1"}'
    assert (answer["code"], answer["headers"]["messageId"]) == (200, "p1")


def test_an_acknowledgement_is_a_frame_with_data_in_a_string() -> None:
    frame = parse_frame(ROBOT)
    assert json.loads(ack_text(frame, Ack(data={"response": None}))) == {
        "code": 200,
        "headers": {"messageId": "1690362102194-m", "contentType": "application/json"},
        "message": "OK",
        "data": '{"response":null}',
    }


def test_a_group_message_names_its_group() -> None:
    heard = said(conversationType="2", conversationTitle="重症医学科通知群", words=" 绑定病区 ")
    assert heard.in_group
    assert isinstance(heard.event, TextSaid)
    assert (heard.event.text, heard.event.group) == ("绑定病区", "cidsample==")
    assert heard.event.group_title == "重症医学科通知群"
    alone = said().event
    assert isinstance(alone, TextSaid)
    assert (alone.group, alone.group_title) == ("", "")


def test_rich_text_is_its_words_or_its_picture_with_them() -> None:
    rich = [{"text": "明天"}, {"type": "picture", "downloadCode": "code"}, {"text": "\n换班"}]
    both = said(msgtype="richText", text=None, content={"richText": rich}).event
    assert isinstance(both, MediaSent)
    assert (both.kind, both.media_id, both.caption) == ("image", "code", "明天\n换班")
    words = said(msgtype="richText", text=None, content={"richText": rich[::2]}).event
    assert isinstance(words, TextSaid)
    assert words.text == "明天\n换班"
    group = said(
        msgtype="richText", text=None, content={"richText": rich}, conversationType="2"
    ).event
    assert isinstance(group, TextSaid)
    picture = said(msgtype="richText", text=None, content={"richText": rich[1:2]}).event
    assert isinstance(picture, MediaSent)
    assert (picture.kind, picture.media_id) == ("image", "code")


def test_a_voice_is_what_the_platform_understood() -> None:
    content = {"downloadCode": "code", "recognition": "我的班", "duration": 4000}
    heard = said(msgtype="audio", text=None, content=content).event
    assert isinstance(heard, TextSaid)
    assert heard.text == "我的班"
    mute = said(msgtype="audio", text=None, content={"downloadCode": "code"}).event
    assert isinstance(mute, MediaSent)
    assert mute.kind == "voice"


@pytest.mark.parametrize(
    ("kind", "means"), [("picture", "image"), ("video", "video"), ("file", "file")]
)
def test_media_carry_their_download_code(kind: str, means: str) -> None:
    content = {"downloadCode": "code", "fileName": "班表.xlsx"}
    heard = said(msgtype=kind, text=None, content=content).event
    assert isinstance(heard, MediaSent)
    assert (heard.kind, heard.media_id, heard.filename) == (means, "code", "班表.xlsx")


def test_other_messages_are_kept() -> None:
    heard = said(msgtype="unknownMsgType", text=None).event
    assert isinstance(heard, Other)
    assert heard.kind == "message.unknownMsgType"


def test_a_message_after_the_quota_is_no_message() -> None:
    for code in ("20001", 20001):
        heard = said(text=None, errorCode=code, errorMessage="已用完").event
        assert isinstance(heard, Other)
        assert (heard.kind, heard.data["errorMessage"]) == ("quota_exhausted", "已用完")
    (event,) = told("user_add_org", {"errorCode": 20001, "errMsg": "已用完"})
    assert event.kind == "quota_exhausted"


@pytest.mark.parametrize(
    "changes",
    [
        {"senderStaffId": ""},
        {"senderStaffId": None},
        {"senderCorpId": OTHER_CORP},
        {"chatbotCorpId": OTHER_CORP},
        {"senderCorpId": None, "chatbotCorpId": None},
        {"senderStaffId": "li\u0000"},
        {"senderStaffId": " li"},
        {"senderStaffId": ["li"]},
        {"senderStaffId": "outside:ffff" + "f" * 70},
        {"senderStaffId": "$:LWCP_v1:$li"},
    ],
)
def test_nobody_outside_is_taken_for_a_member(changes: dict[str, Any]) -> None:
    stranger = said(**changes).event.user
    assert stranger.startswith("outside:")
    assert len(stranger) < 64
    again = said(**changes, senderId="$:LWCP_v1:$other").event.user
    assert again != stranger


def test_one_corp_id_of_ours_is_proof_enough() -> None:
    assert said(senderCorpId=None).event.user == "li"
    assert said(chatbotCorpId=None).event.user == "li"


def test_a_tap_names_verb_card_and_choices() -> None:
    params = {"action": "swaps.accept", "day": "1", "who": "a,b", "n": 7, "form": {"x": ["1"]}}
    content = {"cardPrivateData": {"actionIds": ["swaps.accept"], "params": params}}
    event = tapped(content=json.dumps(content))
    assert event == CardTapped(
        platform="dingtalk",
        app="main",
        event_id="dingtalk:card:m1",
        user="li",
        at=NOW,
        verb="swaps.accept",
        task_id="task-1",
        selected={"day": ("1",), "who": ("a", "b"), "n": ("7",), "x": ("1",)},
    )


def test_a_form_brings_its_button_as_a_field() -> None:
    form = {"action": {"index": 1, "value": "swaps.refuse"}, "day": {"index": 0, "value": "2"}}
    content = {"cardPrivateData": {"actionIds": ["form"], "params": {"action": "", "form": form}}}
    event = tapped(content=json.dumps(content))
    assert (event.verb, event.selected) == ("swaps.refuse", {"day": ("2",)})


@pytest.mark.parametrize("as_text", [True, False])
def test_the_older_builder_calls_it_value(as_text: bool) -> None:
    private = {"cardPrivateData": {"actionIds": ["a.b"], "params": {}}}
    event = tapped(content=None, value=json.dumps(private) if as_text else private)
    assert event.verb == "a.b"


def test_a_tap_without_a_button_still_is_a_tap() -> None:
    assert tapped(content="{}").verb == ""
    assert tapped(content=None).verb == ""


def test_a_tap_from_elsewhere_is_a_strangers() -> None:
    assert tapped(corpId=OTHER_CORP).user.startswith("outside:")
    assert tapped(corpId=None).user.startswith("outside:")


def test_another_kind_of_card_callback_is_kept() -> None:
    event = tapped(type="somethingNew")
    assert (type(event), event.kind) == (Other, "card.somethingNew")


@pytest.mark.parametrize(
    ("kind", "change"),
    [("user_add_org", "created"), ("user_modify_org", "updated"), ("user_leave_org", "deleted")],
)
def test_one_event_may_name_several_members(kind: str, change: str) -> None:
    events = told(kind, {"timeStamp": "1690362102194", "userId": ["wang", "zhou", "wang"]})
    assert [(type(e), e.change, e.member, e.user) for e in events] == [
        (MemberChanged, change, "wang", ""),
        (MemberChanged, change, "zhou", ""),
    ]
    assert [e.event_id for e in events] == ["dingtalk:event:ev1:wang", "dingtalk:event:ev1:zhou"]
    assert events == told(kind, {"timeStamp": "1690362102194", "userId": ["wang", "zhou"]})


@pytest.mark.parametrize("kind", ["org_dept_create", "org_dept_modify", "org_dept_remove"])
def test_a_department_changed(kind: str) -> None:
    (event,) = told(kind, {"timeStamp": "1", "deptId": [2]})
    assert (type(event), event.change, event.member) == (MemberChanged, "updated", "")


def test_a_message_was_read() -> None:
    data = {"processQueryKey": "key1", "userId": "li", "robotCode": "r", "operatTime": 1}
    (event,) = told("robot_msg_read", data)
    assert event == MessageRead(
        platform="dingtalk",
        app="main",
        event_id="dingtalk:event:ev1",
        user="li",
        at=NOW,
        message_ids=("key1",),
    )


@pytest.mark.parametrize("kind", ["bpms_instance_change", "user_active_org", "never_heard_of", ""])
def test_everything_else_is_kept(kind: str) -> None:
    (event,) = told(kind, {"userId": ["li"], "deep": {"a": [1]}})
    assert (type(event), event.kind, event.data["deep"]) == (Other, kind, {"a": [1]})


def test_an_event_of_another_organisation_is_nothing() -> None:
    assert told("user_leave_org", {"userId": ["wang"]}, corp=OTHER_CORP) == ()


def test_over_http_names_differ_in_case_and_mean_the_same() -> None:
    (event,) = decode_http_event(json.dumps(http_event()).encode(), PERSONS, NOW)
    (streamed,) = told("user_leave_org", {"userId": ["wang"]})
    assert event == streamed
    foreign = json.dumps(http_event(CorpId=OTHER_CORP)).encode()
    assert decode_http_event(foreign, PERSONS, NOW) == ()
    data = {"ProcessQueryKey": "key1", "UserId": "li"}
    (read,) = decode_http_event(
        json.dumps(http_event("robot_msg_read", **data)).encode(), PERSONS, NOW
    )
    assert isinstance(read, MessageRead)
    assert read.message_ids == ("key1",)


def test_an_event_without_id_is_known_by_its_words() -> None:
    one, two = http_event(eventId=None, UserId=["a"]), http_event(eventId=None, UserId=["b"])
    ids = [
        decode_http_event(json.dumps(body).encode(), PERSONS, NOW)[0].event_id
        for body in (one, two, one)
    ]
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"type":"CALLBACK"}',
        '{"type":"CALLBACK","headers":{}}',
        '{"type":"CALLBACK","headers":{"messageId":""}}',
        '{"type":"HELLO","headers":{"messageId":"m"}}',
        '{"headers":{"messageId":"m"}}',
        json.dumps(event_frame("x", "y" * (257 << 10))),
        '{"type":"EVENT","headers":' + '{"a":' * 300 + "1" + "}" * 301,
    ],
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_frame(text)


@pytest.mark.parametrize("at", ["soon", -1, 1.5, True, [], 10**20, "9" * 14, "1690362102"])
def test_an_impossible_time_is_refused(at: object) -> None:
    with pytest.raises(Refused, match="400 time"):
        said(createAt=at)


def test_a_message_without_a_time_came_now() -> None:
    assert said(createAt=None).event.at == NOW
    assert said(createAt=str(ms())).event.at == NOW


def test_an_unclear_webhook_is_none() -> None:
    assert said(sessionWebhookExpiredTime="never").webhook is None
    assert said(sessionWebhook=None).webhook is None


def test_our_organisation_must_be_known() -> None:
    with pytest.raises(ValueError, match="WARDBELL_DINGTALK_CORP_ID"):
        Persons("")
