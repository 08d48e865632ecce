"""Control API of what an organisation has beside its robot: people, rosters, to-dos, the month."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aiohttp import web

from simulator.control import answer, phone_of, read_body
from simulator.dingtalk import changes, reading
from simulator.dingtalk.control import DING
from simulator.dingtalk.org import Schedule
from simulator.dingtalk.quota import KINDS
from simulator.owners import outcome_view
from simulator.refusals import Refused

routes = web.RouteTableDef()


@routes.post("/sim/dingtalk/contacts")
async def change_contact(request: web.Request) -> web.Response:
    """Change people or departments; the bot is told by an event."""
    outcome, about = await changes.apply(request.app[DING], await read_body(request))
    return answer(outcome_view(outcome) | {"id": about})


@routes.get("/sim/dingtalk/month")
async def show_month(request: web.Request) -> web.Response:
    return answer(request.app[DING].memory.quota.view())


@routes.post("/sim/dingtalk/month")
async def set_month(request: web.Request) -> web.Response:
    """`{"api": {"used": 4999, "limit": 5000}, "push": {…}}`; what is not given stays."""
    service, body = request.app[DING], await read_body(request)
    for kind in KINDS:
        wanted = body.get(kind)
        if wanted is None:
            continue
        _check_numbers(kind, wanted)
        service.memory.quota.set(kind, wanted)
    service.sim.pulse.bump()
    return answer(service.memory.quota.view())


@routes.get("/sim/dingtalk/schedules")
async def show_schedules(request: web.Request) -> web.Response:
    return answer([asdict(row) for row in request.app[DING].org.schedules])


@routes.post("/sim/dingtalk/schedules")
async def set_schedules(request: web.Request) -> web.Response:
    """`{"schedules": […], "replace": false}`: a row takes the place of the same person's day."""
    service, body = request.app[DING], await read_body(request)
    rows = _schedules(body.get("schedules"))
    strangers = [row.userid for row in rows if row.userid not in service.org.members]
    if strangers:
        raise Refused(400, f"unknown member {strangers[0]!r}")
    new = {(row.userid, row.date) for row in rows}
    kept = [] if body.get("replace") else service.org.schedules
    service.org.schedules = [r for r in kept if (r.userid, r.date) not in new] + rows
    service.sim.pulse.bump()
    return answer({"schedules": len(service.org.schedules)})


@routes.post("/sim/dingtalk/notices")
async def set_limits(request: web.Request) -> web.Response:
    """`{"daily", "app_minute", "org_minute"}`: other limits for work notifications."""
    service, body = request.app[DING], await read_body(request)
    limits = service.memory.notices.limits
    _check_numbers("notices", body)
    for name in asdict(limits):
        if name in body:
            setattr(limits, name, body[name])
    return answer(asdict(limits))


@routes.get("/sim/phones/{id}/todos")
async def show_todos(request: web.Request) -> web.Response:
    """The to-do page of a person: `[{id, subject, due, done, url, priority, …}]`."""
    service, (_, owner) = request.app[DING], phone_of(request)
    if owner.platform != "dingtalk" or owner.kind != "person":
        return answer([])
    return answer(service.memory.todos.of(service.org, service.org.members[owner.key]))


def _schedules(raw: object) -> list[Schedule]:
    if not isinstance(raw, list):
        raise Refused(400, "schedules must be a list", '[{"userid", "date", "on", "off"}]')
    try:
        return [reading.schedule_from(row) for row in raw]
    except reading.BadOrg as problem:
        raise Refused(400, str(problem)) from None


def _check_numbers(name: str, wanted: Any) -> None:
    if not isinstance(wanted, dict):
        raise Refused(400, f"{name} must be an object")
    for key, value in wanted.items():
        if value is None and key == "limit":
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Refused(400, f"{name}.{key} must be a whole number")
