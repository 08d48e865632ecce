"""Shared pieces of the control API: errors, reading bodies, writing answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from simulator.callbacks import Callbacks, Outcome
from simulator.clock import BadTime
from simulator.faults import BadFault
from simulator.hands import CannotTap, Hands
from simulator.hospital import App, BadHospital, Member
from simulator.robot.hands import RobotHands
from simulator.robot.settings import ROBOT
from simulator.robot.socket import Switchboard
from simulator.state import Simulator

SIM = web.AppKey("SIM", Simulator)
CALLBACKS = web.AppKey("CALLBACKS", Callbacks)
HANDS = web.AppKey("HANDS", Hands)
ROBOT_HANDS = web.AppKey("ROBOT_HANDS", RobotHands)
SWITCHBOARD = web.AppKey("SWITCHBOARD", Switchboard)
LONGEST_WAIT = 25.0


class Refused(Exception):
    """Ends a control call with a 4xx and a hint at the cure."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.hint = hint


@web.middleware
async def problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn refusals into {"error", "hint"}; pages of other origins may not drive us."""
    try:
        _same_origin(request)
        return await handler(request)
    except (Refused, CannotTap) as problem:
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


def member(request: web.Request) -> Member:
    found = request.app[SIM].world.member(request.match_info["id"])
    if found is None:
        raise Refused(404, "no such phone", "GET /sim/phones lists them")
    return found


def outcome_view(outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "attempts": outcome.attempts,
        "reply": outcome.reply,
        "problem": outcome.problem,
        "took_ms": outcome.took_ms,
    }


def wants_robot(request: web.Request, wanted: object, who: Member) -> bool:
    """Asked for by name; or the only one that hears, when no app has a callback URL."""
    world = request.app[SIM].world
    if wanted is None:
        heard = any(a.kind == "app" and a.callback for a in world.apps.values())
        return world.robot is not None and not heard
    if wanted != ROBOT:
        return False
    if world.robot is None or not world.robot.seen_by(who.userid):
        raise Refused(404, "no robot in sight", 'the hospital needs "robot"')
    return True


def app_of(request: web.Request, wanted: object, who: Member | None = None) -> App:
    """The app asked for, or the first one that this member can see."""
    sim = request.app[SIM]
    apps = [a for a in sim.world.apps.values() if a.kind == "app" or a.agentid == wanted]
    if wanted is not None:
        apps = [a for a in apps if a.agentid == wanted]
    if who is not None:
        apps = [a for a in apps if sim.world.sees(a, who)]
    if not apps:
        raise Refused(404, "no such app in sight", "GET /sim/hospital lists the apps")
    return apps[0]


def _same_origin(request: web.Request) -> None:
    if request.method == "GET":
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    foreign = site == "cross-site" if site else origin not in (None, f"http://{request.host}")
    if foreign:
        raise Refused(403, "another origin may not drive the simulator")
