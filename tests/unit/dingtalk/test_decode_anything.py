"""Whatever JSON or rubbish comes: an event that can be stored, or a clear refusal."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.events import Event
from bot.platforms.dingtalk.decode import (
    Happening,
    Persons,
    decode_event,
    decode_http_event,
    decode_message,
)
from bot.platforms.dingtalk.frames import parse_frame
from bot.platforms.dingtalk.taps import decode_tap
from bot.platforms.refusal import Refused
from bot.wire_form import KINDS, event_from_json, event_to_json, sender
from tests.dingtalk import CORP, NOW, http_event, message, tap

PERSONS = Persons(CORP)
WORDS = st.text(st.characters(exclude_categories=[]), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
RUBBISH = st.binary(max_size=200) | st.text(max_size=200).map(
    lambda text: text.encode(errors="surrogatepass")
)
KINDS_OF_EVENT = st.sampled_from(
    ["user_add_org", "user_leave_org", "org_dept_modify", "robot_msg_read", "x", "\x00"]
)
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def mutated(sample: dict[str, object]) -> st.SearchStrategy[bytes]:
    """The sample with any of its fields replaced by anything."""
    changes = st.dictionaries(st.sampled_from(sorted(sample)) | WORDS, VALUES, max_size=4)
    return changes.map(lambda change: json.dumps({**sample, **change}).encode())


def check(*events: Event) -> None:
    """What the inbox and the database need of an event."""
    ids = [event.event_id for event in events]
    assert len(set(ids)) == len(ids)
    for event in events:
        assert len(event.event_id) <= 160
        for text in (event.event_id, event.user, sender(event)):
            assert text.isprintable()
            assert text.isascii()
        stored = event_to_json(event)
        assert event_from_json(type(event).__name__, stored).event_id == event.event_id
        assert type(event).__name__ in KINDS


@SLOW
@given(mutated(message()) | RUBBISH)
def test_any_message(data: bytes) -> None:
    with suppress(Refused):
        check(decode_message(data, PERSONS, NOW).event)


@SLOW
@given(mutated(tap()) | RUBBISH, WORDS)
def test_any_tap(data: bytes, push_id: str) -> None:
    with suppress(Refused):
        check(decode_tap(data, PERSONS, push_id=push_id, at=NOW))


@SLOW
@given(mutated(http_event()) | RUBBISH, KINDS_OF_EVENT, WORDS)
def test_any_event(data: bytes, kind: str, event_id: str) -> None:
    with suppress(Refused):
        check(*decode_event(data, PERSONS, Happening(kind, event_id, CORP, NOW)))
    with suppress(Refused):
        check(*decode_http_event(data, PERSONS, NOW))


@SLOW
@given(VALUES, st.sampled_from(["SYSTEM", "EVENT", "CALLBACK"]), VALUES)
def test_any_frame(headers: object, kind: str, data: object) -> None:
    text = json.dumps({"type": kind, "headers": headers, "data": data}, ensure_ascii=False)
    with suppress(Refused):
        frame = parse_frame(text)
        assert frame.message_id
        assert isinstance(frame.data, str)
