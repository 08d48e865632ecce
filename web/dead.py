"""What was given up on, and the buttons to try once more."""

from __future__ import annotations

from aiohttp import web

from services.console import dead
from web.visit import Visit


async def listed(visit: Visit) -> web.Response:
    return visit.page(
        "dead.html",
        events=await dead.dead_events(visit.actor),
        failed=await dead.failed_deliveries(visit.actor, visit.now),
    )


async def retry(visit: Visit) -> web.StreamResponse:
    await visit.console.dead_letters.retry_event(visit.actor, visit.id_in_path())
    raise web.HTTPSeeOther("/console/dead")


async def send_again(visit: Visit) -> web.StreamResponse:
    await visit.console.dead_letters.send_again(visit.actor, visit.id_in_path())
    raise web.HTTPSeeOther("/console/dead")
