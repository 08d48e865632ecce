"""One HTTP exchange with a platform, and what may have happened when it fails.

Platforms put tokens into URLs and aiohttp puts the URL into its exceptions. Therefore none of them
is re-raised, chained or printed here: only the name of its class goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import aiohttp
import orjson
from yarl import URL

from bot.channels import Failure, SendFailed, TooLarge

JSON_BYTES = 16 << 20
_CHUNK_BYTES = 64 << 10
_RATE_LIMIT_WAIT = timedelta(seconds=60)

_CERTIFICATE = (
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ClientSSLError,
    aiohttp.ServerFingerprintMismatch,
)
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_FAILED = (aiohttp.ClientError, TimeoutError, OSError)

DOWNLOAD = aiohttp.ClientTimeout(total=40, connect=5, sock_read=10)  # seconds, for a whole file

Json = dict[str, Any]
Body = bytes | aiohttp.FormData | None


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


class _Overlong(aiohttp.ClientPayloadError):
    """A body beyond its limit."""


class Exchanges:
    """`session` carries time-outs and connection limits; it is owned and closed by the root.

    `cure` words a platform's advice by the names rate_limit, gateway, tls, network, answer and
    unsure. `delivers` says everywhere that a repeat could reach people twice.
    """

    def __init__(self, session: aiohttp.ClientSession, cure: Callable[[str], str]) -> None:
        self._session = session
        self._cure = cure

    async def exchange(
        self,
        method: str,
        url: str | URL,
        data: Body = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        delivers: bool = False,
        most: int = JSON_BYTES,
        patience: float = 0.0,
        file: bool = False,
    ) -> Answer:
        """At most `most` bytes are read, within `patience` seconds if given. Raises SendFailed.

        A `file` has longer to come or go; one beyond `most` raises TooLarge.
        """
        named = dict(headers or {})
        if isinstance(data, bytes):
            named["Content-Type"] = "application/json"
        try:
            async with self._session.request(
                method,
                url,
                params=params,
                data=data,
                headers=named,
                allow_redirects=False,
                timeout=DOWNLOAD if file else self._limit(patience),
            ) as response:
                body = await whole(response.content, most)
                date = _date(response.headers.get("Date", ""))
                return Answer(response.status, response.content_type, body, date)
        except _Overlong as error:
            failed = TooLarge(most) if file else self._classified(error, delivers=delivers)
        except _FAILED as error:
            failed = self._classified(error, delivers=delivers)
        # Outside the except block, so that not even __context__ holds the URL.
        raise failed

    def _limit(self, patience: float) -> aiohttp.ClientTimeout:
        """The session's limits, or a shorter one for the whole of this exchange."""
        usual = self._session.timeout
        if not patience or (usual.total is not None and usual.total <= patience):
            return usual
        return aiohttp.ClientTimeout(
            total=patience,
            connect=usual.connect,
            sock_connect=usual.sock_connect,
            sock_read=usual.sock_read,
        )

    def unreadable(self, answer: Answer, *, delivers: bool) -> SendFailed:
        """What an answer without sense means."""
        reason = f"HTTP {answer.status} without a usable body"
        if answer.status == 429:
            cure = self._cure("rate_limit")
            return SendFailed(Failure.WINDOW, reason=reason, cure=cure, wait=_RATE_LIMIT_WAIT)
        if 300 <= answer.status < 500:
            return SendFailed(Failure.CONFIGURATION, reason=reason, cure=self._cure("gateway"))
        return self._lost(reason, "answer", delivers=delivers)

    def _classified(self, error: BaseException, *, delivers: bool) -> SendFailed:
        name = type(error).__name__
        if isinstance(error, _CERTIFICATE):
            return SendFailed(Failure.CONFIGURATION, reason=name, cure=self._cure("tls"))
        if isinstance(error, aiohttp.InvalidURL):
            return SendFailed(Failure.CONFIGURATION, reason=name, cure=self._cure("gateway"))
        if isinstance(error, _NOT_SENT):
            return SendFailed(Failure.RETRY, reason=name, cure=self._cure("network"))
        return self._lost(name, "network", delivers=delivers)

    def _lost(self, reason: str, cure_name: str, *, delivers: bool) -> SendFailed:
        if delivers:
            return SendFailed(Failure.UNKNOWN, reason=reason, cure=self._cure("unsure"))
        return SendFailed(Failure.RETRY, reason=reason, cure=self._cure(cure_name))


async def whole(stream: aiohttp.StreamReader, most: int) -> bytes:
    """A body to its end, in however many pieces it comes. Raises ClientPayloadError above `most`.

    `stream.read(most)` would return its first piece.
    """
    body = bytearray()
    async for chunk in stream.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > most:
            raise _Overlong("too large")
    return bytes(body)


def _date(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return None
