"""A sample of every callback of wecom.md §4–5 and what it means to us."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.events import (
    AppEntered,
    CardTapped,
    Event,
    MediaSent,
    MemberChanged,
    MenuTapped,
    Other,
    TextSaid,
)
from bot.platforms.refusal import Refused
from bot.platforms.wecom.decode import decode
from tests.wecom import event_xml, text_xml


def decoded(xml: str) -> Event:
    return decode(xml.encode(), app="hr")


def message(kind: str, fields: str) -> str:
    return text_xml().replace("[text]", f"[{kind}]").replace("<MsgId>", f"{fields}<MsgId>")


def test_text_keeps_what_was_typed() -> None:
    event = decoded(text_xml(" <我的班> & 更多\n"))
    assert isinstance(event, TextSaid)
    assert event.text == " <我的班> & 更多\n"
    assert (event.user, event.event_id) == ("li", "wecom:hr:4561255354251345929")
    assert event.at == datetime(2014, 9, 2, 12, 10, 13, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["image", "voice", "video", "file"])
def test_media_are_told_apart(kind: str) -> None:
    event = decoded(message(kind, "<MediaId>m1</MediaId><FileName>排班.xlsx</FileName>"))
    assert isinstance(event, MediaSent)
    assert (event.kind, event.media_id, event.filename) == (kind, "m1", "排班.xlsx")


@pytest.mark.parametrize("kind", ["location", "link", "a_kind_of_next_year"])
def test_other_messages_are_kept_with_their_fields(kind: str) -> None:
    event = decoded(message(kind, "<Label>急诊楼</Label><Url>https://example.org</Url>"))
    assert isinstance(event, Other)
    assert event.kind == kind
    assert (event.data["Label"], event.data["Url"]) == ("急诊楼", "https://example.org")


@pytest.mark.parametrize(("name", "first"), [("subscribe", True), ("enter_agent", False)])
def test_entering_the_app(name: str, first: bool) -> None:
    event = decoded(event_xml(name, "<EventKey></EventKey>"))
    assert isinstance(event, AppEntered)
    assert (event.user, event.first) == ("li", first)


def test_unsubscribe_takes_the_member_out_of_range() -> None:
    event = decoded(event_xml("unsubscribe"))
    assert isinstance(event, MemberChanged)
    assert (event.change, event.member) == ("out_of_range", "li")


def test_menu_click() -> None:
    event = decoded(event_xml("click", "<EventKey>my_shifts</EventKey>"))
    assert isinstance(event, MenuTapped)
    assert event.key == "my_shifts"


def items(*answers: tuple[str, tuple[str, ...]]) -> str:
    inner = "".join(
        f"<SelectedItem><QuestionKey>{key}</QuestionKey><OptionIds>"
        + "".join(f"<OptionId>{each}</OptionId>" for each in ids)
        + "</OptionIds></SelectedItem>"
        for key, ids in answers
    )
    return f"<SelectedItems>{inner}</SelectedItems>" if answers else ""


@pytest.mark.parametrize("name", ["template_card_event", "template_card_menu_event"])
@pytest.mark.parametrize(
    "answers",
    [(), (("day", ("d1",)),), (("day", ("d1", "d2")), ("kind", ("n",)))],
    ids=["none", "one", "many"],
)
@pytest.mark.parametrize("agent", ["AgentID", "AgentId"])
def test_card_taps_always_give_lists(
    name: str, answers: tuple[tuple[str, tuple[str, ...]], ...], agent: str
) -> None:
    fields = (
        "<EventKey>swaps.accept</EventKey><TaskId>ask_7</TaskId><ResponseCode>rc</ResponseCode>"
        f"<CardType>button_interaction</CardType>{items(*answers)}"
    )
    event = decoded(event_xml(name, fields).replace("AgentID", agent))
    assert isinstance(event, CardTapped)
    assert (event.verb, event.task_id, event.response_code) == ("swaps.accept", "ask_7", "rc")
    assert event.selected == dict(answers)


@pytest.mark.parametrize(
    ("change", "means"),
    [("create_user", "created"), ("update_user", "updated"), ("delete_user", "deleted")],
)
def test_members_come_change_and_leave(change: str, means: str) -> None:
    fields = f"<ChangeType>{change}</ChangeType><UserID>wang</UserID><NewUserID>wang2</NewUserID>"
    event = decoded(event_xml("change_contact", fields, user="sys"))
    assert isinstance(event, MemberChanged)
    assert (event.user, event.change, event.member) == ("", means, "wang")
    assert event.new_member == "wang2"


@pytest.mark.parametrize(
    "change", ["create_party", "update_party", "delete_party", "update_tag", ""]
)
def test_other_directory_changes_are_kept(change: str) -> None:
    fields = f"<ChangeType>{change}</ChangeType><Id>7</Id>"
    event = decoded(event_xml("change_contact", fields, user="sys"))
    assert isinstance(event, Other)
    assert (event.kind, event.data["Id"]) == (f"change_contact.{change}", "7")


@pytest.mark.parametrize(
    "name",
    [
        "LOCATION",
        "view",
        "view_miniprogram",
        "scancode_waitmsg",
        "batch_job_result",
        "kf_msg_or_event",
        "inactive_alert",
        "close_inactive_agent",
        "reopen_inactive_agent",
        "low_active_alert",
        "low_active",
        "active_restored",
        "open_approval_change",
        "never_heard_of",
    ],
)
def test_everything_else_is_kept_and_never_raises(name: str) -> None:
    event = decoded(event_xml(name, "<EventKey>k</EventKey>", user=""))
    assert isinstance(event, Other)
    assert (event.kind, event.user, event.data["EventKey"]) == (name.lower(), "", "k")


def test_approval_nodes_stay_lists_even_when_there_is_one() -> None:
    info = (
        "<ApprovalInfo><SpNoStr>1</SpNoStr><SpRecord><SpStatus>1</SpStatus></SpRecord>"
        "<Comments><Id>a</Id></Comments><Comments><Id>b</Id></Comments></ApprovalInfo>"
    )
    event = decoded(event_xml("sys_approval_change", info, user="sys"))
    assert isinstance(event, Other)
    assert event.data["ApprovalInfo"] == {
        "SpNoStr": "1",
        "SpRecord": [{"SpStatus": "1"}],
        "Comments": [{"Id": "a"}, {"Id": "b"}],
    }


def test_events_of_one_second_have_different_ids() -> None:
    first = decoded(event_xml("change_contact", "<UserID>a</UserID>", user="sys"))
    second = decoded(event_xml("change_contact", "<UserID>b</UserID>", user="sys"))
    again = decoded(event_xml("change_contact", "<UserID>a</UserID>", user="sys"))
    assert first.event_id == again.event_id != second.event_id


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "not xml",
        "<xml></xml>",
        "<xml/>",
        text_xml().replace("1409659813", "soon"),
        text_xml().replace("1409659813", "99999999999"),
        text_xml().replace("MsgType", "Type"),
        event_xml(""),
        text_xml("\x00"),
        text_xml().replace("<![CDATA[我的班]]>", "&#0;"),
        text_xml().replace("<![CDATA[我的班]]>", "&#xD800;"),
        text_xml().replace("<![CDATA[我的班]]>", "&nbsp;"),
        "<!DOCTYPE xml><xml></xml>",
        message("link", "<a>" * 3000 + "</a>" * 3000),
    ],
)
def test_malformed_messages_are_refused(xml: str) -> None:
    with pytest.raises(Refused, match="400"):
        decoded(xml)


def test_a_doctype_typed_by_a_person_is_only_text() -> None:
    event = decoded(text_xml("<!DOCTYPE html>"))
    assert isinstance(event, TextSaid)
    assert event.text == "<!DOCTYPE html>"
