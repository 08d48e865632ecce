"""The front door of both API generations: finds the function, checks, plays faults, logs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from simulator.asks import Upload
from simulator.calls import Call
from simulator.clock import monotonic
from simulator.dingtalk import errors, uploads
from simulator.dingtalk.asks import Api, Ask, unknown_api
from simulator.dingtalk.errors import NewError, OldError, Problem
from simulator.dingtalk.registry import TABLE
from simulator.dingtalk.service import DingTalk
from simulator.faults import API_KINDS, Fault
from simulator.misbehave import after, before

_NEEDS_TOKEN = {"expired_token", "untrusted_ip", "permission"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request before anything is checked; `api` None: there is no such function."""

    request: web.Request
    api: Api | None
    path: dict[str, str]
    raw: bytes
    upload: Upload | None
    call: Call


async def serve(service: DingTalk, request: web.Request) -> web.StreamResponse:
    """Answer one request of either generation."""
    sim, started = service.sim, monotonic()
    arrival = await _arrival(request)
    api, call = arrival.api, arrival.call
    kinds = set(API_KINDS) - (set() if api is None or api.token else _NEEDS_TOKEN)
    faults = sim.faults.take(kinds, call.api)
    call.fault = ",".join(f.kind for f in faults)
    service.base = f"http://{request.host}"
    try:
        response = await before(faults, call)
        if response is None:
            response = _answer(service, arrival, faults)
    finally:
        call.took_ms = round((monotonic() - started) * 1000, 2)
        sim.calls.add(call)
    return await after(sim, request, faults, response)


async def _arrival(request: web.Request) -> Arrival:
    path = request.path.lstrip("/")
    raw, upload = await uploads.read(request)
    for api in TABLE:
        parts = api.match(request.method, path)
        if parts is not None:
            call = Call(api=api.name, summary="", app="dingtalk")
            return Arrival(request, api, parts, raw, upload, call)
    call = Call(api=path[:80], summary="", app="dingtalk")
    return Arrival(request, None, {}, raw, upload, call)


def _answer(service: DingTalk, arrival: Arrival, faults: list[Fault]) -> web.Response:
    api, call = arrival.api, arrival.call
    new = api.new if api else arrival.request.path.startswith("/v1.0/")
    try:
        if api is None or service.sim.world.ding is None:
            raise unknown_api(new)
        _refuse(service, api, faults)
        _check(service, arrival.request, api)
        reply = api.run(_ask(service, api, arrival))
    except NewError as problem:
        return _refused_new(call, problem)
    except OldError as problem:
        return _refused_old(call, problem)
    except (TypeError, AttributeError, ValueError, KeyError) as problem:
        # A field of the wrong JSON type: the platform says no more than that.
        return _malformed(call, new, problem)
    if isinstance(reply, web.Response):
        return reply
    return _json(reply if new else {"errcode": 0, "errmsg": "ok", **reply})


def _ask(service: DingTalk, api: Api, arrival: Arrival) -> Ask:
    return Ask(
        sim=service.sim,
        service=service,
        org=service.org,
        memory=service.memory,
        api=api,
        path=arrival.path,
        query=arrival.request.query,
        raw=arrival.raw,
        body=_body(arrival.request, arrival.raw, api),
        call=arrival.call,
        base=service.base,
        upload=arrival.upload,
    )


def _body(request: web.Request, raw: bytes, api: Api) -> dict[str, Any]:
    if not raw or request.method == "GET":
        return {}
    wrong: Problem = NewError(400, "Missingbody") if api.new else OldError(40035)
    if api.new and request.content_type != "application/json":
        raise wrong
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise wrong from None
    if not isinstance(body, dict):
        raise wrong
    return body


def _refuse(service: DingTalk, api: Api, faults: list[Fault]) -> None:
    """Faults that answer with an error instead of doing anything."""
    for fault in faults:
        if fault.kind == "expired_token":
            service.memory.tokens.revoke()
            raise errors.dead_token(api.new, expired=fault.errcode == 42001)
        if fault.kind == "rate_limit":
            raise errors.throttled(api.new)
        if fault.kind == "wrong_secret":
            raise NewError(400, "invalidClientIdOrSecret") if api.new else OldError(40089)
        if fault.kind == "untrusted_ip":
            raise errors.foreign_address(api.new)
        if fault.kind == "permission":
            raise errors.no_permission(api.new, api.scope)
        if fault.kind == "api_error":
            code = fault.code or "system.error"
            raise NewError(fault.http, code) if api.new else OldError(fault.errcode or -1)


def _check(service: DingTalk, request: web.Request, api: Api) -> None:
    """Token and the month's count, in this order; a refused call is not counted."""
    if not api.token:
        return
    if api.new:
        token = request.headers.get("x-acs-dingtalk-access-token", "")
    else:
        token = request.query.get("access_token", "")
    state = service.memory.tokens.state(token)
    if state == "missing" and not api.new:
        raise OldError(41001)
    if state:
        raise errors.dead_token(api.new, expired=state == "expired")
    if api.counted and not service.memory.quota.call(api.name):
        raise errors.quota_gone(api.new)


def _refused_new(call: Call, problem: NewError) -> web.Response:
    call.http, call.code, call.errmsg = problem.status, problem.code, problem.message
    body = {
        "code": problem.code,
        "message": problem.message,
        "requestid": str(uuid.uuid4()).upper(),
    }
    return _json(body | problem.more, problem.status)


def _refused_old(call: Call, problem: OldError) -> web.Response:
    call.errcode, call.errmsg = problem.code, problem.message
    return _json(
        {"errcode": problem.code, "errmsg": problem.message, "request_id": uuid.uuid4().hex}
    )


def _malformed(call: Call, new: bool, problem: Exception) -> web.Response:
    if new:
        return _refused_new(call, NewError(400, "param.error", f"invalid parameter: {problem!r}"))
    return _refused_old(call, OldError(40035))


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), content_type="application/json", charset="utf-8", status=status
    )
