"""The HTTP doors for DingTalk: `POST /callbacks/dingtalk/{events,robot,cards}`.

For hospitals that cannot use Stream. A door without its secret does not exist. What 200, 4xx and
503 mean: bot/platforms/door.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from bot.platforms.dingtalk.crypto import EventCrypto, check_robot, check_tap
from bot.platforms.dingtalk.decode import PLATFORM
from bot.platforms.dingtalk.inbound import Inbound
from bot.platforms.dingtalk.reading import parse, text_of
from bot.platforms.door import BODY_SECONDS, Door
from bot.platforms.refusal import Refused
from models.clock import Clock

PATH = "/callbacks/dingtalk"
LARGEST_BYTES = 64 << 10
INTAKE_SECONDS = 2.3  # the platform hangs up after two and a half
_CHECK = "check_url"
_NOTHING = {"msgtype": "empty"}


@dataclass(frozen=True, slots=True)
class Doors:
    """What proves the platform at each door; a door without it stays shut.

    `robot_secret` is the client secret, `card_secret` the apiSecret of the registered address.
    """

    events: EventCrypto | None = None
    robot_secret: str = field(default="", repr=False)
    card_secret: str = field(default="", repr=False)


class DingTalkCallbacks:
    """Hold one instance per process and add `routes()` to the aiohttp application."""

    def __init__(
        self,
        doors: Doors,
        inbound: Inbound,
        clock: Clock,
        *,
        body_seconds: float = BODY_SECONDS,
        intake_seconds: float = INTAKE_SECONDS,
    ) -> None:
        self._doors = doors
        self._inbound = inbound
        self._clock = clock
        self._intake_seconds = intake_seconds
        self._door = Door(PLATFORM, clock, most_bytes=LARGEST_BYTES, body_seconds=body_seconds)

    def routes(self) -> list[web.RouteDef]:
        doors = {
            "events": self._events if self._doors.events else None,
            "robot": self._robot if self._doors.robot_secret else None,
            "cards": self._cards if self._doors.card_secret else None,
        }
        return [
            web.post(f"{PATH}/{name}", self._door.guarded(handler))
            for name, handler in doors.items()
            if handler is not None
        ]

    async def _events(self, request: web.Request) -> web.Response:
        crypto = self._doors.events
        assert crypto is not None
        body = await self._door.read(request)
        opened = crypto.open(request.query, body, self._clock.now())
        if text_of(parse(opened.plaintext), "EventType") != _CHECK:
            try:
                async with asyncio.timeout(self._intake_seconds):
                    await self._inbound.events(opened.plaintext)
            except Refused:
                raise
            except Exception as error:
                return self._door.not_stored(error)
        return _json(crypto.success(opened, self._clock.now()))

    async def _robot(self, request: web.Request) -> web.Response:
        check_robot(request.headers, self._doors.robot_secret, self._clock.now())
        body = await self._door.read(request)
        try:
            async with asyncio.timeout(self._intake_seconds):
                await self._inbound.message(body)
        except Refused:
            raise
        except Exception as error:
            return self._door.not_stored(error)
        return _json(orjson.dumps(_NOTHING))

    async def _cards(self, request: web.Request) -> web.Response:
        now = self._clock.now()
        stamp, at = check_tap(request.headers, self._doors.card_secret, now)
        body = await self._door.read(request)
        try:
            answer = await self._inbound.tap(body, stamp, at)
        except Refused:
            raise
        except Exception as error:
            return self._door.not_stored(error)
        return _json(orjson.dumps(answer))


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
