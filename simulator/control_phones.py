"""Control API of the phones: reading messages, saying, tapping."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator import photos
from simulator.control import PLATFORMS, SIM, answer, number, phone_of, read_body, seconds
from simulator.outsiders import owner_of
from simulator.owners import TEXT_LIMIT, Owner, outcome_view
from simulator.phones import Item
from simulator.photos import TakesPhotos
from simulator.refusals import Refused
from simulator.render import flat, view

routes = web.RouteTableDef()


@routes.get("/sim/phones")
async def list_phones(request: web.Request) -> web.Response:
    everybody = [o for platform in request.app[PLATFORMS] for o in platform.owners()]
    return answer([_summary(request, o) for o in everybody])


@routes.get("/sim/phones/{id}/messages")
async def messages(request: web.Request) -> web.Response:
    """New messages after a seq, or new and changed ones after a rev."""
    sim, (_, owner) = request.app[SIM], phone_of(request)
    wait = seconds(request)
    seen, epoch = sim.pulse.rev, sim.epoch
    rows = _rows(request, owner)
    while not rows and wait > 0 and sim.epoch == epoch:
        if not await sim.pulse.beyond(seen, wait):
            break
        seen = sim.pulse.rev
        rows = _rows(request, owner)
    return answer([view(item, sim.world) for item in rows])


@routes.post("/sim/phones/{id}/say")
async def say(request: web.Request) -> web.Response:
    (platform, owner), body = phone_of(request), await read_body(request)
    text = body.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > TEXT_LIMIT:
        raise Refused(400, f"text must have 1 to {TEXT_LIMIT} characters")
    return answer(outcome_view(await platform.say(owner, text, body)))


@routes.post("/sim/phones/{id}/send-file")
async def send_file(request: web.Request) -> web.Response:
    """A photo or file: {"name", "data" in base64, "caption"?, "kind"?, "agentid"?, "force"?}."""
    (platform, owner), body = phone_of(request), await read_body(request)
    photo = photos.read(body)
    if not isinstance(platform, TakesPhotos):
        raise Refused(501, "this phone sends no files here")
    return answer(outcome_view(await platform.send_photo(owner, photo, body)))


@routes.post("/sim/phones/{id}/enter")
async def enter(request: web.Request) -> web.Response:
    (platform, owner), body = phone_of(request), await read_body(request)
    return answer(outcome_view(await platform.enter(owner, body)))


@routes.post("/sim/phones/{id}/event")
async def event(request: web.Request) -> web.Response:
    """Any event without further fields, such as subscribe, unsubscribe or click."""
    (platform, owner), body = phone_of(request), await read_body(request)
    return answer(outcome_view(await platform.event(owner, body)))


@routes.post("/sim/phones/{id}/tap")
async def tap(request: web.Request) -> web.Response:
    (platform, owner), body = phone_of(request), await read_body(request)
    item = _item(request, owner, body.get("seq"))
    return answer(await platform.tap(owner, item, body))


@routes.post("/sim/phones/{id}/read")
async def read(request: web.Request) -> web.Response:
    (platform, owner), body = phone_of(request), await read_body(request)
    platform.read(owner, body)
    return answer({"ok": True})


@routes.post("/sim/phones/{id}/login")
async def login(request: web.Request) -> web.Response:
    """A sign-in code, as the app's pages get it from the platform."""
    (platform, owner), body = phone_of(request), await read_body(request)
    return answer({"code": platform.login(owner, body)})


def _rows(request: web.Request, owner: Owner) -> list[Item]:
    phone = request.app[SIM].phones.of(owner.id)
    if "after_rev" in request.query:
        return phone.after_rev(number(request, "after_rev"))
    rows = phone.after(number(request, "after"))
    last = number(request, "last")
    return rows[-last:] if last else rows


def _item(request: web.Request, owner: Owner, seq: object) -> Item:
    phone = request.app[SIM].phones.of(owner.id)
    item = phone.find(seq) if isinstance(seq, int) else None
    if item is None:
        raise Refused(404, f"no message {seq} in this phone")
    return item


def _person(request: web.Request, owner: Owner) -> str:
    found = owner_of(request.app[SIM].world.people, owner.id)
    return found.name if found else ""


def _summary(request: web.Request, owner: Owner) -> dict[str, Any]:
    phone = request.app[SIM].phones.of(owner.id)
    last = phone.items[-1] if phone.items else None
    members = [{"userid": userid, "name": name} for userid, name in owner.members]
    return {
        "id": owner.id,
        "name": owner.name,
        "department": owner.department,
        "position": owner.position,
        "platform": owner.platform,
        "kind": owner.kind,
        "person": _person(request, owner),
        "unread": phone.unread,
        "seq": last.seq if last else 0,
        "rev": phone.rev,
        "last": flat(last)[:80] if last else "",
        "last_at": last.at if last else None,
        **({"members": members} if owner.kind == "group" else {}),
    }
