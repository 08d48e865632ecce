"""Uploads a file over the long connection, piece by piece (D101463).

The page numbers the pieces from 1, both official clients send 0 first: we do as they do.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

from bot.channels import Failure, File, SendFailed
from bot.platforms.wecom.errors import cure
from bot.platforms.wecom.fitting import unfit
from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.frames import Body

PIECE_BYTES = 512 << 10
PIECES = 100
ACK_SECONDS = 20.0  # an ack of an upload takes longer than one of a message


class Asks(Protocol):
    async def ask(
        self, cmd: str, body: Body, req_id: str = "", patience: float = 0.0
    ) -> Mapping[str, Any]: ...


def kind_of(file: File) -> str:
    return "image" if file.media_type.startswith("image/") else "file"


async def upload(line: Asks, file: File) -> str:
    """The media id, for three days. Raises SendFailed, never UNKNOWN: nobody is shown it yet."""
    pieces = [file.data[at : at + PIECE_BYTES] for at in range(0, len(file.data), PIECE_BYTES)]
    if not 0 < len(pieces) <= PIECES:
        raise unfit(f"a file takes 1 to {PIECES} pieces")
    try:
        return await _upload(line, file, pieces)
    except SendFailed as failed:
        if failed.failure is not Failure.UNKNOWN:
            raise
        raise SendFailed(
            Failure.RETRY, reason=failed.reason, cure=cure("network"), wait=failed.wait
        ) from None


async def _upload(line: Asks, file: File, pieces: list[bytes]) -> str:
    about: Body = {
        "type": kind_of(file),
        "filename": file.filename,
        "total_size": len(file.data),
        "total_chunks": len(pieces),
        "md5": hashlib.md5(file.data, usedforsecurity=False).hexdigest(),
    }
    name = _id(await line.ask(frames.UPLOAD, about, patience=ACK_SECONDS), "upload_id")
    for number, piece in enumerate(pieces):
        text = base64.b64encode(piece).decode()
        body: Body = {"upload_id": name, "chunk_index": number, "base64_data": text}
        await line.ask(frames.UPLOAD_PIECE, body, patience=ACK_SECONDS)
    ended = await line.ask(frames.UPLOAD_END, {"upload_id": name}, patience=ACK_SECONDS)
    return _id(ended, "media_id")


def _id(ack: Mapping[str, Any], name: str) -> str:
    value = ack.get(name)
    if not isinstance(value, str) or not value:
        raise SendFailed(Failure.REQUEST, reason=f"the platform gave no {name}")
    return value
