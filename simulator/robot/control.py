"""Control API of the robot: its connections, groups, feedback and the shape of its events."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.control import (
    ROBOT_HANDS,
    SIM,
    SWITCHBOARD,
    answer,
    read_body,
)
from simulator.hospital import Member
from simulator.owners import outcome_view
from simulator.refusals import Refused
from simulator.robot.memory import Line

routes = web.RouteTableDef()
ACTIONS = ("drop", "freeze", "thaw", "disconnect")


@routes.get("/sim/robot/connections")
async def connections(request: web.Request) -> web.Response:
    memory = request.app[SIM].robot
    return answer([_view(line, live=line is memory.live) for line in memory.lines.values()])


@routes.post("/sim/robot/connections/{id}/{action}")
async def act(request: web.Request) -> web.Response:
    """drop: cut; freeze: half open; thaw; disconnect: disconnected_event, then closed."""
    line, action = _line(request), request.match_info["action"]
    if action not in ACTIONS:
        raise Refused(404, f"no such action {action!r}", "one of: " + ", ".join(ACTIONS))
    if action == "drop":
        line.drop()
    elif action == "freeze":
        line.thawed.clear()
    elif action == "thaw":
        line.thawed.set()
    else:
        await request.app[SWITCHBOARD].expel(line)
    request.app[SIM].pulse.bump()
    return answer({"ok": True, "id": line.id})


@routes.post("/sim/robot/events")
async def shape(request: web.Request) -> web.Response:
    """{"flat": true}: the fields of an event stand beside `eventtype`, as some types show them."""
    memory = request.app[SIM].robot
    memory.flat_events = bool((await read_body(request)).get("flat"))
    return answer({"flat": memory.flat_events})


@routes.post("/sim/robot/feedback/{id}")
async def feedback(request: web.Request) -> web.Response:
    body = await read_body(request)
    who = _member(request, request.match_info["id"])
    kind = body.get("type", 1)
    if kind not in (1, 2, 3):
        raise Refused(400, "type must be 1, 2 or 3")
    outcome = await request.app[ROBOT_HANDS].feedback(who, kind, str(body.get("content") or ""))
    return answer(outcome_view(outcome))


@routes.post("/sim/robot/groups/{chat}/say")
async def group_say(request: web.Request) -> web.Response:
    body = await read_body(request)
    who, text = _member(request, body.get("as")), body.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Refused(400, "text is needed")
    chat = request.match_info["chat"]
    outcome = await request.app[ROBOT_HANDS].say_in_group(who, chat, text)
    return answer(outcome_view(outcome))


@routes.get("/sim/robot/groups/{chat}/messages")
async def group_messages(request: web.Request) -> web.Response:
    """What the robot said in this group."""
    return answer(request.app[SIM].robot.chats.groups.get(request.match_info["chat"], []))


def _member(request: web.Request, userid: object) -> Member:
    found = request.app[SIM].world.member(str(userid or ""))
    if found is None:
        raise Refused(400, f"no such member: {userid!r}")
    return found


def _line(request: web.Request) -> Line:
    """By number, or `live` for the one that is subscribed."""
    memory, wanted = request.app[SIM].robot, request.match_info["id"]
    line = memory.lines.get(int(wanted)) if wanted.isdecimal() else None
    if wanted == "live":
        line = memory.live
    if line is None:
        raise Refused(404, "no such connection", "GET /sim/robot/connections lists them")
    return line


def _view(line: Line, *, live: bool) -> dict[str, Any]:
    return {
        "id": line.id,
        "since": line.at,
        "subscribed": line.subscribed,
        "live": live,
        "frozen": line.frozen,
        "pings": line.pings,
        "frames": line.heard,
    }
