"""A stub of the WeCom API on a real socket, scripted per test; not the simulator."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.platforms.tokens import Fetch, Token, TokenStore
from bot.platforms.wecom.client import WeComClient
from models.clock import ManualClock
from tests.wecom import NOW

SECRET = "canary-secret-5d1f"
TOKEN_PREFIX = "canary-token-"

Script = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MemoryTokenStore:
    """One process, one lock; the contract of TokenStore without its persistence."""

    def __init__(self, clock: ManualClock) -> None:
        self.tokens: dict[str, Token] = {}
        self._clock = clock
        self._lock = asyncio.Lock()

    async def get(self, app: str) -> Token | None:
        return self.tokens.get(app)

    async def refresh(self, app: str, seen: int, fetch: Fetch) -> Token:
        async with self._lock:
            held = self.tokens.get(app)
            if held is not None and held.generation > seen:
                return held
            fetched = await fetch()
            generation = held.generation + 1 if held else 1
            until = self._clock.now() + fetched.lifetime
            self.tokens[app] = Token(fetched.value, generation, until)
            return self.tokens[app]


@dataclass
class Stub:
    """Counts calls per api. A script in `scripts` replaces the answer of one api."""

    calls: Counter[str] = field(default_factory=Counter)
    bodies: list[Any] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)
    issued: int = 0
    valid: str = ""

    def expire_token(self) -> None:
        self.valid = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        api = request.match_info["api"]
        self.calls[api] += 1
        if api in self.scripts:
            return await self.scripts[api](request)
        if api == "gettoken":
            return self._token()
        if request.query.get("access_token") != self.valid:
            return web.json_response({"errcode": 40014, "errmsg": "invalid access_token"})
        if request.content_type == "application/json" and request.body_exists:
            self.bodies.append(await request.json())
        return web.json_response({"errcode": 0, "errmsg": "ok", **self.answers.get(api, {})})

    def _token(self) -> web.Response:
        self.issued += 1
        self.valid = f"{TOKEN_PREFIX}{self.issued}"
        answer = {"errcode": 0, "errmsg": "ok", "access_token": self.valid, "expires_in": 7200}
        return web.json_response({**answer, **self.answers.get("gettoken", {})})


@dataclass
class Bench:
    stub: Stub
    client: WeComClient
    clock: ManualClock
    session: aiohttp.ClientSession
    base_url: str

    def another(self, tokens: TokenStore, *, base_url: str = "") -> WeComClient:
        return make_client(self.session, tokens, self.clock, base_url or self.base_url)


def make_client(
    session: aiohttp.ClientSession, tokens: TokenStore, clock: ManualClock, base_url: str
) -> WeComClient:
    return WeComClient(
        session,
        app="hr",
        corp_id="wwcorp",
        secret=SECRET,
        agent_id=1000002,
        tokens=tokens,
        clock=clock,
        base_url=base_url,
    )


@asynccontextmanager
async def wecom_stub(patience: float = 60) -> AsyncIterator[Bench]:
    """`patience`: seconds the client gives a call, for tests in which none is answered."""
    stub, clock = Stub(), ManualClock(NOW)
    app = web.Application(client_max_size=32 << 20)
    app.router.add_route("*", "/cgi-bin/{api:.+}", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    timeout = aiohttp.ClientTimeout(total=patience, connect=20)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        client = make_client(session, MemoryTokenStore(clock), clock, url)
        yield Bench(stub, client, clock, session, url)
    await runner.cleanup()
