"""The to-do part of DingTalk's server API on its wire format (S0793, S0797), faults included."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web
from aiohttp.test_utils import TestServer

from bot import sample
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.todo_list import DingTalkTodoList
from models.clock import ManualClock
from tests.integration.wecom_stub import MemoryTokenStore

EXISTS = {"code": "taskExist", "message": "task exist", "requestid": "R1"}
GONE = {"code": "task.notFound", "message": "task not found", "requestid": "R2"}


@dataclass
class Stub:
    """What the platform has, what it was asked, and what goes wrong next.

    `faults` are taken one a call: (status, body) is answered instead, "lost" does the work and
    cuts the line before answering, and an event is waited for before the work is done.
    """

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    faults: deque[tuple[int, dict[str, Any]] | str | asyncio.Event] = field(default_factory=deque)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def open_tasks(self) -> list[dict[str, Any]]:
        return [task for task in self.tasks.values() if not task["isDone"]]

    async def token(self, request: web.Request) -> web.Response:
        return web.json_response({"accessToken": "token", "expireIn": 7200})

    async def create(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        union_id = request.match_info["union_id"]
        assert request.query["operatorId"] == union_id == body["creatorId"]
        assert body["detailUrl"]["appUrl"].startswith("http")
        assert body["detailUrl"]["pcUrl"].startswith("http")
        assert 0 < len(body["subject"]) <= 1024
        return await self._handled(request, lambda: self._create(union_id, body))

    def _create(self, union_id: str, body: dict[str, Any]) -> web.Response:
        if any(task["sourceId"] == body["sourceId"] for task in self.tasks.values()):
            return web.json_response(EXISTS, status=400)
        name = f"task{len(self.tasks) + 1}"
        self.tasks[name] = {**body, "id": name, "isDone": False, "who": union_id}
        return web.json_response({"id": name, "subject": body["subject"]})

    async def find(self, request: web.Request) -> web.StreamResponse:
        source = request.match_info["source_id"]
        found = [task for task in self.tasks.values() if task["sourceId"] == source]
        answer = (found[0], 200) if found else (GONE, 404)
        return await self._handled(request, lambda: web.json_response(answer[0], status=answer[1]))

    async def status(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        assert request.query["operatorId"] == request.match_info["union_id"]
        return await self._handled(
            request, lambda: self._done(request.match_info["task_id"], body)
        )

    def _done(self, name: str, body: dict[str, Any]) -> web.Response:
        if name not in self.tasks:
            return web.json_response(GONE, status=404)
        [one] = body["executorStatusList"]
        assert one["id"] == self.tasks[name]["who"]
        self.tasks[name]["isDone"] = one["isDone"]
        return web.json_response({"result": True})

    async def _handled(self, request: web.Request, work: Any) -> web.StreamResponse:
        assert request.headers["x-acs-dingtalk-access-token"] == "token"
        self.asked.append((request.method, request.path))
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, tuple):
            return web.json_response(fault[1], status=fault[0])
        if isinstance(fault, asyncio.Event):
            self.arrived.set()
            await fault.wait()
        answer: web.Response = work()
        if fault == "lost":
            assert request.transport is not None
            request.transport.close()
        return answer

    def app(self) -> web.Application:
        app = web.Application()
        tasks = "/v1.0/todo/users/{union_id}/tasks"
        app.add_routes(
            [
                web.post("/v1.0/oauth2/accessToken", self.token),
                web.post(tasks, self.create),
                web.get(f"{tasks}/sources/{{source_id}}", self.find),
                web.put(f"{tasks}/{{task_id}}/executorStatus", self.status),
            ]
        )
        return app


@asynccontextmanager
async def todo_stub(clock: ManualClock) -> AsyncIterator[tuple[Stub, DingTalkTodoList]]:
    """The platform, and the bot's own to-do list talking to it over HTTP."""
    stub = Stub()
    async with (
        TestServer(stub.app()) as server,
        ClientSession(timeout=ClientTimeout(total=60)) as session,
    ):
        yield stub, todo_list(session, clock, str(server.make_url("")))


def todo_list(session: ClientSession, clock: ManualClock, base_url: str) -> DingTalkTodoList:
    client = DingTalkClient(
        session,
        app="ding",
        client_id=sample.DING_CLIENT_ID,
        client_secret=sample.DING_SECRET,
        tokens=MemoryTokenStore(clock),
        clock=clock,
        base_url=base_url,
    )
    return DingTalkTodoList(client)
