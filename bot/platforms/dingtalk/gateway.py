"""Asking DingTalk for a place to connect to: `POST /v1.0/gateway/connections/open`.

A ticket opens one connection within 90 seconds. It stands in the address, so the address is
never logged, nor is an error that might quote it.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from bot.platforms.dingtalk.frames import CARD_TOPIC, ROBOT_TOPIC, FrameType
from bot.platforms.dingtalk.reading import parse, text_of
from bot.platforms.exchange import whole
from bot.platforms.refusal import Refused

PATH = "/v1.0/gateway/connections/open"
USER_AGENT = "wardbell/1"
TIMEOUT = ClientTimeout(total=10, connect=5)
_LARGEST_ANSWER = 64 << 10
_THROTTLED = ("QpsLimit", "QpmLimit")

Subscription = tuple[str, str]
EVENTS: Subscription = (FrameType.EVENT, "*")
MESSAGES: Subscription = (FrameType.CALLBACK, ROBOT_TOPIC)
TAPS: Subscription = (FrameType.CALLBACK, CARD_TOPIC)
EVERYTHING = (EVENTS, MESSAGES, TAPS)


class GatewayRefused(Exception):
    """The platform will not have us until somebody mends something; `code` is its word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class GatewayDown(Exception):
    """No place to connect to now; asking again later may help."""


class Gateway:
    """Tickets for one app. `api` is the base address of the new API."""

    def __init__(
        self,
        session: ClientSession,
        *,
        api: str,
        client_id: str,
        client_secret: str,
        subscriptions: Sequence[Subscription] = EVERYTHING,
    ) -> None:
        self._session = session
        self._url = URL(api.rstrip("/") + PATH)
        self._body = {
            "clientId": client_id,
            "clientSecret": client_secret,
            "subscriptions": [{"type": kind, "topic": topic} for kind, topic in subscriptions],
            "ua": USER_AGENT,
        }

    async def ticket(self) -> URL:
        """The address of one connection. Raises GatewayRefused or GatewayDown."""
        try:
            status, body = await self._post()
        except (ClientError, TimeoutError, OSError) as error:
            raise GatewayDown(type(error).__name__) from None
        try:
            answer = parse(body)
        except Refused:
            answer = {}
        if status == 200:
            return self._address(text_of(answer, "endpoint"), text_of(answer, "ticket"))
        code = text_of(answer, "code")
        if status == 401:
            raise GatewayRefused(code or "authFailed")
        if status in (400, 403) and code and not any(word in code for word in _THROTTLED):
            raise GatewayRefused(code)
        raise GatewayDown(f"http_{status}")

    async def _post(self) -> tuple[int, bytes]:
        async with self._session.post(
            self._url,
            data=orjson.dumps(self._body),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            timeout=TIMEOUT,
            allow_redirects=False,
        ) as reply:
            return reply.status, await whole(reply.content, _LARGEST_ANSWER)

    def _address(self, endpoint: str, ticket: str) -> URL:
        """Host and path are the platform's to choose; the encryption is not."""
        try:
            url = URL(endpoint)
        except ValueError:
            raise GatewayDown("no_endpoint") from None
        allowed = {"wss"} if self._url.scheme == "https" else {"ws", "wss"}
        if url.scheme not in allowed or not url.host or not ticket:
            raise GatewayDown("no_endpoint")
        return url.update_query(ticket=ticket)
