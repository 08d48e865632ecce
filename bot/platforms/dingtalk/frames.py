"""Frames of the Stream connection and what acknowledges them [DP protocol, PY3 frames.py]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import orjson

from bot.platforms.dingtalk.reading import Json, parse, text_of
from bot.platforms.refusal import Refused

LARGEST_BYTES = 256 << 10
ROBOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"
PING, DISCONNECT = "ping", "disconnect"


class FrameType(StrEnum):
    SYSTEM = "SYSTEM"
    EVENT = "EVENT"
    CALLBACK = "CALLBACK"


@dataclass(frozen=True, slots=True)
class Frame:
    """`data` is JSON in a string, unread; `headers` are the platform's, with the topic in them."""

    type: FrameType
    topic: str
    message_id: str
    headers: Json = field(repr=False)
    data: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ack:
    """`code` is 200, 404 (topic unknown) or 500 (not taken); 400 says that it made no sense."""

    code: int = 200
    data: Mapping[str, object] | str = field(default_factory=dict)
    message: str = "OK"


def parse_frame(text: str) -> Frame:
    """Raises Refused for what is no frame, too large, or of a type unheard of."""
    if len(text) > LARGEST_BYTES or len(text.encode(errors="surrogatepass")) > LARGEST_BYTES:
        raise Refused(413, "oversize")
    raw = parse(text)
    headers = raw.get("headers")
    message_id = text_of(headers, "messageId")
    try:
        kind = FrameType(text_of(raw, "type"))
    except ValueError:
        raise Refused(400, "unknown_type") from None
    if not isinstance(headers, dict) or not message_id:
        raise Refused(400, "no_message_id")
    data = raw.get("data")
    return Frame(
        type=kind,
        topic=text_of(headers, "topic"),
        message_id=message_id,
        headers=headers,
        data=data if isinstance(data, str) else orjson.dumps(data).decode(),
    )


def ack_text(frame: Frame, ack: Ack) -> str:
    """The text frame that acknowledges; its `data` is JSON in a string again."""
    data = ack.data if isinstance(ack.data, str) else orjson.dumps(dict(ack.data)).decode()
    answer = {
        "code": ack.code,
        "headers": {"messageId": frame.message_id, "contentType": "application/json"},
        "message": ack.message,
        "data": data,
    }
    return orjson.dumps(answer).decode()


def pong(frame: Frame) -> Ack:
    """A ping's own data comes back as it was."""
    return Ack(data=frame.data)
