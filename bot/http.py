"""The aiohttp application: health, metrics, and room for callbacks and the web console."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from models import db
from models.clock import Clock
from web.proxies import Networks, believing

log = structlog.get_logger()

BODY_LIMIT = 64 * 1024  # bytes; a callback is under 10 KiB
Probe = Callable[[], Awaitable[Mapping[str, str]]]
PROBE: web.AppKey[Probe] = web.AppKey("probe")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'; object-src 'none'",
}


@web.middleware
async def secure(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Headers for every answer, and no stack trace for anybody."""
    try:
        response = await handler(request)
    except web.HTTPException as known:
        known.headers.update(SECURITY_HEADERS)
        raise
    except Exception as error:
        log.error("request_failed", path=_pattern(request), exc_info=error)
        response = web.Response(status=500)
    response.headers.update(SECURITY_HEADERS)
    return response


def _pattern(request: web.Request) -> str:
    """Such as /c/{key}: what stands there in truth may open a page, and belongs in no log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


async def healthz(_request: web.Request) -> web.Response:
    """The process lives."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """The process can do its work: the database answers and no channel rests for a fault."""
    try:
        await db.fetch_value("SELECT 1")
    except Exception as error:
        return web.json_response({"database": type(error).__name__}, status=503)
    faults = dict(await request.app[PROBE]())
    return web.json_response({"database": "ok", **faults}, status=503 if faults else 200)


async def metrics(_request: web.Request) -> web.Response:
    body = generate_latest()
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def resting_channels(clock: Clock) -> Probe:
    """A probe that names channels at rest for a fault somebody must mend, with the cure."""

    async def probe() -> Mapping[str, str]:
        rows = await db.fetch(
            "SELECT channel, code, cure FROM channel_pauses WHERE cure <> '' AND until > $1",
            clock.now(),
        )
        return {row["channel"]: f"{row['code']}: {row['cure']}" for row in rows}

    return probe


def bound(host: str, port: int) -> socket.socket:
    """The address taken at once, before anything else is begun; 0 lets the system choose a port.

    Nobody is answered there before the application listens. Raises OSError when it is taken.
    """
    door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((host, port))
    except OSError:
        door.close()
        raise
    return door


def make_app(probe: Probe, proxies: Networks = ()) -> web.Application:
    """`proxies` are those whose word counts for who asks."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[secure, believing(proxies)])
    app[PROBE] = probe
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app
