"""Control API of the clock: reading, following, moving."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from simulator.clock import SHANGHAI, BadTime, parse_span, parse_target
from simulator.control import SIM, answer, number, read_body
from simulator.followers import POLL, STEP
from simulator.refusals import Refused
from simulator.state import Simulator

routes = web.RouteTableDef()


@routes.get("/sim/clock")
async def read_clock(request: web.Request) -> web.Response:
    return answer(state(request.app[SIM]))


@routes.get("/sim/clock/follow")
async def follow(request: web.Request) -> web.Response:
    """Wait for the next revision; asking with one says all due then is done."""
    sim = request.app[SIM]
    follower = request.query.get("id", "")
    if not follower:
        raise Refused(400, "id is needed", "any name that is yours alone")
    try:
        wait = min(float(request.query.get("wait", POLL)), POLL)
    except ValueError:
        raise Refused(400, "wait must be a number of seconds") from None
    await sim.followers.poll(follower, number(request, "rev"), wait)
    return answer(state(sim))


@routes.post("/sim/clock")
async def move(request: web.Request) -> web.Response:
    sim, body = request.app[SIM], await read_body(request)
    target = _target(body, sim.clock.now())
    step = parse_span(str(body["step"])) if "step" in body else STEP
    if step <= timedelta():
        raise BadTime("step must be longer than nothing")
    done = await sim.followers.move_to(target, step)
    return answer(
        state(sim)
        | {
            "steps": done.steps,
            "waited_for": sorted(done.waited_for),
            "late": sorted(done.late),
        }
    )


def state(sim: Simulator) -> dict[str, Any]:
    now, target = sim.clock.now(), sim.followers.target
    return {
        "now": now.isoformat(),
        "local": now.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "offset": sim.clock.offset,
        "rev": sim.followers.rev,
        "moving": sim.followers.moving,
        "target": target.isoformat() if target else None,
    }


def _target(body: dict[str, Any], now: datetime) -> datetime:
    if "advance" in body:
        return now + parse_span(str(body["advance"]))
    if "to" not in body:
        raise Refused(400, "advance or to is needed", '{"advance": "2h"} or {"to": "20:00"}')
    target = parse_target(str(body["to"]), now)
    if target < now:
        raise BadTime("the clock only goes forward")
    if target - now > timedelta(days=400):
        raise BadTime("at most 400 days at once")
    return target
