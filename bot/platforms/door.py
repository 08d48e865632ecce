"""What every HTTP callback door does alike: read a body warily, refuse, count, log rarely.

Every refusal is a 4xx with an empty body, a metric label and a rare log line without content.
200 means the event is durable; 503 means it is not, so that the platform delivers it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import http_exceptions, web

from bot.intake import NotStored
from bot.platforms.metrics import CALLBACKS
from bot.platforms.rare_log import RareLog
from bot.platforms.refusal import Refused
from models.clock import Clock

BODY_SECONDS = 3.0
_CUT_OFF = (
    web.RequestPayloadError,
    aiohttp.ClientPayloadError,
    http_exceptions.HttpProcessingError,
    ConnectionError,
)
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Door:
    """The way in of one platform. `most_bytes` and `body_seconds` bound what is read."""

    def __init__(
        self, platform: str, clock: Clock, *, most_bytes: int, body_seconds: float = BODY_SECONDS
    ) -> None:
        self._platform = platform
        self._most_bytes = most_bytes
        self._body_seconds = body_seconds
        self._rarely = RareLog("callback_refused", platform, clock)

    def guarded(self, handler: Handler) -> Handler:
        """The same handler, with its refusals answered and every outcome counted."""

        async def guarded(request: web.Request) -> web.Response:
            try:
                response = await handler(request)
            except Refused as refusal:
                return self._refuse(refusal)
            result = "ok" if response.status == 200 else "not_stored"
            CALLBACKS.labels(self._platform, result).inc()
            return response

        return guarded

    async def read(self, request: web.Request) -> bytes:
        """The body, if it is plain, small and comes in time. Raises Refused."""
        if "Content-Encoding" in request.headers:
            raise Refused(415, "encoding")
        if (request.content_length or 0) > self._most_bytes:
            raise Refused(413, "oversize")
        try:
            async with asyncio.timeout(self._body_seconds):
                return await self._read_capped(request.content)
        except TimeoutError:
            raise Refused(408, "slow") from None
        except _CUT_OFF:
            raise Refused(400, "cut_off") from None

    async def _read_capped(self, stream: aiohttp.StreamReader) -> bytes:
        body = bytearray()
        async for chunk in stream.iter_any():
            body += chunk
            if len(body) > self._most_bytes:
                raise Refused(413, "oversize")
        return bytes(body)

    def not_stored(self, error: Exception) -> web.Response:
        """Whatever went wrong, the event is not durable: let it come again."""
        expected = isinstance(error, NotStored | TimeoutError)
        self.note("not_stored", error=type(error).__name__, expected=expected)
        return web.Response(status=503)

    def note(self, result: str, **facts: object) -> None:
        self._rarely.note(result, **facts)

    def _refuse(self, refusal: Refused) -> web.Response:
        CALLBACKS.labels(self._platform, refusal.label).inc()
        self.note(refusal.label, status=refusal.status)
        response = web.Response(status=refusal.status)
        if refusal.status in {408, 413}:
            response.force_close()
        return response
