"""The address of customer service's chat, into which a link of ours leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.channels import SendFailed
from bot.platforms.wecom.kf.client import KfClient, entry_link
from models.clock import Clock

log = structlog.get_logger()

SCENE = "interview"
REST = timedelta(minutes=5)  # after a refusal; mails then go out without the chat's link


class KfEntrance:
    """Implements services.entry_links.ChatLink over the first account.

    The account's address stays the same, so it is asked for once per process.
    """

    def __init__(self, client: KfClient, accounts: Sequence[str], clock: Clock) -> None:
        self._client = client
        self._account = accounts[0]
        self._clock = clock
        self._url = ""
        self._not_before: datetime | None = None

    async def __call__(self, param: str) -> str | None:
        url = await self._address()
        return entry_link(url, param) if url else None

    async def _address(self) -> str:
        now = self._clock.now()
        if not self._url and (self._not_before is None or now >= self._not_before):
            try:
                self._url = await self._client.add_contact_way(self._account, SCENE)
            except SendFailed as failed:
                self._not_before = now + REST
                log.warning("kf_entrance_unknown", code=failed.code, failure=failed.failure)
        return self._url
