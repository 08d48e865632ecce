"""`POST /` with x-acs-action SendSms: the rules, the answers, and the phone that shows it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from simulator.calls import Call
from simulator.clock import monotonic
from simulator.faults import Fault
from simulator.misbehave import after, before
from simulator.sms.settings import PREFIX, SMS, Sms, masked, valid
from simulator.sms.signing import SmsError, check
from simulator.state import Simulator

API = "sms/SendSms"
VERSION = "2017-05-25"
VALUE_CHARS = 35
_HOLE = re.compile(r"\$\{(\w{1,20})\}")
_ADDRESS = re.compile(r"https?:|www\.", re.IGNORECASE)
_KINDS = {
    "wrong_secret",
    "rate_limit",
    "permission",
    "api_error",
    "http_500",
    "html_502",
    "slow",
    "accepted_then_timeout",
    "black_hole",
    "reset_after_bytes",
}
_FAULTS = {
    "wrong_secret": ("SignatureDoesNotMatch", "Specified signature is not matched.", 400),
    "rate_limit": ("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", 200),
    "permission": ("isp.RAM_PERMISSION_DENY", "RAM权限不足", 200),
}


async def serve(sim: Simulator, request: web.Request) -> web.StreamResponse:
    """Answer one call. Rules that it breaks come with HTTP 200, those of the gateway without."""
    started, call = monotonic(), Call(api=API, app=SMS)
    raw = await request.read()
    faults = sim.faults.take(_KINDS, API)
    call.fault = ",".join(f.kind for f in faults)
    try:
        response = await before(faults, call) or _answer(sim, request, raw, faults, call)
    finally:
        call.took_ms = round((monotonic() - started) * 1000, 2)
        sim.calls.add(call)
    return await after(sim, request, faults, response)


def _answer(
    sim: Simulator, request: web.Request, raw: bytes, faults: list[Fault], call: Call
) -> web.Response:
    try:
        biz_id = _send(sim, request, raw, faults, call)
    except SmsError as problem:
        call.code, call.errmsg, call.http = problem.code, problem.message, problem.status
        return _json({"Code": problem.code, "Message": problem.message}, problem.status)
    return _json({"Code": "OK", "Message": "OK", "BizId": biz_id})


def _send(
    sim: Simulator, request: web.Request, raw: bytes, faults: list[Fault], call: Call
) -> str:
    world = sim.world.sms
    headers = {name.lower(): value for name, value in request.headers.items()}
    if world is None or (headers.get("x-acs-action"), headers.get("x-acs-version")) != (
        "SendSms",
        VERSION,
    ):
        raise SmsError("InvalidApi.NotFound", "Specified api is not found.", 404)
    secrets = {world.access_key_id: world.access_key_secret}
    query = request.url.raw_query_string
    check(secrets, request.method, request.path, query, headers, raw, sim.clock.now())
    sim.post.once(headers.get("x-acs-signature-nonce", ""))
    for fault in faults:
        if fault.kind == "api_error":
            raise SmsError(fault.code or "isp.SYSTEM_ERROR", "refused by the simulator", 200)
        if fault.kind in _FAULTS:
            raise SmsError(*_FAULTS[fault.kind])
    asked = dict(parse_qsl(query, keep_blank_values=True))
    if request.content_type == "application/x-www-form-urlencoded":
        asked |= dict(parse_qsl(raw.decode(), keep_blank_values=True))
    return _keep(sim, world, asked, call)


def _keep(sim: Simulator, world: Sms, asked: Mapping[str, str], call: Call) -> str:
    number = re.sub(r"^(?:\+|\+86|0086|86)(?=1\d{10}$)", "", asked.get("PhoneNumbers", ""))
    if not valid(number):
        raise SmsError("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号", 200)
    call.who = masked(number)
    if asked.get("SignName") not in world.sign_names:
        raise SmsError("isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法", 200)
    words = world.templates.get(asked.get("TemplateCode", ""))
    if words is None:
        raise SmsError("isv.SMS_TEMPLATE_ILLEGAL", "短信模板不合法", 200)
    text = f"【{asked['SignName']}】{_filled(words, asked.get('TemplateParam') or '{}')}"
    call.summary = asked["TemplateCode"]
    biz_id = f"{sim.next_msgid()}^0"
    body = {"content": text, "out_id": asked.get("OutId", "")}
    if number in world.numbers:
        sim.phones.receive(PREFIX + number, "text", SMS, body, biz_id, asked["SignName"])
    sim.counters["sends"] += 1
    return biz_id


def _filled(words: str, raw: str) -> str:
    try:
        values: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise SmsError("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值", 200)
    missing = [name for name in _HOLE.findall(words) if not values.get(name)]
    if missing:
        raise SmsError("isv.TEMPLATE_MISSING_PARAMETERS", f"模板缺少变量{missing[0]}", 200)
    if any(len(value) > VALUE_CHARS for value in values.values()):
        raise SmsError("isv.PARAM_LENGTH_LIMIT", "参数超出长度限制", 200)
    if any(_ADDRESS.search(value) for value in values.values()):
        raise SmsError("isv.PARAM_NOT_SUPPORT_URL", "不支持URL", 200)
    return _HOLE.sub(lambda hole: str(values[hole[1]]), words)


def _json(body: dict[str, str], status: int = 200) -> web.Response:
    body = body | {"RequestId": str(uuid.uuid4()).upper()}
    return web.Response(
        body=orjson.dumps(body), content_type="application/json", charset="utf-8", status=status
    )
