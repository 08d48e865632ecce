"""The frames of one connection: subscribe first, then commands, each with its ack or its fault."""

from __future__ import annotations

import asyncio
import secrets

import aiohttp
import orjson
from aiohttp import web

from simulator.calls import Call
from simulator.clock import monotonic
from simulator.errors import MESSAGES, WeComError
from simulator.faults import Fault
from simulator.robot.commands import Command
from simulator.robot.memory import Frame, Line
from simulator.robot.settings import ROBOT
from simulator.state import Simulator
from simulator.tasks import Tasks

FRAME_BYTES = 1 << 20
SUBSCRIBE = "aibot_subscribe"
KINDS = (
    "slow",
    "rate_limit",
    "wrong_secret",
    "black_hole",
    "accepted_then_timeout",
    "reset_after_bytes",
)
_CODES = {"rate_limit": 846607, "wrong_secret": 853000}


class Switchboard:
    """Serves every connection to the robot's address."""

    def __init__(self, sim: Simulator, tasks: Tasks) -> None:
        self._sim = sim
        self._tasks = tasks

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(max_msg_size=FRAME_BYTES, timeout=1)
        await ws.prepare(request)
        line = self._sim.robot.opened(ws, request.transport)
        self._sim.robot.reached_at(f"http://{request.host}")
        self._sim.pulse.bump()
        try:
            async for message in ws:
                await line.thawed.wait()
                if message.type is aiohttp.WSMsgType.TEXT:
                    line.heard += 1
                    await self._take(line, message.data)
        finally:
            self._sim.robot.closed(line)
            self._sim.pulse.bump()
        return ws

    async def hang_up(self) -> None:
        """The server stops."""
        for line in tuple(self._sim.robot.lines.values()):
            await self.close(line)

    async def expel(self, line: Line) -> None:
        """Say that another connection took over, then close."""
        body = {
            "msgid": str(self._sim.next_msgid()),
            "create_time": self._sim.clock.unix(),
            "aibotid": self._sim.world.robot.bot_id if self._sim.world.robot else "",
            "msgtype": "event",
            "event": {"eventtype": "disconnected_event", "disconnected_event": {}},
        }
        headers = {"req_id": secrets.token_hex(12)}
        await line.send({"cmd": "aibot_event_callback", "headers": headers, "body": body})
        await self.close(line)

    async def close(self, line: Line) -> None:
        if line.frozen:
            line.drop()
        else:
            await line.ws.close()

    async def _take(self, line: Line, raw: str) -> None:
        cmd, req_id, body = _read(raw)
        faults = self._sim.faults.take(KINDS, cmd)
        work = self._work(line, cmd, req_id, body, faults)
        if faults:
            self._tasks.start(work)
        else:
            await work

    async def _work(
        self, line: Line, cmd: str, req_id: str, body: Frame, faults: list[Fault]
    ) -> None:
        started = monotonic()
        kinds = {fault.kind: fault for fault in faults}
        call = Call(api=cmd, app=ROBOT, fault=" ".join(kinds))
        if "slow" in kinds:
            await asyncio.sleep(kinds["slow"].ms / 1000)
        said: Frame = {}
        if "black_hole" not in kinds:
            said = self._do(line, cmd, req_id, body, call, kinds)
        call.took_ms = round((monotonic() - started) * 1000, 2)
        if cmd != "ping":
            self._sim.calls.add(call)
        if "reset_after_bytes" in kinds:
            line.drop()
        elif not {"black_hole", "accepted_then_timeout"} & set(kinds):
            ack = {"errcode": call.errcode, "errmsg": call.errmsg or "ok"}
            carried = {"body": said} if said else {}
            await line.send({"headers": {"req_id": req_id}, **carried, **ack})

    def _do(
        self,
        line: Line,
        cmd: str,
        req_id: str,
        body: Frame,
        call: Call,
        kinds: dict[str, Fault],
    ) -> Frame:
        """What the ack carries."""
        try:
            for kind in _CODES.keys() & kinds.keys():
                code = kinds[kind].errcode or _CODES[kind]
                raise WeComError(code, MESSAGES.get(code, "error"))
            if cmd == SUBSCRIBE:
                self._subscribe(line, body)
            elif not line.subscribed:
                raise WeComError(846609)
            else:
                command = Command(self._sim, line, req_id, body, call)
                command.run(cmd)
                return command.answer
        except WeComError as refusal:
            call.errcode, call.errmsg = refusal.code, refusal.detail
        return {}

    def _subscribe(self, line: Line, body: Frame) -> None:
        robot, memory = self._sim.world.robot, self._sim.robot
        given = (body.get("bot_id"), body.get("secret"))
        if robot is None or given != (robot.bot_id, robot.secret):
            raise WeComError(853000)
        older, memory.live = memory.live, line
        line.subscribed = True
        self._sim.pulse.bump()
        if older is not None and older is not line:
            older.subscribed = False
            self._tasks.start(self.expel(older))


def _read(raw: str) -> tuple[str, str, Frame]:
    """cmd, req_id and body; what cannot be read has none of them."""
    try:
        frame = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return "", "", {}
    if not isinstance(frame, dict):
        return "", "", {}
    headers, body = frame.get("headers"), frame.get("body")
    req_id = headers.get("req_id", "") if isinstance(headers, dict) else ""
    return str(frame.get("cmd", "")), str(req_id), body if isinstance(body, dict) else {}
