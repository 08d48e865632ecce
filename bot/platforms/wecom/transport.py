"""One HTTP exchange with the platform, and what may have happened when it fails.

WeCom puts the token into the URL and aiohttp puts the URL into its exceptions. Therefore none of
them is re-raised, chained or printed here: only the name of its class goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import aiohttp
import orjson

from bot.channels import Failure, SendFailed
from bot.platforms.wecom.errors import cure

DEFAULT_BASE_URL = "https://qyapi.weixin.qq.com"
_JSON_BYTES = 16 << 20
_CHUNK_BYTES = 64 << 10
_RATE_LIMIT_WAIT = timedelta(seconds=60)

_CERTIFICATE = (
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ClientSSLError,
    aiohttp.ServerFingerprintMismatch,
)
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_FAILED = (aiohttp.ClientError, TimeoutError, OSError)

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer; `date` is the server's own clock, when it says."""

    status: int
    content_type: str
    body: bytes
    date: datetime | None

    @cached_property
    def parsed(self) -> Json | None:
        """The body as a JSON object; None when it is anything else, such as a file."""
        if self.body.lstrip()[:1] != b"{":
            return None
        try:
            parsed = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None
        return parsed if isinstance(parsed, dict) else None

    def json(self, *, delivers: bool) -> Json:
        """The platform's JSON object with its errcode; 0 only counts with HTTP 200.

        Raises SendFailed when it is anything else: a gateway's page must not pass for success.
        """
        code = self.parsed.get("errcode") if self.parsed is not None else None
        if self.parsed is not None and isinstance(code, int) and (code or self.status == 200):
            return self.parsed
        raise self.unreadable(delivers=delivers)

    def unreadable(self, *, delivers: bool) -> SendFailed:
        """What an answer without sense means; `delivers` if a repeat could reach people twice."""
        reason = f"HTTP {self.status} without a usable body"
        if self.status == 429:
            wait = _RATE_LIMIT_WAIT
            return SendFailed(Failure.WINDOW, reason=reason, cure=cure("rate_limit"), wait=wait)
        if 300 <= self.status < 500:
            return SendFailed(Failure.CONFIGURATION, reason=reason, cure=cure("gateway"))
        return _lost(reason, "answer", delivers=delivers)


class Transport:
    """`session` carries time-outs and connection limits; it is owned and closed by the root."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str = DEFAULT_BASE_URL) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/") + "/cgi-bin/"

    async def exchange(
        self,
        api: str,
        params: Mapping[str, str],
        data: bytes | aiohttp.FormData | None,
        *,
        delivers: bool = False,
        most: int = _JSON_BYTES,
    ) -> Answer:
        """GET without `data`, else POST; at most `most` bytes are read. Raises SendFailed."""
        try:
            return await self._exchange(api, params, data, most)
        except _FAILED as error:
            failed = _classified(error, delivers=delivers)
        # Outside the except block, so that not even __context__ holds the URL.
        raise failed

    async def _exchange(
        self, api: str, params: Mapping[str, str], data: bytes | aiohttp.FormData | None, most: int
    ) -> Answer:
        headers = {"Content-Type": "application/json"} if isinstance(data, bytes) else None
        async with self._session.request(
            "GET" if data is None else "POST",
            self._base_url + api,
            params=params,
            data=data,
            headers=headers,
            allow_redirects=False,
        ) as response:
            body = await _read(response.content, most)
            date = _date(response.headers.get("Date", ""))
            return Answer(response.status, response.content_type, body, date)


async def _read(stream: aiohttp.StreamReader, most: int) -> bytes:
    body = bytearray()
    async for chunk in stream.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > most:
            raise aiohttp.ClientPayloadError("too large")
    return bytes(body)


def _classified(error: BaseException, *, delivers: bool) -> SendFailed:
    name = type(error).__name__
    if isinstance(error, _CERTIFICATE):
        return SendFailed(Failure.CONFIGURATION, reason=name, cure=cure("tls"))
    if isinstance(error, aiohttp.InvalidURL):
        return SendFailed(Failure.CONFIGURATION, reason=name, cure=cure("gateway"))
    if isinstance(error, _NOT_SENT):
        return SendFailed(Failure.RETRY, reason=name, cure=cure("network"))
    return _lost(name, "network", delivers=delivers)


def _lost(reason: str, cure_name: str, *, delivers: bool) -> SendFailed:
    if delivers:
        return SendFailed(Failure.UNKNOWN, reason=reason, cure=cure("unsure"))
    return SendFailed(Failure.RETRY, reason=reason, cure=cure(cure_name))


def _date(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return None
