"""Frames of the long connection: `{cmd, headers, body}`, and acks without cmd (D101463)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

SUBSCRIBE = "aibot_subscribe"
PING = "ping"
MESSAGE = "aibot_msg_callback"
HAPPENING = "aibot_event_callback"
RESPOND = "aibot_respond_msg"
WELCOME = "aibot_respond_welcome_msg"
UPDATE = "aibot_respond_update_msg"
SEND = "aibot_send_msg"
UPLOAD = "aibot_upload_media_init"
UPLOAD_PIECE = "aibot_upload_media_chunk"
UPLOAD_END = "aibot_upload_media_finish"

FRAME_BYTES = 256 << 10  # the largest we take in; a longer one ends the connection
_REASON_CHARS = 200

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A callback (`cmd` set) or an ack (`cmd` empty, `code` 0 when it went well)."""

    cmd: str
    req_id: str
    body: Mapping[str, Any] = field(default_factory=dict)
    code: int = 0
    message: str = ""


def new_req_id() -> str:
    return secrets.token_hex(16)


def write(cmd: str, req_id: str, body: Body | None) -> str:
    frame: Body = {"cmd": cmd, "headers": {"req_id": req_id}}
    if body is not None:
        frame["body"] = body
    return orjson.dumps(frame).decode()


def read(raw: str) -> Incoming | None:
    """None for what is no frame: nobody could be answered about it."""
    try:
        frame = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(frame, dict):
        return None
    headers, body = frame.get("headers"), frame.get("body")
    req_id = headers.get("req_id") if isinstance(headers, dict) else None
    code = frame.get("errcode", 0)
    return Incoming(
        cmd=str(frame.get("cmd") or ""),
        req_id=req_id if isinstance(req_id, str) else "",
        body=body if isinstance(body, dict) else {},
        code=code if isinstance(code, int) else -1,
        message=str(frame.get("errmsg") or "")[:_REASON_CHARS],
    )
