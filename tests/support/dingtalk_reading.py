"""A stub of DingTalk's reading calls on a real socket: S0056, S0062, S0082, S0206."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from bot.platforms.dingtalk.client import DingTalkClient
from models.clock import ManualClock
from tests.integration.wecom_stub import MemoryTokenStore
from tests.support.dingtalk_patience import patient_calls

Json = dict[str, Any]


def user(userid: str, name: str, *departments: int, **more: Any) -> Json:
    """A row of user/list as the page shows it (S0062)."""
    return {
        "userid": userid,
        "unionid": f"u-{userid}",
        "name": name,
        "avatar": "",
        "state_code": "86",
        "mobile": "",
        "hide_mobile": False,
        "telephone": "",
        "job_number": "",
        "title": "护士",
        "email": "",
        "dept_id_list": list(departments or (1,)),
        "dept_order": 1,
        "active": True,
        "admin": False,
        "boss": False,
        "leader": False,
    } | more


def day_rows(userid: str, day: date, on: str, off: str) -> list[Json]:
    """OnDuty and OffDuty of one planned day (S0206); `off` not after `on` is the next day."""
    off_day = day + timedelta(days=1) if off <= on else day
    head = {"userid": userid, "id": 1, "group_id": 2, "shift_id": 3, "shift_version": 4}
    head |= {"is_rest": "N", "work_date": f"{day} 00:00:00"}
    return [
        head | {"check_type": "OnDuty", "plan_check_time": f"{day} {on}:00"},
        head | {"check_type": "OffDuty", "plan_check_time": f"{off_day} {off}:00"},
    ]


def rest_row(userid: str, day: date) -> Json:
    head = {"userid": userid, "id": 1, "group_id": 2, "shift_id": 0, "is_rest": "Y"}
    return head | {"work_date": f"{day} 00:00:00", "check_type": "OnDuty"}


@dataclass
class DingTalkStub:
    """Departments and users as rows; `planned` answers a window; `failing` answers come first."""

    departments: dict[int, list[Json]] = field(default_factory=dict)
    users: list[Json] = field(default_factory=list)
    planned: Callable[[Json], list[Json]] = lambda _: []
    failing: list[web.Response] = field(default_factory=list)
    calls: list[tuple[str, Json]] = field(default_factory=list)
    page: int = 100
    endless: bool = False

    def bodies(self, path: str) -> list[Json]:
        return [body for called, body in self.calls if called == path]

    async def token(self, _request: web.Request) -> web.Response:
        return web.json_response({"accessToken": "stub-token", "expireIn": 7200})

    def reading(self, answer: Callable[[Json], Json]) -> Callable[..., Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            body = await request.json()
            self.calls.append((request.path, body))
            if self.failing:
                return self.failing.pop(0)
            return web.json_response({"errcode": 0, "errmsg": "ok"} | answer(body))

        return handler

    def listsub(self, body: Json) -> Json:
        return {"result": self.departments.get(body["dept_id"], [])}

    def user_list(self, body: Json) -> Json:
        inside = [one for one in self.users if body["dept_id"] in one["dept_id_list"]]
        end = body["cursor"] + self.page
        if self.endless:
            return {"result": {"has_more": True, "list": inside}}
        result: Json = {"has_more": end < len(inside), "list": inside[body["cursor"] : end]}
        return {"result": result | ({"next_cursor": end} if end < len(inside) else {})}

    def user_get(self, body: Json) -> Json:
        found = [one for one in self.users if one["userid"] == body["userid"]]
        return {"result": found[0]} if found else {"errcode": 60121, "errmsg": "找不到该用户"}

    def by_users(self, body: Json) -> Json:
        return {"result": self.planned(body), "success": True}

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1.0/oauth2/accessToken", self.token)
        for path, answer in {
            "/topapi/v2/department/listsub": self.listsub,
            "/topapi/v2/user/list": self.user_list,
            "/topapi/v2/user/get": self.user_get,
            "/topapi/attendance/schedule/listbyusers": self.by_users,
        }.items():
            app.router.add_post(path, self.reading(answer))
        return app


@asynccontextmanager
async def reading_client(stub: DingTalkStub, clock: ManualClock) -> AsyncIterator[DingTalkClient]:
    runner = web.AppRunner(stub.app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession() as session:
            client = DingTalkClient(
                session,
                app="dingtalk",
                client_id="stub",
                client_secret="stub-secret",
                tokens=MemoryTokenStore(clock),
                clock=clock,
                base_url=base,
                old_base_url=base,
            )
            with patient_calls():
                yield client
    finally:
        await runner.cleanup()


def error(code: int, message: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": message})
