"""The audit log: does the chain hold, the last rows, and an export."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from services.console import audit_log
from web.visit import Visit, day_of


async def show(visit: Visit) -> web.Response:
    asked = visit.query("verify") == "1"
    return visit.page(
        "audit.html",
        verdict=await audit_log.verdict(visit.actor, asked=asked),
        rows=await audit_log.newest(visit.actor),
        month_ago=visit.today - timedelta(days=30),
    )


async def export(visit: Visit) -> web.Response:
    """A POST, so that a staff number never stands in an address."""
    last = day_of(visit.form.get("last", "")) or visit.today
    first = day_of(visit.form.get("first", "")) or last - timedelta(days=30)
    number = visit.form.get("staff_no", "").strip()[:64]
    body = await audit_log.export(visit.actor, number, first, last, visit.now)
    name = f"audit-{first}-{last}.csv"
    return web.Response(
        body=body,
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )
