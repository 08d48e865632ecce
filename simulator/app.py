"""Puts the parts together as one aiohttp application."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from simulator import control_log, control_phones, control_time, control_world, links, wecom_api
from simulator.callbacks import Callbacks
from simulator.control import (
    CALLBACKS,
    HANDS,
    KF_HANDS,
    PLATFORMS,
    ROBOT_HANDS,
    SIM,
    SWITCHBOARD,
    problems,
)
from simulator.dingtalk import control as dingtalk_control
from simulator.dingtalk import control_org, front, gateway
from simulator.dingtalk.control import DING
from simulator.dingtalk.phones import DingTalkPhones
from simulator.dingtalk.service import DingTalk
from simulator.group_phones import GroupPhones
from simulator.hands import Hands
from simulator.hospital import Hospital, parse
from simulator.kf import control as kf_control
from simulator.kf import desk as kf_desk
from simulator.kf.hands import KfHands
from simulator.kf.phones import WeChatPhones
from simulator.mail.phones import OutsidePhones
from simulator.owners import Platform
from simulator.refusals import Refused
from simulator.robot import control as robot_control
from simulator.robot.hands import RobotHands
from simulator.robot.socket import Switchboard
from simulator.sms import api as sms_api
from simulator.state import Simulator
from simulator.tasks import Tasks
from simulator.wecom_phones import WeComPhones, app_of

PARTS = (
    control_phones,
    links,
    control_time,
    control_world,
    control_log,
    dingtalk_control,
    control_org,
    robot_control,
    kf_control,
    kf_desk,
)
PAGE = Path(__file__).parent / "page"
BODY_LIMIT = 32 << 20
OF_DINGTALK = (
    "/v1.0/{api:.*}",
    "/gettoken",
    "/topapi/{api:.*}",
    "/robot/{api:.*}",
    "/media/{api:.*}",
    "/call_back/{api:.*}",
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_APIS = ("/cgi-bin/", "/v1.0/", "/gettoken", "/topapi/", "/robot/", "/media/", "/call_back/")
_GUARDS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def make_app(
    hospital: Hospital | Mapping[str, Any] | None = None, simulator: Simulator | None = None
) -> web.Application:
    """The whole platform; `app[SIM]` is its state. Bind it to any socket with AppRunner."""
    world = hospital if isinstance(hospital, Hospital) or hospital is None else parse(hospital)
    sim = simulator or Simulator(world)
    tasks = Tasks()
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[problems, _learn])
    app[SIM] = sim
    app[CALLBACKS] = Callbacks(sim, tasks)
    app[HANDS] = Hands(sim, app[CALLBACKS])
    app[ROBOT_HANDS] = RobotHands(sim)
    app[KF_HANDS] = KfHands(sim, app[CALLBACKS], tasks)
    app[SWITCHBOARD] = Switchboard(sim, tasks)
    app[DING] = DingTalk(sim, tasks)
    platforms: list[Platform] = [
        WeComPhones(sim, app[HANDS], app[ROBOT_HANDS]),
        GroupPhones(sim),
        DingTalkPhones(app[DING]),
        WeChatPhones(sim, app[KF_HANDS]),
        OutsidePhones(sim),
    ]
    app[PLATFORMS] = platforms
    app.router.add_route("*", "/cgi-bin/{api:.*}", _api)
    for address in OF_DINGTALK:
        app.router.add_route("*", address, _dingtalk)
    for part in PARTS:
        app.add_routes(part.routes)
    app.add_routes(
        [
            web.get("/", _index),
            web.post("/", _sms),
            web.get("/wecom/robot", app[SWITCHBOARD].serve),
            web.get("/sim/media/{id}", _picture),
            web.get("/wecom/robot/files/{id}", _parked),
            web.get("/dingtalk/connect", _connect),
            web.get("/dingtalk/files/{id}", _file),
            web.get("/connect/oauth2/authorize", _authorize),
            web.static("/page", PAGE),
        ]
    )
    app.on_response_prepare.append(_guard)
    app.on_shutdown.append(_let_go)
    app.cleanup_ctx.append(_life(tasks))
    return app


@web.middleware
async def _learn(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Until the bot has called, the address of whoever drives us is the best we know."""
    service = request.app[DING]
    service.base = service.base or f"http://{request.host}"
    return await handler(request)


async def _api(request: web.Request) -> web.StreamResponse:
    return await wecom_api.serve(request.app[SIM], request)


async def _dingtalk(request: web.Request) -> web.StreamResponse:
    return await front.serve(request.app[DING], request)


async def _sms(request: web.Request) -> web.StreamResponse:
    return await sms_api.serve(request.app[SIM], request)


async def _connect(request: web.Request) -> web.StreamResponse:
    return await gateway.connect(request.app[DING], request)


async def _file(request: web.Request) -> web.Response:
    """The short-lived address of a file that somebody sent to the robot."""
    service = request.app[DING]
    stored = service.memory.files.get(service.memory.downloads.get(request.match_info["id"], ""))
    if stored is None:
        raise Refused(404, "no such file")
    return web.Response(body=stored.data, content_type="application/octet-stream")


async def _parked(request: web.Request) -> web.Response:
    """A file for the smart robot, as ciphertext."""
    data = request.app[SIM].robot.parked.find(request.match_info["id"])
    if data is None:
        raise Refused(404, "no such file", "an address lives five minutes")
    return web.Response(body=data, content_type="application/octet-stream")


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


async def _picture(request: web.Request) -> web.Response:
    sim, name = request.app[SIM], request.match_info["id"]
    media = sim.media.find(name)
    if media is not None and media.kind == "image":
        return web.Response(body=media.data, content_type=media.content_type)
    stored = sim.ding.files.get(name) if sim.ding else None
    if stored is None:
        raise Refused(404, "no such picture")
    kind = "image/png" if stored.data.startswith(b"\x89PNG") else "image/jpeg"
    return web.Response(body=stored.data, content_type=kind)


async def _authorize(request: web.Request) -> web.Response:
    """Sign-in page of the platform: choose who you are, and go back with a code."""
    sim, query = request.app[SIM], request.query
    back, userid = query.get("redirect_uri", ""), query.get("userid")
    if query.get("appid") != sim.world.corpid or not back.startswith(("http://", "https://")):
        raise Refused(400, "appid or redirect_uri is wrong")
    agentid = query.get("agentid", "")
    app = app_of(sim, int(agentid) if agentid.isdecimal() else None)
    member = sim.world.member(userid) if userid else None
    if member:
        code = sim.tokens.login_code(member.userid, app.agentid)
        more = urlencode({"code": code, "state": query.get("state", "")})
        raise web.HTTPFound(f"{back}{'&' if '?' in back else '?'}{more}")
    rows = (
        f'<li><a href="?{html.escape(urlencode({**query, "userid": m.userid}))}">'
        f"{html.escape(m.name)}</a></li>"
        for m in sim.visible(app)
    )
    page = f"<!doctype html><meta charset=utf-8><title>登录</title><ul>{''.join(rows)}</ul>"
    return web.Response(text=page, content_type="text/html")


async def _guard(request: web.Request, response: web.StreamResponse) -> None:
    if not request.path.startswith(_APIS):
        for name, value in _GUARDS.items():
            response.headers.setdefault(name, value)


async def _let_go(app: web.Application) -> None:
    app[SIM].stop()
    await app[SWITCHBOARD].hang_up()
    await app[DING].close()


def _life(tasks: Tasks) -> Any:
    async def life(app: web.Application) -> AsyncIterator[None]:
        yield
        await tasks.stop()
        await app[CALLBACKS].close()

    return life
