"""Control API of the hospital: replacing it, callback settings, changes of the directory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from simulator.control import CALLBACKS, HANDS, SIM, answer, read_body
from simulator.dingtalk.org import Org
from simulator.hospital import Callback, Hospital, callback_from, check_key, member_from, parse
from simulator.mail.settings import Mail
from simulator.refusals import Refused
from simulator.sms.settings import Sms
from simulator.state import Simulator

routes = web.RouteTableDef()


@routes.get("/sim/hospital")
async def show(request: web.Request) -> web.Response:
    """What the page needs; secrets and keys stay out."""
    return answer(_public(request.app[SIM]))


@routes.post("/sim/hospital")
async def replace_all(request: web.Request) -> web.Response:
    world = parse(await read_body(request))
    request.app[SIM].reset(world)
    return answer(_public(request.app[SIM]))


@routes.post("/sim/reset")
async def reset(request: web.Request) -> web.Response:
    request.app[SIM].reset()
    return answer({"ok": True})


@routes.post("/sim/apps/{agentid:\\d+}/callback")
async def set_callback(request: web.Request) -> web.Response:
    """Save the callback settings; as in the real console, after verifying the URL."""
    sim, body = request.app[SIM], await read_body(request)
    app = sim.world.apps.get(int(request.match_info["agentid"]))
    if app is None:
        raise Refused(404, "no such app", "GET /sim/hospital lists the apps")
    callback = _callback(body)
    trial = replace(app, callback=callback)
    check_key(sim.world, trial)
    status = "skipped"
    if body.get("verify", True):
        outcome = await request.app[CALLBACKS].verify(trial)
        status = outcome.status
        if status != "ok":
            raise Refused(
                422, f"the URL was not verified: {status}", outcome.problem or "answer within 1 s"
            )
    app.callback = callback
    return answer({"verified": status == "ok", "url": callback.url})


@routes.post("/sim/contacts")
async def change_contact(request: web.Request) -> web.Response:
    """Change the directory; the contacts app hears of it when it has a callback."""
    sim, body = request.app[SIM], await read_body(request)
    change = str(body.get("change", ""))
    userid = _apply(sim, change, body)
    contacts = next((a for a in sim.world.apps.values() if a.kind == "contacts"), None)
    if contacts is None or contacts.callback is None:
        return answer({"status": "unheard", "userid": userid})
    more = {"ChangeType": change, "UserID": userid}
    if body.get("new_userid"):
        more["NewUserID"] = str(body["new_userid"])
    outcome = await request.app[HANDS].event("sys", contacts, "change_contact", **more)
    return answer({"status": outcome.status, "attempts": outcome.attempts, "userid": userid})


def _callback(body: dict[str, Any]) -> Callback:
    try:
        return callback_from(body)
    except KeyError as missing:
        raise Refused(400, f"missing field {missing}", "url, token, aes_key") from None


def _apply(sim: Simulator, change: str, body: dict[str, Any]) -> str:
    members = sim.world.members
    if change == "create_user":
        member = member_from(body.get("member") or {})
        members[member.userid] = member
        return member.userid
    known = sim.world.member(str(body.get("userid", "")))
    if known is None or change not in ("update_user", "delete_user"):
        raise Refused(400, "change must be create_user, update_user or delete_user of a member")
    if change == "delete_user":
        del members[known.userid]
        return known.userid
    for name in ("name", "departments", "position", "leader", "status"):
        if name in body:
            setattr(known, name, body[name])
    if body.get("new_userid"):
        userid = known.userid
        members[str(body["new_userid"])] = replace(known, userid=str(body["new_userid"]))
        del members[userid]
        return userid
    return known.userid


def _public(sim: Simulator) -> dict[str, Any]:
    world = sim.world
    return {
        "corpid": world.corpid,
        "name": world.name,
        "departments": [{"id": d.id, "name": d.name} for d in world.departments.values()],
        "members": len(world.members),
        "apps": [
            {
                "agentid": a.agentid,
                "name": a.name,
                "kind": a.kind,
                "callback": a.callback.url if a.callback else None,
            }
            for a in world.apps.values()
        ],
        "kf": _kf(world),
        "robot": {"bot_id": world.robot.bot_id, "name": world.robot.name} if world.robot else None,
        "links": [{"title": link.title, "url": link.url} for link in world.links],
        "show": world.show,
        "dingtalk": _dingtalk(world.ding) if world.ding else None,
        "mail": _mail(sim, world.mail) if world.mail else None,
        "sms": _sms(world.sms) if world.sms else None,
    }


def _mail(sim: Simulator, mail: Mail) -> dict[str, Any]:
    return {
        "port": sim.post.port,
        "tls": mail.tls,
        "certificate": sim.post.certificate if mail.tls else "",
        "auth": bool(mail.username),
        "users": [{"address": b.address, "name": b.name} for b in mail.users.values()],
    }


def _sms(sms: Sms) -> dict[str, Any]:
    return {
        "access_key_id": sms.access_key_id,
        "sign_names": sms.sign_names,
        "templates": sms.templates,
        "numbers": [n.shown for n in sms.numbers.values()],
    }


def _kf(world: Hospital) -> dict[str, Any] | None:
    if world.kf is None:
        return None
    accounts = world.kf.accounts.values()
    return {"accounts": [{"open_kfid": a.open_kfid, "name": a.name} for a in accounts]}


def _dingtalk(org: Org) -> dict[str, Any]:
    return {
        "corpid": org.corpid,
        "client_id": org.client_id,
        "agent_id": org.agent_id,
        "robot_name": org.robot_name,
        "members": len(org.members),
        "departments": [{"id": d.id, "name": d.name} for d in org.departments.values()],
        "groups": [{"id": g.id, "title": g.title} for g in org.groups.values()],
        "templates": [t.id for t in org.templates.values()],
        "events": org.hooks.events.url if org.hooks.events else "stream",
        "robot": org.hooks.robot or "stream",
    }
