"""What the inbox keeps of an event is the event."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot import events
from bot.wire_form import KINDS, event_from_json, event_to_json

HEAD = {
    "platform": "dingtalk",
    "app": "main",
    "event_id": "dingtalk:event:1",
    "user": "li",
    "at": datetime(2026, 12, 7, 6, 0, tzinfo=UTC),
}
SAMPLES: dict[str, dict[str, object]] = {
    "TextSaid": {"text": "我的班", "group": "cid1", "group_title": "示例群"},
    "CardTapped": {"verb": "x.y", "task_id": "t", "selected": {"day": ("1", "2")}},
    "MenuTapped": {"key": "k"},
    "MediaSent": {"kind": "image", "media_id": "m"},
    "AppEntered": {"first": True},
    "MemberChanged": {"change": "deleted", "member": "wang"},
    "MessageRead": {"message_ids": ("a", "b")},
    "KfRang": {"open_kfid": "wk1", "token": "t"},
    "LinkEntered": {"scene": "s", "scene_param": "p"},
    "ChatMoved": {"change": 3, "servicer": "su"},
    "Other": {"kind": "k", "data": {"a": [1]}},
}


def test_every_kind_of_event_can_be_stored() -> None:
    assert set(KINDS) == {kind.__name__ for kind in events.Event.__subclasses__()} == set(SAMPLES)


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_an_event_comes_back_as_it_was(kind: str) -> None:
    event = KINDS[kind](**HEAD, **SAMPLES[kind])  # type: ignore[arg-type]
    assert event_from_json(kind, event_to_json(event)) == event
