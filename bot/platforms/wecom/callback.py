"""The HTTP door for WeCom: `GET/POST /callbacks/wecom/{app}` (D90930, D90238, D90241).

How bodies are read and refusals answered: bot/platforms/door.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from bot.channels import SendFailed
from bot.events import Event, Reply
from bot.intake import Intake
from bot.platforms.door import BODY_SECONDS, Door
from bot.platforms.refusal import Refused
from bot.platforms.wecom.crypto import CallbackCrypto, Opened
from bot.platforms.wecom.decode import PLATFORM, decode
from bot.platforms.wecom.limits import CALLBACK_BYTES
from bot.platforms.wecom.passive import passive_reply
from models.clock import Clock

PATH = "/callbacks/wecom/{app}"
INTAKE_SECONDS = 4.0  # the platform hangs up after five


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
        self._intake_seconds = intake_seconds
        self._door = Door(PLATFORM, clock, most_bytes=CALLBACK_BYTES, body_seconds=body_seconds)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, self._door.guarded(self._verify), allow_head=False),
            web.post(PATH, self._door.guarded(self._receive)),
        ]

    async def _verify(self, request: web.Request) -> web.Response:
        echo = self._crypto(request).open_echo(request.query, self._clock.now())
        return web.Response(body=echo, content_type="text/plain")

    async def _receive(self, request: web.Request) -> web.Response:
        crypto = self._crypto(request)
        body = await self._door.read(request)
        opened = crypto.open_body(request.query, body, self._clock.now())
        event = decode(opened.plaintext, app=request.match_info["app"])
        try:
            async with asyncio.timeout(self._intake_seconds):
                reply = await self._intake(event)
        except Exception as error:
            return self._door.not_stored(error)
        if reply is None or not event.user:
            return web.Response()
        return self._answer(reply, event, crypto, opened)

    def _crypto(self, request: web.Request) -> CallbackCrypto:
        crypto = self._apps.get(request.match_info["app"])
        if crypto is None:
            raise Refused(404, "unknown_app")
        return crypto

    def _answer(
        self, reply: Reply, event: Event, crypto: CallbackCrypto, opened: Opened
    ) -> web.Response:
        now = self._clock.now()
        try:
            inner = passive_reply(reply, event, corp_id=crypto.receive_id, at=int(now.timestamp()))
        except SendFailed as failed:
            # The event is stored and stays so; only what would have been shown at once is lost.
            self._door.note("reply_unfit", reason=failed.reason)
            return web.Response()
        sealed = crypto.seal(inner, opened.keys, now)
        return web.Response(text=sealed, content_type="application/xml")
