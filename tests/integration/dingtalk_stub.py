"""A stub of DingTalk's two APIs on a real socket, scripted per test; not the simulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.platforms.dingtalk.calls import Count, count_nothing
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.tokens import TokenStore
from models.clock import ManualClock
from tests.integration.wecom_stub import MemoryTokenStore
from tests.support.dingtalk_patience import patient_calls
from tests.wecom import NOW

SECRET = "canary-ding-secret-77a0"
TOKEN_PREFIX = "canary-ding-token-"
TOKEN = "oauth2/accessToken"
BATCH = "robot/oToMessages/batchSend"
READ = "robot/oToMessages/readStatus"
CREATE = "card/instances/createAndDeliver"
UPDATE = "card/instances"
NOTICE = "topapi/message/corpconversation/asyncsend_v2"
RESULT = "topapi/message/corpconversation/getsendresult"

Script = Callable[[web.Request, Any], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    api: str
    query: dict[str, str]
    body: Any


@dataclass
class Stub:
    """Counts calls by path without version. `scripts` replace the answer of one path."""

    calls: Counter[str] = field(default_factory=Counter)
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)
    issued: int = 0
    valid: str = ""

    def bodies(self, api: str) -> list[Any]:
        return [asked.body for asked in self.asked if asked.api == api]

    async def new(self, request: web.Request) -> web.StreamResponse:
        api = request.match_info["api"]
        self.calls[api] += 1
        body = await request.json() if request.body_exists else None
        if api == TOKEN and api not in self.scripts:
            return self._token()
        if api != TOKEN and request.headers.get("x-acs-dingtalk-access-token") != self.valid:
            return refusal(400, "InvalidAuthentication")
        return await self._answer(request, api, body, {})

    async def old(self, request: web.Request) -> web.StreamResponse:
        api = request.match_info["api"]
        self.calls[api] += 1
        body = await request.json() if request.body_exists else None
        if api != "robot/send" and request.query.get("access_token") != self.valid:
            return errcode(40014, "invalid access_token")
        return await self._answer(request, api, body, {"errcode": 0, "errmsg": "ok"})

    async def _answer(
        self, request: web.Request, api: str, body: Any, frame: dict[str, Any]
    ) -> web.StreamResponse:
        self.asked.append(Asked(request.method, api, dict(request.query), body))
        if api in self.scripts:
            return await self.scripts[api](request, body)
        return web.json_response({**frame, **self.answers.get(api, {})})

    def _token(self) -> web.Response:
        self.issued += 1
        self.valid = f"{TOKEN_PREFIX}{self.issued}"
        return web.json_response({"accessToken": self.valid, "expireIn": 7200})


def refusal(status: int, code: str, message: str = "no", **more: Any) -> web.Response:
    return web.json_response(
        {"code": code, "message": message, "requestid": "r", **more}, status=status
    )


def errcode(code: int, message: str = "no", **more: Any) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": message, **more})


@dataclass
class Bench:
    stub: Stub
    client: DingTalkClient
    clock: ManualClock
    session: aiohttp.ClientSession
    base_url: str
    counted: list[tuple[str, int]]

    def refusing(self, api: str, status: int, code: str, message: str = "no", **more: Any) -> None:
        async def script(_: web.Request, __: Any) -> web.Response:
            return refusal(status, code, message, **more)

        self.stub.scripts[api] = script

    def failing(self, api: str, code: int, message: str = "no", **more: Any) -> None:
        async def script(_: web.Request, __: Any) -> web.Response:
            return errcode(code, message, **more)

        self.stub.scripts[api] = script

    def saying(self, api: str, status: int, text: str, kind: str = "text/html") -> None:
        async def script(_: web.Request, __: Any) -> web.Response:
            return web.Response(status=status, text=text, content_type=kind)

        self.stub.scripts[api] = script

    def silent(self, api: str, release: Callable[[], Awaitable[Any]]) -> None:
        """Take the request and say nothing until the test is over (`impatient_calls` see that)."""

        async def script(_: web.Request, __: Any) -> web.Response:
            await release()
            return web.json_response({})

        self.stub.scripts[api] = script


def make_client(
    session: aiohttp.ClientSession,
    tokens: TokenStore,
    clock: ManualClock,
    base_url: str,
    count: Count = count_nothing,
) -> DingTalkClient:
    return DingTalkClient(
        session,
        app="dingtalk",
        client_id="dingapp",
        client_secret=SECRET,
        agent_id=3000001,
        tokens=tokens,
        clock=clock,
        count=count,
        base_url=base_url,
        old_base_url=base_url,
    )


@asynccontextmanager
async def dingtalk_stub() -> AsyncIterator[Bench]:
    stub, clock, counted = Stub(), ManualClock(NOW), list[tuple[str, int]]()
    app = web.Application()
    app.router.add_route("*", "/v1.0/{api:.+}", stub.new)
    app.router.add_route("*", "/{api:.+}", stub.old)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def count(kind: str, calls: int) -> None:
        counted.append((kind, calls))

    async with aiohttp.ClientSession() as session:
        client = make_client(session, MemoryTokenStore(clock), clock, url, count)
        with patient_calls():
            yield Bench(stub, client, clock, session, url, counted)
    await runner.cleanup()
