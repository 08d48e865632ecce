"""The HTTP door for WeCom: `GET/POST /callbacks/wecom/{app}` (D90930, D90238, D90241).

Every refusal is a 4xx with an empty body, a metric label and a rare log line without content.
200 means the event is durable; 503 means it is not, so that the platform delivers it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import structlog
from aiohttp import http_exceptions, web

from bot.channels import SendFailed
from bot.events import Event, Reply
from bot.intake import Intake, NotStored
from bot.platforms.metrics import CALLBACKS
from bot.platforms.wecom.crypto import CallbackCrypto, Opened
from bot.platforms.wecom.decode import PLATFORM, decode
from bot.platforms.wecom.limits import CALLBACK_BYTES
from bot.platforms.wecom.passive import passive_reply
from bot.platforms.wecom.refusal import Refused
from models.clock import Clock

PATH = "/callbacks/wecom/{app}"
BODY_SECONDS = 3.0
INTAKE_SECONDS = 4.0  # the platform hangs up after five
_LOG_EVERY_SECONDS = 10.0
_CUT_OFF = (
    web.RequestPayloadError,
    aiohttp.ClientPayloadError,
    http_exceptions.HttpProcessingError,
    ConnectionError,
)
_Handler = Callable[[web.Request], Awaitable[web.Response]]

log = structlog.get_logger()


class WeComCallbacks:
    """The callbacks of several apps, by the app's name in the path.

    `intake` stores an event and returns what the person sees at once. The two time-outs are in
    seconds. Hold one instance per process and add `routes()` to the aiohttp application.
    """

    def __init__(
        self,
        apps: Mapping[str, CallbackCrypto],
        intake: Intake,
        clock: Clock,
        *,
        body_seconds: float = BODY_SECONDS,
        intake_seconds: float = INTAKE_SECONDS,
    ) -> None:
        self._apps = dict(apps)
        self._intake = intake
        self._clock = clock
        self._body_seconds = body_seconds
        self._intake_seconds = intake_seconds
        self._logged: dict[str, float] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, self._guarded(self._verify), allow_head=False),
            web.post(PATH, self._guarded(self._receive)),
        ]

    def _guarded(self, handler: _Handler) -> _Handler:
        async def guarded(request: web.Request) -> web.Response:
            try:
                response = await handler(request)
            except Refused as refusal:
                return self._refuse(refusal)
            CALLBACKS.labels(PLATFORM, "ok" if response.status == 200 else "not_stored").inc()
            return response

        return guarded

    async def _verify(self, request: web.Request) -> web.Response:
        echo = self._crypto(request).open_echo(request.query, self._clock.now())
        return web.Response(body=echo, content_type="text/plain")

    async def _receive(self, request: web.Request) -> web.Response:
        crypto = self._crypto(request)
        body = await self._read(request)
        opened = crypto.open_body(request.query, body, self._clock.now())
        event = decode(opened.plaintext, app=request.match_info["app"])
        try:
            async with asyncio.timeout(self._intake_seconds):
                reply = await self._intake(event)
        except Exception as error:  # whatever went wrong, it is not durable: let it come again
            expected = isinstance(error, NotStored | TimeoutError)
            self._note("not_stored", error=type(error).__name__, expected=expected)
            return web.Response(status=503)
        if reply is None or not event.user:
            return web.Response()
        return self._answer(reply, event, crypto, opened)

    def _crypto(self, request: web.Request) -> CallbackCrypto:
        crypto = self._apps.get(request.match_info["app"])
        if crypto is None:
            raise Refused(404, "unknown_app")
        return crypto

    async def _read(self, request: web.Request) -> bytes:
        if "Content-Encoding" in request.headers:
            raise Refused(415, "encoding")
        if (request.content_length or 0) > CALLBACK_BYTES:
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
            if len(body) > CALLBACK_BYTES:
                raise Refused(413, "oversize")
        return bytes(body)

    def _answer(
        self, reply: Reply, event: Event, crypto: CallbackCrypto, opened: Opened
    ) -> web.Response:
        now = self._clock.now()
        try:
            inner = passive_reply(reply, event, corp_id=crypto.receive_id, at=int(now.timestamp()))
        except SendFailed as failed:
            # The event is stored and stays so; only what would have been shown at once is lost.
            self._note("reply_unfit", reason=failed.reason)
            return web.Response()
        sealed = crypto.seal(inner, opened.keys, now)
        return web.Response(text=sealed, content_type="application/xml")

    def _refuse(self, refusal: Refused) -> web.Response:
        CALLBACKS.labels(PLATFORM, refusal.label).inc()
        self._note(refusal.label, status=refusal.status)
        response = web.Response(status=refusal.status)
        if refusal.status in {408, 413}:
            response.force_close()
        return response

    def _note(self, result: str, **facts: object) -> None:
        """One line per result and ten seconds: a flood of forgeries must not fill the disk."""
        now = self._clock.monotonic()
        if now - self._logged.get(result, float("-inf")) >= _LOG_EVERY_SECONDS:
            self._logged[result] = now
            log.warning("callback_refused", platform=PLATFORM, result=result, **facts)
