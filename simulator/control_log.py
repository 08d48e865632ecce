"""Control API of faults, the API log, counters and live news."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from simulator.calls import Call
from simulator.control import SIM, answer, number, read_body, seconds
from simulator.control_time import state
from simulator.faults import KINDS
from simulator.refusals import Refused
from simulator.state import Simulator

routes = web.RouteTableDef()
BREATH = 0.1
HEARTBEAT = 15.0
MOST_ROWS = 1000


@routes.get("/sim/faults")
async def list_faults(request: web.Request) -> web.Response:
    faults = request.app[SIM].faults.on()
    return answer({"faults": [f.view() for f in faults], "kinds": KINDS})


@routes.post("/sim/faults")
async def add_fault(request: web.Request) -> web.Response:
    sim = request.app[SIM]
    fault = sim.faults.add(await read_body(request))
    sim.pulse.bump()
    return answer(fault.view(), 201)


@routes.delete("/sim/faults")
async def clear_faults(request: web.Request) -> web.Response:
    sim = request.app[SIM]
    gone = sim.faults.clear()
    sim.pulse.bump()
    return answer({"removed": gone})


@routes.delete("/sim/faults/{fault:\\d+}")
async def remove_fault(request: web.Request) -> web.Response:
    sim = request.app[SIM]
    if not sim.faults.clear(int(request.match_info["fault"])):
        raise Refused(404, "no such fault")
    sim.pulse.bump()
    return answer({"removed": 1})


@routes.get("/sim/calls")
async def calls(request: web.Request) -> web.Response:
    sim, wait = request.app[SIM], seconds(request)
    chosen = _filter(request)
    after, limit = number(request, "after"), number(request, "limit", MOST_ROWS)
    seen = sim.pulse.rev
    rows = [c for c in sim.calls.after(after) if chosen(c)]
    while not rows and wait > 0 and await sim.pulse.beyond(seen, wait):
        seen = sim.pulse.rev
        rows = [c for c in sim.calls.after(after) if chosen(c)]
    return answer([c.view() for c in rows[-limit:]])


@routes.get("/sim/stats")
async def stats(request: web.Request) -> web.Response:
    sim = request.app[SIM]
    return answer(
        {
            "gettoken": _asked(sim),
            "sends": sim.counters["sends"],
            "callbacks": sim.counters["callbacks"],
            "duplicates_suppressed": sim.counters["duplicates_suppressed"],
            "delivered": dict(sim.phones.delivered),
            "dropped": dict(sim.limits.dropped),
            "calls": sim.calls.last,
        }
    )


@routes.get("/sim/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent news: which phones changed, the last call, the clock. At most 10 a second."""
    sim = request.app[SIM]
    stream = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await stream.prepare(request)
    seen = -1
    while not sim.pulse.closed:
        rev = sim.pulse.rev
        news = b"data: " + orjson.dumps(_news(sim, seen)) + b"\n\n"
        try:
            await stream.write(news)
        except ConnectionResetError:
            break
        seen = rev
        await sim.pulse.beyond(seen, HEARTBEAT)
        await asyncio.sleep(BREATH)
    return stream


def _asked(sim: Simulator) -> dict[str, int]:
    asked = {str(k): v for k, v in sim.tokens.asked.items()}
    return asked | ({"dingtalk": sim.ding.tokens.asked} if sim.ding else {})


def _news(sim: Simulator, seen: int) -> dict[str, Any]:
    return {
        "rev": sim.pulse.rev,
        "epoch": sim.epoch,
        "phones": sim.phones.changed_since(seen),
        "calls": sim.calls.last,
        "faults": len(sim.faults.on()),
        "todos": sim.ding.todos.rev if sim.ding else 0,
        "clock": state(sim),
    }


def _filter(request: web.Request) -> Callable[[Call], bool]:
    api, errors = request.query.get("api", ""), request.query.get("errors") == "1"
    return lambda call: (not api or api in call.api) and (not errors or call.failed)
