"""Files in both directions: uploads of the bot, and what people send to the robot."""

from __future__ import annotations

import secrets

from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.errors import NewError, OldError
from simulator.dingtalk.memory import StoredFile, new_id
from simulator.dingtalk.robot import check_robot

KINDS = ("image", "voice", "video", "file")


def _upload(ask: Ask) -> Reply:
    kind = ask.query.get("type", "")
    if kind not in KINDS:
        raise OldError(40004, "不合法的媒体文件类型")
    if ask.upload is None or not ask.upload.data:
        raise OldError(40035)
    media_id = f"@{secrets.token_urlsafe(18)}"
    ask.memory.files[media_id] = StoredFile(ask.upload.filename, ask.upload.data)
    ask.call.summary = f"{kind} {ask.upload.filename[:60]} {len(ask.upload.data)} bytes"
    return {"type": kind, "media_id": media_id, "created_at": ask.service.now_ms()}


def _download(ask: Ask) -> Reply:
    """Turn a downloadCode into an address that lives a short while [S0719]."""
    check_robot(ask)
    code = str(ask.body.get("downloadCode"))
    if code not in ask.memory.files:
        raise NewError(400, "invalidParameter.downloadCode", "downloadCode is not known")
    address = new_id()
    ask.memory.downloads[address] = code
    return {"downloadUrl": f"{ask.base}/dingtalk/files/{address}"}


APIS = (
    Api("POST", "media/upload", _upload),
    Api("POST", "v1.0/robot/messageFiles/download", _download, scope="qyapi_robot_sendmsg"),
)
