"""The first page."""

from __future__ import annotations

from aiohttp import web

from services.console import home
from web.visit import Visit


async def show(visit: Visit) -> web.Response:
    return visit.page(
        "home.html",
        units=await home.tonight(visit.actor, visit.now),
        drafts=await home.drafts(visit.actor),
        dead=await home.dead_count(visit.actor),
        pauses=await home.pauses(visit.now),
        ticks=await home.ticks(),
    )
