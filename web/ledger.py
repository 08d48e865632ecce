"""The ledger's pages: a list to filter, and one delivery's history."""

from __future__ import annotations

from aiohttp import web

from models.ledger import DeliveryState
from services.console import deliveries, scope
from services.console.deliveries import Filter
from web.visit import Visit, day_of, number


async def listed(visit: Visit) -> web.Response:
    state, unit, before = visit.query("state"), visit.query("unit"), visit.query("before")
    wanted = Filter(
        state if state in set(DeliveryState) else None,
        number(unit) if unit else None,
        day_of(visit.query("day")),
        number(before) if before else None,
    )
    return visit.page(
        "deliveries.html",
        page=await deliveries.page(visit.actor, wanted),
        units=await scope.units(visit.actor),
        states=[str(known) for known in DeliveryState],
        wanted=wanted,
    )


async def one(visit: Visit) -> web.Response:
    row, events = await deliveries.one(visit.actor, visit.id_in_path())
    return visit.page("delivery.html", row=row, events=events)
