"""The entry link of the hospital's customer service account, asked for once and kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bot.channels import SendFailed
from bot.platforms.wecom.kf.client import KfClient, entry_link
from models.clock import Clock

log = structlog.get_logger()

SCENE = "invitation"
AGAIN = timedelta(minutes=5)  # after a fault; meanwhile mails leave without the chat's link


class KfEntrance:
    """EntryLinks' `kf`. A platform that does not answer costs a link, never an invitation."""

    def __init__(self, client: KfClient, open_kfid: str, clock: Clock) -> None:
        self._client = client
        self._open_kfid = open_kfid
        self._clock = clock
        self._url = ""
        self._not_before: datetime | None = None

    async def __call__(self, param: str) -> str | None:
        if not self._url and not self._resting():
            await self._ask()
        return entry_link(self._url, param) if self._url else None

    def _resting(self) -> bool:
        return self._not_before is not None and self._clock.now() < self._not_before

    async def _ask(self) -> None:
        try:
            url = await self._client.add_contact_way(self._open_kfid, SCENE)
        except SendFailed as failed:
            self._not_before = self._clock.now() + AGAIN
            log.warning("kf_entrance.failed", code=failed.code, reason=failed.reason)
            return
        if "enc_scene=" in url:
            self._url = url
        else:
            self._not_before = self._clock.now() + AGAIN
            log.warning("kf_entrance.without_scene")
