"""Control API of the phones: reading messages, saying, tapping."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.control import (
    HANDS,
    ROBOT_HANDS,
    SIM,
    Refused,
    answer,
    app_of,
    member,
    number,
    outcome_view,
    read_body,
    seconds,
    wants_robot,
)
from simulator.hospital import Member
from simulator.phones import Item
from simulator.render import flat, view
from simulator.robot.settings import ROBOT

routes = web.RouteTableDef()
TEXT_LIMIT = 4000


@routes.get("/sim/phones")
async def list_phones(request: web.Request) -> web.Response:
    sim = request.app[SIM]
    return answer([_summary(request, m) for m in sim.world.members.values()])


@routes.get("/sim/phones/{id}/messages")
async def messages(request: web.Request) -> web.Response:
    """New messages after a seq, or new and changed ones after a rev."""
    sim, who = request.app[SIM], member(request)
    wait = seconds(request)
    seen, epoch = sim.pulse.rev, sim.epoch
    rows = _rows(request, who)
    while not rows and wait > 0 and sim.epoch == epoch:
        if not await sim.pulse.beyond(seen, wait):
            break
        seen = sim.pulse.rev
        rows = _rows(request, who)
    return answer([view(item, sim.world) for item in rows])


@routes.post("/sim/phones/{id}/say")
async def say(request: web.Request) -> web.Response:
    who, body = member(request), await read_body(request)
    text = body.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > TEXT_LIMIT:
        raise Refused(400, f"text must have 1 to {TEXT_LIMIT} characters")
    if wants_robot(request, body.get("agentid"), who):
        return answer(outcome_view(await request.app[ROBOT_HANDS].say(who, text)))
    app = app_of(request, body.get("agentid"), who)
    return answer(outcome_view(await request.app[HANDS].say(who, app, text)))


@routes.post("/sim/phones/{id}/enter")
async def enter(request: web.Request) -> web.Response:
    who, body = member(request), await read_body(request)
    if wants_robot(request, body.get("agentid"), who):
        return answer(outcome_view(await request.app[ROBOT_HANDS].enter(who)))
    app = app_of(request, body.get("agentid"), who)
    return answer(outcome_view(await request.app[HANDS].event(who.userid, app, "enter_agent")))


@routes.post("/sim/phones/{id}/event")
async def event(request: web.Request) -> web.Response:
    """Any event without further fields, such as subscribe, unsubscribe or click."""
    who, body = member(request), await read_body(request)
    kind = str(body.get("event") or "subscribe")
    app = app_of(request, body.get("agentid"), who)
    key = str(body.get("key") or "")
    outcome = await request.app[HANDS].event(who.userid, app, kind, EventKey=key)
    return answer(outcome_view(outcome))


@routes.post("/sim/phones/{id}/tap")
async def tap(request: web.Request) -> web.Response:
    who, body = member(request), await read_body(request)
    item = _item(request, who, body.get("seq"))
    button = body.get("button", 0)
    if not isinstance(button, str | int):
        raise Refused(400, "button must be a key, the words on it or its number")
    hands = request.app[ROBOT_HANDS if item.agentid == ROBOT else HANDS]
    outcome, press = await hands.tap(
        item, button, body.get("selected"), force=bool(body.get("force"))
    )
    return answer(outcome_view(outcome) | {"key": press.key, "url": press.url})


@routes.post("/sim/phones/{id}/read")
async def read(request: web.Request) -> web.Response:
    request.app[SIM].phones.read(member(request).userid)
    return answer({"ok": True})


@routes.post("/sim/phones/{id}/login")
async def login(request: web.Request) -> web.Response:
    """A sign-in code, as the app's pages get it from the platform."""
    who, body = member(request), await read_body(request)
    app = app_of(request, body.get("agentid"), who)
    return answer({"code": request.app[SIM].tokens.login_code(who.userid, app.agentid)})


def _rows(request: web.Request, who: Member) -> list[Item]:
    phone = request.app[SIM].phones.of(who.userid)
    if "after_rev" in request.query:
        return phone.after_rev(number(request, "after_rev"))
    rows = phone.after(number(request, "after"))
    last = number(request, "last")
    return rows[-last:] if last else rows


def _item(request: web.Request, who: Member, seq: object) -> Item:
    phone = request.app[SIM].phones.of(who.userid)
    item = phone.find(seq) if isinstance(seq, int) else None
    if item is None:
        raise Refused(404, f"no message {seq} in this phone")
    return item


def _summary(request: web.Request, who: Member) -> dict[str, Any]:
    sim = request.app[SIM]
    phone = sim.phones.of(who.userid)
    last = phone.items[-1] if phone.items else None
    return {
        "id": who.userid,
        "name": who.name,
        "department": sim.world.department_name(who),
        "position": who.position,
        "platform": "wecom",
        "unread": phone.unread,
        "seq": last.seq if last else 0,
        "rev": phone.rev,
        "last": flat(last)[:80] if last else "",
        "last_at": last.at if last else None,
    }
