"""Shared pieces of the control API: errors, reading bodies, writing answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from simulator.callbacks import Callbacks
from simulator.clock import BadTime
from simulator.faults import BadFault
from simulator.hands import Hands
from simulator.hospital import BadHospital
from simulator.kf.hands import KfHands
from simulator.owners import Owner, Platform
from simulator.refusals import Refused
from simulator.robot.hands import RobotHands
from simulator.robot.socket import Switchboard
from simulator.state import Simulator

SIM = web.AppKey("SIM", Simulator)
CALLBACKS = web.AppKey("CALLBACKS", Callbacks)
HANDS = web.AppKey("HANDS", Hands)
ROBOT_HANDS = web.AppKey("ROBOT_HANDS", RobotHands)
KF_HANDS = web.AppKey("KF_HANDS", KfHands)
SWITCHBOARD = web.AppKey("SWITCHBOARD", Switchboard)
PLATFORMS = web.AppKey("PLATFORMS", list[Platform])
LONGEST_WAIT = 25.0


@web.middleware
async def problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn refusals into {"error", "hint"}; pages of other origins may not drive us."""
    try:
        _same_origin(request)
        return await handler(request)
    except Refused as problem:
        return answer({"error": problem.error, "hint": problem.hint}, problem.status)
    except (BadTime, BadFault, BadHospital) as problem:
        return answer({"error": str(problem), "hint": "see simulator/README.md"}, 400)


def answer(body: object, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(body, default=str),
        content_type="application/json",
        charset="utf-8",
        status=status,
    )


async def read_body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    try:
        body = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError as problem:
        raise Refused(400, f"not JSON: {problem}") from None
    if not isinstance(body, dict):
        raise Refused(400, "a JSON object is needed")
    return body


def number(request: web.Request, name: str, default: int = 0) -> int:
    value = request.query.get(name, "")
    if value and not value.isdecimal():
        raise Refused(400, f"{name} must be a whole number")
    return int(value) if value else default


def seconds(request: web.Request) -> float:
    """How long the caller is willing to wait for something new."""
    try:
        return min(float(request.query.get("wait", 0)), LONGEST_WAIT)
    except ValueError:
        raise Refused(400, "wait must be a number of seconds") from None


def phone_of(request: web.Request) -> tuple[Platform, Owner]:
    """The phone of the path, with the platform that it belongs to."""
    for platform in request.app[PLATFORMS]:
        owner = platform.owner(request.match_info["id"])
        if owner is not None:
            return platform, owner
    raise Refused(404, "no such phone", "GET /sim/phones lists them")


def _same_origin(request: web.Request) -> None:
    if request.method == "GET":
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    foreign = site == "cross-site" if site else origin not in (None, f"http://{request.host}")
    if foreign:
        raise Refused(403, "another origin may not drive the simulator")
