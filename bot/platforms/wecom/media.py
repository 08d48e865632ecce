"""Fetches what members sent to the app (D90239, D90254): three days by its media id."""

from __future__ import annotations

from bot.channels import SendFailed
from bot.events import MediaSent
from bot.platforms.wecom.client import WeComClient
from services.refusals import Refusal

GONE = frozenset({40007, 40145})  # no such media id, or it has expired


class WeComMedia:
    """Implements bot.media.MediaSource."""

    def __init__(self, client: WeComClient) -> None:
        self._client = client

    async def fetch(self, event: MediaSent, most: int) -> bytes:
        if not event.media_id:
            raise Refusal("photo_gone")
        try:
            return await self._client.media_get(event.media_id, most)
        except SendFailed as failed:
            if failed.code in GONE:
                raise Refusal("photo_gone") from None
            raise
