"""A stub of DingTalk's gateway on a real socket, scripted per test; not the simulator."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.dingtalk import Frame, frame

TICKET = "canary-ticket/+="
OPEN_PATH = "/v1.0/gateway/connections/open"


@dataclass(eq=False)
class Socket:
    """The platform's end of one connection. While `deaf` it reads nothing, so it pongs nothing."""

    ws: web.WebSocketResponse
    deaf: bool = False
    heard: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    pings: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, body: Frame | str) -> None:
        await self.ws.send_str(body if isinstance(body, str) else json.dumps(body))

    async def ack(self, within: float = 30.0) -> dict[str, Any]:
        """The next acknowledgement, its data read."""
        async with asyncio.timeout(within):
            answer = await self.heard.get()
        return answer | {"data": json.loads(answer["data"])}

    async def asks(self, body: Frame) -> dict[str, Any]:
        await self.send(body)
        return await self.ack()

    async def says_goodbye(self) -> None:
        await self.send(
            frame("SYSTEM", "disconnect", {"reason": "connection is expired"}, message_id="bye")
        )

    async def serve(self) -> None:
        while not self.deaf:
            message = await self.ws.receive()
            if message.type is WSMsgType.TEXT:
                self.heard.put_nowait(json.loads(message.data))
            elif message.type is WSMsgType.PING:
                await self.ws.pong(message.data)
                self.pings += 1
            elif message.type is WSMsgType.CLOSE:
                await self.ws.close()
                return
            elif message.type is not WSMsgType.PONG:
                return
        await self.closed.wait()


@dataclass
class StubGateway:
    """Hands out tickets and keeps sockets; `refusals` and `faults` are used up first."""

    url: str = ""
    refusals: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    webhook: tuple[int, dict[str, Any]] = (200, {"errcode": 0, "errmsg": "ok"})
    in_pieces: bool = False
    opening: int = 0
    most_opening: int = 0
    hold: asyncio.Event | None = None
    hold_webhook: asyncio.Event | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def socket(self, number: int) -> Socket:
        """The connection that was opened as the `number`th, counted from one."""
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self.sockets) >= number)
        return self.sockets[number - 1]

    async def asked_times(self, number: int) -> None:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self.asked) >= number)

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def open(self, request: web.Request) -> web.StreamResponse:
        self.opening += 1
        self.most_opening = max(self.opening, self.most_opening)
        self.asked.append(await request.json())
        await self._note()
        if self.hold is not None:
            await self.hold.wait()
        if self.refusals:
            self.opening -= 1
            status, body = self.refusals.pop(0)
            return web.json_response(body, status=status)
        endpoint = self.url.replace("http", "ws", 1) + "/connect"
        answer = {"endpoint": endpoint, "ticket": TICKET}
        if self.in_pieces:
            return await in_pieces(request, json.dumps(answer).encode())
        return web.json_response(answer)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        self.opening -= 1
        if request.query["ticket"] != TICKET:
            return web.Response(status=401)
        ws = web.WebSocketResponse(autoping=False, autoclose=False)
        await ws.prepare(request)
        opened = Socket(ws)
        self.sockets.append(opened)
        await self._note()
        try:
            await opened.serve()
        finally:
            opened.closed.set()
        return ws

    async def say(self, request: web.Request) -> web.StreamResponse:
        self.posted.append(await request.json())
        await self._note()
        if self.hold_webhook is not None:
            await self.hold_webhook.wait()
        status, body = self.webhook
        if self.in_pieces:
            return await in_pieces(request, json.dumps(body).encode())
        return web.json_response(body, status=status)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post(OPEN_PATH, self.open)
        app.router.add_get("/connect", self.connect)
        app.router.add_post("/robot/sendBySession", self.say)
        return app


async def in_pieces(request: web.Request, body: bytes) -> web.StreamResponse:
    """The body in two, the second once the reader has surely had the first."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    await answer.write(body[:5])
    for _ in range(50):
        await asyncio.sleep(0)
    await answer.write(body[5:])
    return answer


@contextmanager
def kept_port() -> Iterator[int]:
    """A port that nobody else is given while our gateway is away, and where nobody answers."""
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield int(keeper.getsockname()[1])


@asynccontextmanager
async def serving(stub: StubGateway, port: int = 0) -> AsyncIterator[None]:
    """Listen until the block ends; then every connection is cut without a word."""
    runner = web.AppRunner(stub.app(), access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield
    finally:
        for held in stub.sockets:
            held.closed.set()
            transport = held.ws._req.transport if held.ws._req else None
            if transport is not None:
                transport.abort()
        await runner.cleanup()
