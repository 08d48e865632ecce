"""Fetches what people sent to the robot: a code becomes an address, for a while (S0719)."""

from __future__ import annotations

from bot.channels import Failure, SendFailed
from bot.events import MediaSent
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.downloads import Downloads
from services.refusals import Refusal


class DingTalkMedia:
    """Implements bot.media.MediaSource."""

    def __init__(self, client: DingTalkClient, downloads: Downloads) -> None:
        self._client = client
        self._downloads = downloads

    async def fetch(self, event: MediaSent, most: int) -> bytes:
        if not event.media_id:
            raise Refusal("photo_gone")
        try:
            address = await self._client.file_address(event.media_id)
        except SendFailed as failed:
            if failed.failure is Failure.REQUEST:  # it no longer knows the code
                raise Refusal("photo_gone") from None
            raise
        return await self._downloads.get(address, most)
