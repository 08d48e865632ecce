"""A photo or file that somebody sends, as the control API takes it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from simulator.callbacks import Outcome
from simulator.owners import TEXT_LIMIT, Owner
from simulator.refusals import Refused

Body = Mapping[str, Any]
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
MOST = 20 << 20


@dataclass(frozen=True, slots=True)
class Photo:
    """`kind` is image or file; `caption` are words sent in the same breath."""

    name: str
    kind: str
    caption: str = ""
    data: bytes = field(default=b"", repr=False)

    def body(self, media_id: str) -> dict[str, Any]:
        """As the sender's own phone shows it."""
        return {
            "media_id": media_id,
            "filename": self.name,
            "size": len(self.data),
            "title": "",
            "description": self.caption,
        }


@runtime_checkable
class TakesPhotos(Protocol):
    """A platform whose phones can send them."""

    async def send_photo(self, owner: Owner, photo: Photo, body: Body) -> Outcome: ...


def read(body: Body) -> Photo:
    """{"name", "data" in base64, "caption"?, "kind"?}; the kind follows from the bytes."""
    name, caption = body.get("name"), body.get("caption") or ""
    if not isinstance(name, str) or not 0 < len(name) <= 200:
        raise Refused(400, "name must have 1 to 200 characters")
    if not isinstance(caption, str) or len(caption) > TEXT_LIMIT:
        raise Refused(400, f"caption must have at most {TEXT_LIMIT} characters")
    try:
        data = base64.b64decode(str(body.get("data") or ""), validate=True)
    except binascii.Error:
        raise Refused(400, "data must be base64") from None
    if not data or len(data) > MOST:
        raise Refused(400, f"data must have 1 to {MOST} bytes")
    kind = body.get("kind") or ("image" if data.startswith(_PICTURES) else "file")
    if kind not in ("image", "file"):
        raise Refused(400, "kind must be image or file")
    return Photo(name, kind, caption, data)
