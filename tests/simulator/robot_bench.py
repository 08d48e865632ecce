"""A hospital with only the robot, and a plain client that speaks its frames."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import aiohttp

from simulator.hospital import parse
from simulator.sample import SAMPLE
from simulator.serve import running
from simulator.state import Simulator
from tests.simulator.bench import HASTE, NOON, PATIENT

Json = Any
BOT = {"bot_id": "aibsamplebot", "secret": "robot-secret-of-no-real-bot"}
ROBOT_ONLY = {**SAMPLE, "apps": [], "robot": {**BOT, "name": "护铃智能机器人"}}


class Robot:
    """One connection: commands wait for their ack, callbacks queue up."""

    _numbers = count(1)

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.callbacks: list[Json] = []

    async def send(self, cmd: str, body: Json = None, req_id: str = "") -> str:
        req_id = req_id or f"r{next(self._numbers)}"
        frame = {"cmd": cmd, "headers": {"req_id": req_id}}
        await self.ws.send_json(frame if body is None else {**frame, "body": body})
        return req_id

    async def ask(self, cmd: str, body: Json = None, req_id: str = "") -> int:
        """The error code of the ack."""
        req_id = await self.send(cmd, body, req_id)
        while True:
            frame = await asyncio.wait_for(self.ws.receive_json(), 60)
            if "cmd" in frame:
                self.callbacks.append(frame)
            else:
                assert frame["headers"] == {"req_id": req_id}
                return int(frame["errcode"])

    async def subscribe(self, **other: str) -> int:
        return await self.ask("aibot_subscribe", {**BOT, **other})

    async def callback(self) -> Json:
        if self.callbacks:
            return self.callbacks.pop(0)
        return await asyncio.wait_for(self.ws.receive_json(), 60)

    async def push(self, kind: str, content: Json, chat: str = "lixiaoyan") -> int:
        body = {"chatid": chat, "chat_type": 1, "msgtype": kind, kind: content}
        return await self.ask("aibot_send_msg", body)

    async def gone(self) -> bool:
        """Whether the platform closes or cuts at all."""
        message = await asyncio.wait_for(self.ws.receive(), 60)
        return message.type in {
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.ERROR,
        }


@dataclass
class RobotBench:
    sim: Simulator
    base: str
    session: aiohttp.ClientSession

    @asynccontextmanager
    async def connected(self, *, subscribed: bool = True) -> AsyncIterator[Robot]:
        async with self.session.ws_connect(self.base + "/wecom/robot") as ws:
            robot = Robot(ws)
            if subscribed:
                assert await robot.subscribe() == 0
            yield robot

    def hasty(self) -> None:
        """From now on the platform soon gives up waiting for an answer."""
        self.sim.pace = replace(self.sim.pace, timeout=HASTE)

    async def get(self, path: str) -> Json:
        async with self.session.get(self.base + path) as response:
            return await response.json()

    async def post(self, path: str, body: Json = None) -> Json:
        async with self.session.post(self.base + path, json=body or {}) as response:
            return await response.json()

    def begins(self, path: str, body: Json) -> asyncio.Task[Json]:
        """Somebody does something and waits while the robot answers."""
        return asyncio.ensure_future(self.post(path, body))  # noqa: TID251

    def say(self, text: str, who: str = "lixiaoyan") -> asyncio.Task[Json]:
        return self.begins(f"/sim/phones/{who}/say", {"text": text, "agentid": "robot"})

    def tap(self, seq: int, button: str, **more: Json) -> asyncio.Task[Json]:
        return self.begins("/sim/phones/lixiaoyan/tap", {"seq": seq, "button": button, **more})

    async def messages(self, who: str = "lixiaoyan") -> list[Json]:
        rows = await self.get(f"/sim/phones/{who}/messages")
        return [m for m in rows if m["direction"] == "in"]


@asynccontextmanager
async def robot_bench(*, greeted: bool = False) -> AsyncIterator[RobotBench]:
    world = {**ROBOT_ONLY, "robot": {**ROBOT_ONLY["robot"], "greeted": greeted}}
    sim = Simulator(parse(world), NOON, pace=PATIENT)
    async with running(sim) as base, aiohttp.ClientSession() as session:
        yield RobotBench(sim, base, session)
