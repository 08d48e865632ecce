"""Control API of the DingTalk part: connections, pushes, what people send beside text."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.control import answer, phone_of, read_body
from simulator.dingtalk import gateway, reading
from simulator.dingtalk.links import Link
from simulator.dingtalk.memory import StoredFile, new_id
from simulator.dingtalk.parcels import Push
from simulator.dingtalk.phones import DingTalkPhones
from simulator.dingtalk.service import DingTalk
from simulator.owners import outcome_view
from simulator.refusals import Refused

DING = web.AppKey("DING", DingTalk)
routes = web.RouteTableDef()


@routes.get("/sim/dingtalk/connections")
async def connections(request: web.Request) -> web.Response:
    service = request.app[DING]
    rows = [link.view() for link in service.links.live()]
    return answer({"connections": rows, "queued_events": service.pushes.queued})


@routes.post("/sim/dingtalk/connections/{act}")
async def act(request: web.Request) -> web.Response:
    """disconnect, drop, freeze, ping, redeliver: see README."""
    service, body = request.app[DING], await read_body(request)
    name = request.match_info["act"]
    if name == "redeliver":
        return await _redeliver(service, str(body.get("channel") or ""))
    links = _chosen(service, body)
    results: list[bool] = []
    for link in links:
        if name == "disconnect":
            await gateway.part(service, link)
        elif name == "drop":
            link.cut()
        elif name == "freeze":
            _freeze(link, bool(body.get("frozen", True)))
        elif name == "ping":
            results.append(await gateway.ping(service, link))
        else:
            raise Refused(404, f"no such act {name!r}", "disconnect, drop, freeze, ping")
    service.sim.pulse.bump()
    return answer({"connections": [link.id for link in links], "echoed": results})


@routes.post("/sim/dingtalk/event")
async def event(request: web.Request) -> web.Response:
    """Any event: {"type", "data"}."""
    service, body = request.app[DING], await read_body(request)
    kind, data = body.get("type"), body.get("data") or {}
    if not isinstance(kind, str) or not kind or not isinstance(data, dict):
        raise Refused(400, "type must be a name and data an object")
    return answer(outcome_view(await service.event(kind, data)))


@routes.post("/sim/dingtalk/push")
async def push(request: web.Request) -> web.Response:
    """Any callback at all, forged ones included: {"channel", "topic", "data"}."""
    service, body = request.app[DING], await read_body(request)
    data = body.get("data")
    channel = str(body.get("channel") or "robot")
    if channel not in ("robot", "card") or not isinstance(data, dict):
        raise Refused(400, "channel must be robot or card, and data an object")
    topic = str(body.get("topic") or "")
    one = Push(channel, f"{channel}_forged", "CALLBACK", topic, "forged", data)
    return answer(outcome_view((await service.pushes.deliver(one)).outcome))


@routes.post("/sim/dingtalk/callback")
async def set_callback(request: web.Request) -> web.Response:
    """Where events go by HTTP; as in the console, after the address has answered."""
    service, body = request.app[DING], await read_body(request)
    if body.get("url") is None:
        service.org.hooks.events = None
        return answer({"verified": False, "url": None})
    try:
        hook = reading.hook_from(body, service.org)
    except KeyError as missing:
        raise Refused(400, f"missing field {missing}", "url, token, aes_key") from None
    except reading.BadOrg as problem:
        raise Refused(400, str(problem)) from None
    if body.get("verify", True):
        outcome = await service.pushes.hooks.verify(hook)
        if outcome.status != "ok":
            raise Refused(422, f"the URL was not verified: {outcome.status}", outcome.problem)
    service.org.hooks.events = hook
    return answer({"verified": bool(body.get("verify", True)), "url": hook.url})


@routes.post("/sim/dingtalk/robot-callback")
async def set_robot(request: web.Request) -> web.Response:
    """Where robot messages go by HTTP; {"url": null} goes back to Stream."""
    service, body = request.app[DING], await read_body(request)
    service.org.hooks.robot = str(body.get("url") or "")
    return answer({"url": service.org.hooks.robot or None})


@routes.post("/sim/phones/{id}/send")
async def send(request: web.Request) -> web.Response:
    """A picture, file or voice to the robot: {"kind", "name"?, "text"?, "recognition"?}."""
    (platform, owner), body = phone_of(request), await read_body(request)
    if not isinstance(platform, DingTalkPhones):
        raise Refused(400, "only DingTalk phones can send this")
    kind = body.get("kind")
    if kind not in ("picture", "file", "audio", "video", "richText"):
        raise Refused(400, "kind must be picture, file, audio, video or richText")
    if owner.kind == "group" and kind in ("file", "audio", "video"):
        raise Refused(400, "a robot gets no files, voices or videos in groups")
    service, name = request.app[DING], str(body.get("name") or kind)
    code = new_id()
    data = str(body.get("text") or name).encode()
    service.memory.files[code] = StoredFile(name, data)
    content = _content(str(kind), code, name, body)
    said = f"[{name}]"
    who = platform.actor(owner, body)
    words = {"msgtype": kind, "content": content}
    return answer(outcome_view(await platform.hear(owner, who, said, "text", words, body)))


def _content(kind: str, code: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    if kind == "audio":
        heard = str(body.get("recognition") or "")
        return {"downloadCode": code, "duration": 3000, "recognition": heard}
    if kind == "file":
        return {"downloadCode": code, "fileName": name}
    if kind == "richText":
        return {"richText": [{"text": str(body.get("text") or "")}, {"downloadCode": code}]}
    return {"downloadCode": code}


async def _redeliver(service: DingTalk, channel: str) -> web.Response:
    verdict = await service.pushes.again(channel)
    if verdict is None:
        raise Refused(409, "nothing has been pushed yet")
    return answer(outcome_view(verdict.outcome))


def _chosen(service: DingTalk, body: dict[str, Any]) -> list[Link]:
    live = service.links.live()
    if body.get("id") is not None:
        live = [link for link in live if link.id == body["id"]]
    if not live:
        raise Refused(404, "no such connection", "GET /sim/dingtalk/connections lists them")
    return live


def _freeze(link: Link, frozen: bool) -> None:
    link.frozen = frozen
    if frozen:
        link.thawed.clear()
    else:
        link.thawed.set()
