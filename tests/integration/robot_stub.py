"""A stub of the robot's socket, scripted per test; not the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from bot.platforms.wecom.robot.connection import Pace
from bot.platforms.wecom.robot.frames import Incoming
from bot.platforms.wecom.robot.lanes import Lanes
from bot.platforms.wecom.robot.line import Account, RobotLine, Trouble, Watcher
from models.clock import ManualClock
from tests.support.waiting import eventually

SECRET = "canary-secret-of-the-robot"
NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
# It pings and comes again at once, and never gives up an answer because a machine is busy.
QUICK = Pace(
    connect=30,
    ping=0.1,
    ack=30,
    close=0.2,
    shortest=0.02,
    longest=0.05,
    refused=60,
    taken=0.05,
    drain=20,
)
# Where no answer is the point. It pings only when in doubt: no ping of its own may be missed.
IMPATIENT = replace(QUICK, ping=30, ack=1)
Frame = dict[str, Any]
Script = Callable[[web.WebSocketResponse, Frame], Awaitable[None]]


async def accept(ws: web.WebSocketResponse, frame: Frame, code: int = 0) -> None:
    await ws.send_json({"headers": frame["headers"], "errcode": code, "errmsg": f"code {code}"})


async def silent(_ws: web.WebSocketResponse, _frame: Frame) -> None:
    return


@dataclass
class Stub:
    """Keeps every frame. A script in `scripts` replaces the ack of one command."""

    frames: list[Frame] = field(default_factory=list)
    scripts: dict[str, Script] = field(default_factory=dict)
    lines: list[web.WebSocketResponse] = field(default_factory=list)
    opened: int = 0

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(timeout=0.2)
        await ws.prepare(request)
        self.opened += 1
        self.lines.append(ws)
        async for message in ws:
            frame = message.json()
            self.frames.append(frame)
            await self.scripts.get(frame["cmd"], accept)(ws, frame)
        self.lines.remove(ws)
        return ws

    def heard(self, cmd: str) -> list[Frame]:
        return [frame for frame in self.frames if frame["cmd"] == cmd]

    def refuse(self, cmd: str, code: int) -> None:
        async def refusal(ws: web.WebSocketResponse, frame: Frame) -> None:
            await accept(ws, frame, code)

        self.scripts[cmd] = refusal

    async def tell(self, frame: Frame) -> None:
        await self.lines[-1].send_json(frame)


class Operator(Watcher):
    def __init__(self) -> None:
        self.troubles: list[Trouble] = []
        self.wells = 0

    async def trouble(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)

    async def well(self) -> None:
        self.wells += 1


@dataclass
class Bench:
    stub: Stub
    line: RobotLine
    operator: Operator
    stop: asyncio.Event
    running: asyncio.Task[None]
    heard: list[Incoming] = field(default_factory=list)
    begun: list[Incoming] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def ready(self) -> None:
        async def is_ready() -> bool:
            return self.line.ready

        await eventually(is_ready)

    async def so(self, holds: Callable[[], object]) -> None:
        """Wait until this holds."""

        async def ask() -> bool:
            return bool(holds())

        await eventually(ask)


@asynccontextmanager
async def robot_stub(
    *, scripts: dict[str, Script] | None = None, pace: Pace = QUICK, requests: float = 60
) -> AsyncIterator[Bench]:
    """`requests`: after how many seconds the bot's session ends its requests."""
    stub, operator, stop = Stub(scripts=scripts or {}), Operator(), asyncio.Event()
    app = web.Application()
    app.router.add_get("/", stub.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    heard: list[Incoming] = []
    begun: list[Incoming] = []
    gate = asyncio.Event()
    gate.set()

    async def handle(frame: Incoming) -> None:
        begun.append(frame)
        await gate.wait()
        heard.append(frame)

    timeout = aiohttp.ClientTimeout(total=requests)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
        account = Account("aib1", SECRET, url)
        line = RobotLine(session, account, ManualClock(NOW), operator, pace)
        lanes = Lanes(handle)
        workers = lanes.start(group)
        running = group.create_task(line.run(lanes, stop))
        yield Bench(stub, line, operator, stop, running, heard, begun, gate)
        stop.set()
        for ws in list(stub.lines):
            await ws.close()
        await asyncio.wait({running})
        for worker in workers:
            worker.cancel()
    await runner.cleanup()
