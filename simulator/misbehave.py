"""Faults of the connection itself: slow, silent, broken or wrong answers of the HTTP layer."""

from __future__ import annotations

import asyncio

from aiohttp import web

from simulator.calls import Call
from simulator.faults import Fault
from simulator.state import Simulator

_BROKEN = {"http_500": 500, "html_502": 502}
_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


async def before(faults: list[Fault], call: Call) -> web.StreamResponse | None:
    """Play the faults that come before the work; an answer means the work is not done."""
    for fault in faults:
        if fault.kind == "slow":
            await asyncio.sleep(fault.ms / 1000)
        if fault.kind == "black_hole":
            call.http = 0
            return web.Response()
        if fault.kind in _BROKEN:
            call.http = _BROKEN[fault.kind]
            return _broken(fault.kind)
    return None


async def after(
    sim: Simulator, request: web.Request, faults: list[Fault], response: web.StreamResponse
) -> web.StreamResponse:
    """Play the faults that spoil the answer of work already done."""
    kinds = {f.kind: f for f in faults}
    if "accepted_then_timeout" in kinds or "black_hole" in kinds:
        await sim.faults.hold(sim.pace.hold)
        return _cut(request)
    if "reset_after_bytes" in kinds and isinstance(response, web.Response):
        return await _partly(request, response, kinds["reset_after_bytes"].bytes)
    return response


def _broken(kind: str) -> web.Response:
    if kind == "html_502":
        return web.Response(status=502, text=_PAGE, content_type="text/html")
    return web.Response(status=500, text="")


async def _partly(request: web.Request, response: web.Response, count: int) -> web.StreamResponse:
    body = response.body if isinstance(response.body, bytes) else b""
    stream = web.StreamResponse(headers={"Content-Type": "application/json"})
    stream.content_length = len(body) + 1
    await stream.prepare(request)
    await stream.write(body[:count])
    if request.transport:
        request.transport.close()
    return stream


def _cut(request: web.Request) -> web.StreamResponse:
    """Drop the connection without a word."""
    if request.transport:
        request.transport.abort()
    return web.Response(status=500)
