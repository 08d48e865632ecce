"""A sample of every entry of kf/sync_msg (D94670), the doorbell, and what is no entry at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Failure
from bot.events import KfRang, Other
from bot.platforms.wecom.decode import decode
from bot.platforms.wecom.kf.decode import decode_entry
from bot.platforms.wecom.kf.events import (
    KfEntered,
    KfEvent,
    KfMediaSent,
    KfOther,
    KfRecalled,
    KfSaid,
    KfSendFailed,
    KfSessionChanged,
)
from tests.wecom import event_xml

HEAD = {"msgid": "m1", "send_time": 1615478585}
WHOM = {"open_kfid": "wkA1", "external_userid": "wmB1"}


def said(origin: int = 3, kind: str = "text", **part: Any) -> KfEvent:
    entry = {**HEAD, **WHOM, "origin": origin, "msgtype": kind, kind: part}
    return decode_entry(entry, open_kfid="wkA1")


def happened(kind: str, **fields: Any) -> KfEvent:
    event = {"event_type": kind, **WHOM, **fields}
    entry = {**HEAD, "origin": 4, "msgtype": "event", "event": event}
    return decode_entry(entry, open_kfid="wkA1")


def test_what_no_database_takes_is_left_out() -> None:
    event = said(content="来\x00的\x07")
    assert isinstance(event, KfSaid)
    assert event.text == "来的"


def test_words_and_taps() -> None:
    event = said(content=" 1 ", menu_id="a__b")
    assert isinstance(event, KfSaid)
    assert (event.text, event.menu_id, event.msgid) == (" 1 ", "a__b", "m1")
    assert (event.open_kfid, event.user) == ("wkA1", "wmB1")
    assert event.at == datetime(2021, 3, 11, 16, 3, 5, tzinfo=UTC)
    plain = said(content="好")
    assert isinstance(plain, KfSaid)
    assert plain.menu_id == ""


@pytest.mark.parametrize("origin", [4, 5, 7, None, "3"])
def test_words_of_others_are_not_the_candidates(origin: Any) -> None:
    event = said(origin, content="同意", menu_id="a__b")
    assert isinstance(event, KfOther)
    assert event.kind.endswith(".text")


@pytest.mark.parametrize("kind", ["image", "voice", "video", "file"])
def test_media(kind: str) -> None:
    event = said(kind=kind, media_id="x")
    assert isinstance(event, KfMediaSent)
    assert (event.kind, event.media_id) == (kind, "x")


@pytest.mark.parametrize("kind", ["location", "merged_msg", "a_kind_of_next_year"])
def test_other_messages_are_kept(kind: str) -> None:
    event = said(kind=kind, title="急诊楼")
    assert isinstance(event, KfOther)
    assert (event.kind, event.data) == (kind, {"title": "急诊楼"})


def test_entering() -> None:
    event = happened("enter_session", scene="iv", scene_param="s=1", welcome_code="W")
    assert isinstance(event, KfEntered)
    assert (event.scene, event.scene_param, event.welcome_code) == ("iv", "s=1", "W")
    assert event.user == "wmB1"
    assert "W" not in repr(event).replace("KfEntered", "")


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (0, Failure.RECIPIENT),
        (1, Failure.CONFIGURATION),
        (4, Failure.RECIPIENT),
        (6, Failure.RECIPIENT),
        (10, Failure.RECIPIENT),
        (13, Failure.REQUEST),
        (99, Failure.RECIPIENT),
    ],
)
def test_a_message_that_did_not_arrive(kind: int, failure: Failure) -> None:
    event = happened("msg_send_fail", fail_msgid="key1", fail_type=kind)
    assert isinstance(event, KfSendFailed)
    assert (event.fail_msgid, event.fail_type, event.failure) == ("key1", kind, failure)
    assert event.cure.endswith("。")


def test_recall_and_sessions() -> None:
    event = happened("user_recall_msg", recall_msgid="m0")
    assert isinstance(event, KfRecalled)
    assert event.recalled_msgid == "m0"
    changed = happened(
        "session_status_change", change_type=3, old_servicer_userid="lin", msg_code="C"
    )
    assert isinstance(changed, KfSessionChanged)
    assert (changed.change, changed.servicer, changed.msg_code) == (3, "lin", "C")


@pytest.mark.parametrize("kind", ["servicer_recall_msg", "of_next_year", ""])
def test_other_events_are_kept(kind: str) -> None:
    event = happened(kind, note="x")
    assert isinstance(event, KfOther)
    assert event.kind == f"event.{kind}"
    assert event.data["note"] == "x"


plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.floats()
json_values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("msgid", "send_time", "origin", "msgtype", "text", "event", "external_userid")


@given(json_values | st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_nothing_stops_the_pulling(entry: Any) -> None:
    event = decode_entry(entry, open_kfid="wkA1")
    assert event.msgid
    assert decode_entry(entry, open_kfid="wkA1").msgid == event.msgid


def test_the_doorbell() -> None:
    fields = "<Token><![CDATA[ENC1]]></Token><OpenKfId><![CDATA[wkA1]]></OpenKfId>"
    rung = decode(event_xml("kf_msg_or_event", fields, user="").encode(), app="hr")
    assert isinstance(rung, KfRang)
    assert (rung.open_kfid, rung.token, rung.user) == ("wkA1", "ENC1", "")
    assert "ENC1" not in repr(rung)
    again = decode(event_xml("kf_msg_or_event", fields, user="").encode(), app="hr")
    assert again.event_id == rung.event_id
    other = decode(
        event_xml("kf_msg_or_event", fields.replace("1", "2"), user="").encode(), app="hr"
    )
    assert other.event_id != rung.event_id
    assert isinstance(decode(event_xml("kf_msg_or_event", "").encode(), app="hr"), Other)
