"""The API's front door: finds the function, checks the token, plays faults, writes the log."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from simulator import directory, groups, sending, updating
from simulator.asks import Api, Ask, Reply, Upload
from simulator.calls import Call
from simulator.clock import monotonic
from simulator.errors import MESSAGES, WeComError
from simulator.faults import API_KINDS, Fault
from simulator.kf import api as kf
from simulator.kf import sending as kf_sending
from simulator.misbehave import after, before
from simulator.state import Simulator


async def serve(sim: Simulator, request: web.Request) -> web.StreamResponse:
    """Answer one request below /cgi-bin/."""
    name = request.match_info["api"]
    started = monotonic()
    call = Call(api=name, summary="")
    raw, upload = await _read(request)
    faults = sim.faults.take(_kinds(name), name)
    call.fault = ",".join(f.kind for f in faults)
    try:
        response = await before(faults, call)
        if response is None:
            response = _answer(sim, request, call, raw, upload, faults)
    finally:
        call.took_ms = round((monotonic() - started) * 1000, 2)
        sim.calls.add(call)
    return await after(sim, request, faults, response)


def _kinds(name: str) -> set[str]:
    # A token is not needed to get one, nor does the trusted address list guard it.
    return set(API_KINDS) - (_NEEDS_TOKEN if name in _TOKENLESS else set())


async def _read(request: web.Request) -> tuple[bytes, Upload | None]:
    if not request.content_type.startswith("multipart/"):
        return await request.read(), None
    try:
        reader = await request.multipart()
        async for part in reader:
            header = getattr(part, "headers", {}).get("Content-Disposition", "")
            if getattr(part, "name", None) == "media":
                data = bytes(await part.read())  # type: ignore[union-attr]
                return b"", Upload(part.filename or "", data, "filename=" in header)  # type: ignore[union-attr]
    except ValueError:
        return b"", None
    return b"", None


def _answer(
    sim: Simulator,
    request: web.Request,
    call: Call,
    raw: bytes,
    upload: Upload | None,
    faults: list[Fault],
) -> web.StreamResponse:
    body, warning = _json(raw)
    ask = Ask(sim, request.query, raw, body, call, upload=upload)
    try:
        _refuse(sim, request, faults)
        reply = _run(ask)
    except WeComError as problem:
        return _error(request, call, problem.code, problem.detail + warning)
    except (TypeError, AttributeError, ValueError, KeyError):
        # A field of the wrong JSON type; the real server also reports no more than this.
        return _error(request, call, 40058, MESSAGES[40058] + warning)
    if isinstance(reply, web.Response):
        return reply
    return _json_response({"errcode": 0, "errmsg": "ok", **reply})


def _json(raw: bytes) -> tuple[dict[str, Any], str]:
    if not raw:
        return {}, ""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}, " Warning: wrong json format."
    return (body, "") if isinstance(body, dict) else ({}, " Warning: wrong json format.")


def _refuse(sim: Simulator, request: web.Request, faults: list[Fault]) -> None:
    """Faults that answer with an error code instead of doing anything."""
    for fault in faults:
        if fault.kind == "expired_token":
            sim.tokens.revoke(request.query.get("access_token", ""))
            raise WeComError(fault.errcode or 40014)
        if fault.kind == "rate_limit":
            raise WeComError(fault.errcode or 45009)
        if fault.kind == "wrong_secret":
            raise WeComError(40001)
        if fault.kind == "untrusted_ip":
            raise WeComError(60020)
        if fault.kind == "permission":
            raise WeComError(fault.errcode or 60011)
        if fault.kind == "api_error":
            raise WeComError(fault.errcode or -1)


def _run(ask: Ask) -> Reply | web.Response:
    name = ask.call.api
    if name in _TOKENLESS:
        return _TOKENLESS[name](ask)
    api = _APIS.get(name)
    if api is None:
        raise WeComError(40066)
    ask.caller = ask.sim.tokens.app(ask.sim.world, ask.query.get("access_token", ""))
    ask.call.app = ask.app.agentid
    if ask.app.kind == "contacts" and name.startswith(_NOT_FOR_CONTACTS):
        raise WeComError(48002)
    return api(ask)


def _gettoken(ask: Ask) -> Reply:
    corpid, secret = ask.query.get("corpid", ""), ask.query.get("corpsecret", "")
    if not corpid:
        raise WeComError(41002)
    if not secret:
        raise WeComError(41004)
    token = ask.sim.tokens.issue(ask.sim.world, corpid, secret)
    ask.call.app = token.agentid
    return {"access_token": token.value, "expires_in": ask.sim.tokens.lifetime(token)}


def _media_upload(ask: Ask) -> Reply:
    if ask.upload is None or not ask.upload.data or not ask.upload.named:
        raise WeComError(44001)
    media = ask.sim.media.add(ask.query.get("type", ""), ask.upload.filename, ask.upload.data)
    ask.call.summary = f"{media.kind} {media.filename[:60]} {len(media.data)} bytes"
    return {"type": media.kind, "media_id": media.id, "created_at": str(media.created)}


def _media_get(ask: Ask) -> web.Response:
    media = ask.sim.media.find(ask.query.get("media_id", ""))
    if media is None:
        raise WeComError(40007)
    name = quote(media.filename or "file")
    return web.Response(
        body=media.data,
        content_type=media.content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _addresses(_ask: Ask) -> Reply:
    return {"ip_list": ["127.0.0.1"]}


def _error(request: web.Request, call: Call, code: int, detail: str) -> web.Response:
    call.errcode, call.errmsg = code, detail
    text = f"{detail}, hint: [{id(call):x}], from ip: {request.remote}"
    return _json_response({"errcode": code, "errmsg": text}, 404 if code == 40066 else 200)


def _json_response(body: Reply, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), content_type="application/json", charset="utf-8", status=status
    )


_NOT_FOR_CONTACTS = ("message/", "media/", "auth/")
_NEEDS_TOKEN = {"expired_token", "untrusted_ip"}
_TOKENLESS: dict[str, Api] = {
    "gettoken": _gettoken,
    "webhook/send": groups.send,
    "webhook/upload_media": groups.upload,
}
_APIS: dict[str, Api] = {
    "message/send": sending.send,
    "message/recall": sending.recall,
    "message/update_template_card": updating.update,
    "media/upload": _media_upload,
    "media/get": _media_get,
    "user/get": directory.user_get,
    "user/list": directory.user_list,
    "user/simplelist": directory.user_simplelist,
    "user/list_id": directory.user_list_id,
    "department/list": directory.department_list,
    "department/simplelist": directory.department_simplelist,
    "department/get": directory.department_get,
    "auth/getuserinfo": directory.getuserinfo,
    "user/getuserinfo": directory.getuserinfo,
    "kf/add_contact_way": kf.add_contact_way,
    "kf/sync_msg": kf.sync_msg,
    "kf/send_msg": kf_sending.send_msg,
    "kf/send_msg_on_event": kf_sending.send_msg_on_event,
    "kf/service_state/get": kf.service_state_get,
    "kf/service_state/trans": kf.service_state_trans,
    "kf/customer/batchget": kf.batchget,
    "getcallbackip": _addresses,
    "get_api_domain_ip": _addresses,
}
