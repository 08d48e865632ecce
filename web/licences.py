"""Licences of the units one answers for: a list to filter, and one person's with their proof."""

from __future__ import annotations

from aiohttp import web

from services.console.licences import STANDINGS, Wanted
from web.visit import Visit, number


async def listed(visit: Visit) -> web.Response:
    unit, standing = visit.query("unit"), visit.query("standing")
    wanted = Wanted(
        number(unit) if unit else None,
        visit.query("kind"),
        standing if standing in STANDINGS else "",
    )
    pages = visit.console.licences
    found = await pages.listed(visit.actor, wanted)
    return visit.page(
        "licences.html", found=found, wanted=wanted, kinds=pages.kinds(), standings=STANDINGS
    )


async def person(visit: Visit) -> web.Response:
    found = await visit.console.licences.holder(visit.actor, visit.id_in_path())
    return visit.page("licence_holder.html", found=found, holder=found.person)


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Entered by mistake: off the record, with the reason in the audit log."""
    licences = visit.console.licences.records
    one = await licences.one(visit.id_in_path())
    await licences.withdraw(visit.actor, one.id, visit.form.get("reason", "").strip())
    raise web.HTTPSeeOther(f"/console/licences/people/{one.person_id}")
