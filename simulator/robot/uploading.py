"""Uploads to the robot's chats over the connection: begun, in pieces, ended [D101463].

The codes 846611 to 846616 are known to be about uploads; which is which is our reading.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulator.clock import Clock
from simulator.errors import WeComError
from simulator.media import MOST, Media, MediaStore

PIECE_BYTES = 512 << 10
PIECES = 100
LIFE = timedelta(minutes=30)
Body = dict[str, Any]


@dataclass(slots=True)
class _Upload:
    kind: str
    filename: str
    size: int
    count: int
    md5: str
    until: datetime
    pieces: dict[int, bytes] = field(default_factory=dict)


class Uploads:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, _Upload] = {}

    def begin(self, body: Body) -> Body:
        kind, name = body.get("type"), body.get("filename")
        size, count = body.get("total_size"), body.get("total_chunks")
        if kind not in MOST or not isinstance(name, str) or not name:
            raise WeComError(846611)
        if not isinstance(size, int) or not 0 < size <= MOST[kind]:
            raise WeComError(846612)
        if not isinstance(count, int) or not 0 < count <= PIECES:
            raise WeComError(846613)
        upload = secrets.token_urlsafe(18)
        until = self._clock.now() + LIFE
        self._open[upload] = _Upload(kind, name, size, count, str(body.get("md5") or ""), until)
        return {"upload_id": upload}

    def piece(self, body: Body) -> Body:
        upload, number = self._find(body), body.get("chunk_index")
        if not isinstance(number, int) or not 0 <= number < upload.count:
            raise WeComError(846614)
        try:
            data = base64.b64decode(str(body.get("base64_data") or ""), validate=True)
        except binascii.Error:
            raise WeComError(846614) from None
        if not 0 < len(data) <= PIECE_BYTES:
            raise WeComError(846614)
        upload.pieces[number] = data
        return {}

    def end(self, body: Body, media: MediaStore) -> tuple[Media, Body]:
        upload = self._find(body)
        del self._open[str(body["upload_id"])]
        data = b"".join(upload.pieces.get(number, b"") for number in range(upload.count))
        whole = len(upload.pieces) == upload.count and len(data) == upload.size
        if not whole:
            raise WeComError(846615)
        if upload.md5 and upload.md5 != hashlib.md5(data, usedforsecurity=False).hexdigest():
            raise WeComError(846616)
        kept = media.add(upload.kind, upload.filename, data)
        return kept, {"type": kept.kind, "media_id": kept.id, "created_at": str(kept.created)}

    def _find(self, body: Body) -> _Upload:
        found = self._open.get(str(body.get("upload_id")))
        if found is None or found.until <= self._clock.now():
            raise WeComError(846614)
        return found
