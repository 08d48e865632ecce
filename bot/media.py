"""What people send, fetched from where each platform keeps it, and looked at before it is used."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Protocol

from bot.channels import TooLarge
from bot.events import MediaFetched, MediaSent
from services.file_kinds import MOST_BYTES, media_type_of, plain_name
from services.refusals import Refusal

KINDS = frozenset({"image", "file"})
AT_ONCE = 4  # each may hold some copies of ten megabytes


@dataclass(frozen=True, slots=True)
class Media:
    """`media_type` is what the bytes are; `filename` ends accordingly."""

    data: bytes = field(repr=False)
    media_type: str
    filename: str


class MediaSource(Protocol):
    """Where one app's media are fetched."""

    async def fetch(self, event: MediaSent, most: int) -> bytes:
        """At most `most` bytes. Raises SendFailed, TooLarge, or Refusal("photo_gone")."""
        ...


class Fetcher:
    """`sources` by platform and app, as events name them."""

    def __init__(self, sources: Mapping[tuple[str, str], MediaSource]) -> None:
        self._sources = dict(sources)
        self._turns = asyncio.Semaphore(AT_ONCE)

    def takes(self, event: object) -> bool:
        """Whether this is something to fetch, and we know where."""
        if not isinstance(event, MediaSent) or isinstance(event, MediaFetched):
            return False
        return event.kind in KINDS and (event.platform, event.app) in self._sources

    async def fetch(self, event: MediaSent) -> Media:
        """Raises SendFailed when another try may help, and Refusal when the sender can help."""
        async with self._turns:
            try:
                data = await self._sources[event.platform, event.app].fetch(event, MOST_BYTES)
            except TooLarge:
                raise Refusal("photo_too_large", limit=MOST_BYTES >> 20) from None
        media_type = media_type_of(data)
        return Media(data, media_type, plain_name(event.filename or event.kind, media_type))

    async def fetched(self, event: MediaSent) -> MediaFetched:
        """The same event with what was fetched. Raises as `fetch`."""
        media = await self.fetch(event)
        kept = {each.name: getattr(event, each.name) for each in fields(MediaSent)}
        kept |= {"filename": media.filename, "url": "", "aes_key": ""}
        return MediaFetched(**kept, data=media.data, media_type=media.media_type)
