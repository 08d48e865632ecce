"""WeCom's addresses and its envelope: a JSON object with errcode, for every answer but files."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from bot.channels import SendFailed
from bot.platforms.exchange import JSON_BYTES, Answer, Body, Exchanges, Json
from bot.platforms.wecom.errors import cure

__all__ = ["DEFAULT_BASE_URL", "Answer", "Json", "Transport"]

DEFAULT_BASE_URL = "https://qyapi.weixin.qq.com"


class Transport:
    """`session` carries time-outs and connection limits; it is owned and closed by the root."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str = DEFAULT_BASE_URL) -> None:
        self._exchanges = Exchanges(session, cure)
        self._base_url = base_url.rstrip("/") + "/cgi-bin/"

    async def exchange(
        self,
        api: str,
        params: Mapping[str, str],
        data: Body,
        *,
        delivers: bool = False,
        most: int = JSON_BYTES,
        file: bool = False,
    ) -> Answer:
        """GET without `data`, else POST; at most `most` bytes are read. Raises SendFailed."""
        return await self._exchanges.exchange(
            "GET" if data is None else "POST",
            self._base_url + api,
            data,
            params=params,
            delivers=delivers,
            most=most,
            file=file,
        )

    def json(self, answer: Answer, *, delivers: bool) -> Json:
        """The platform's JSON object with its errcode; 0 only counts with HTTP 200.

        Raises SendFailed when it is anything else: a gateway's page must not pass for success.
        """
        parsed = answer.parsed
        code = parsed.get("errcode") if parsed is not None else None
        if parsed is not None and isinstance(code, int) and (code or answer.status == 200):
            return parsed
        raise self.unreadable(answer, delivers=delivers)

    def unreadable(self, answer: Answer, *, delivers: bool) -> SendFailed:
        """What an answer without sense means."""
        return self._exchanges.unreadable(answer, delivers=delivers)
