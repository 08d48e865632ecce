"""Uploaded files: size and type rules, kept for three days."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from simulator.clock import Clock
from simulator.errors import WeComError

LIFETIME = 3 * 86400
MOST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}
_MAGIC = {
    "image": (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"),
    "voice": (b"#!AMR",),
}


@dataclass(frozen=True, slots=True)
class Media:
    id: str
    kind: str
    filename: str
    data: bytes
    created: int

    @property
    def content_type(self) -> str:
        if self.kind == "image":
            return "image/png" if self.data.startswith(b"\x89PNG") else "image/jpeg"
        return "application/octet-stream"


class MediaStore:
    """All apps of the corp share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, Media] = {}

    def add(self, kind: str, filename: str, data: bytes) -> Media:
        _check(kind, data)
        return self.keep(kind, filename, data)

    def keep(self, kind: str, filename: str, data: bytes) -> Media:
        """What a member sent: as it is."""
        self._drop_old()
        media = Media(secrets.token_urlsafe(24), kind, filename, data, self._clock.unix())
        self._kept[media.id] = media
        return media

    def find(self, media_id: str) -> Media | None:
        media = self._kept.get(media_id)
        fresh = media is not None and media.created + LIFETIME > self._clock.unix()
        return media if fresh else None

    def _drop_old(self) -> None:
        oldest = self._clock.unix() - LIFETIME
        self._kept = {k: m for k, m in self._kept.items() if m.created > oldest}


def _check(kind: str, data: bytes) -> None:
    if kind not in MOST:
        raise WeComError(40005)
    if len(data) < 5:
        raise WeComError(40006)
    if len(data) > MOST[kind]:
        raise WeComError(45001)
    known = data[4:8] == b"ftyp" if kind == "video" else data.startswith(_MAGIC.get(kind, b""))
    if not known:
        raise WeComError(40004)
