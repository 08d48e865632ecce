"""Checklists of those who come, go or were called out: how far they are, and each item."""

from __future__ import annotations

from aiohttp import web

from models import db
from services import checklist_progress
from services.checklist_rules import Kind
from services.console import checklists as pages
from web.visit import Visit, number

BASE = "/console/checklists"
SHOWN = 300


async def listed(visit: Visit) -> web.Response:
    """`kind` chooses which lists, `closed` those that are over."""
    asked = visit.query("kind")
    kind = Kind(asked) if asked in set(Kind) else Kind.ENTRY
    closed = visit.query("closed") == "1"
    found = await checklist_progress.lists(
        visit.actor,
        visit.console.lists.rules,
        visit.console.clock.now(),
        (kind,),
        ("done", "cancelled") if closed else ("open",),
        SHOWN,
    )
    names = visit.console.catalogue.words("checklists/kinds")["names"]
    return visit.page(
        "checklists.html",
        lists=found,
        kind=str(kind),
        kinds=names,
        closed=closed,
        late=sum(1 for one in found if one.late),
        shown=SHOWN,
    )


async def one(visit: Visit) -> web.Response:
    lists = visit.console.lists
    whole = await pages.one(visit.actor, lists.rules, visit.id_in_path())
    return visit.page("checklist.html", head=whole.head, items=whole.items)


async def done(visit: Visit) -> web.StreamResponse:
    checklist = visit.id_in_path()
    async with db.transaction():
        await visit.console.lists.done(number(visit.form.get("item", "")), visit.actor)
    raise web.HTTPSeeOther(f"{BASE}/{checklist}")


async def waive(visit: Visit) -> web.StreamResponse:
    checklist = visit.id_in_path()
    item = number(visit.form.get("item", ""))
    async with db.transaction():
        await visit.console.lists.waive(item, visit.actor, visit.form.get("reason", ""))
    raise web.HTTPSeeOther(f"{BASE}/{checklist}")


async def reopen(visit: Visit) -> web.StreamResponse:
    checklist = visit.id_in_path()
    item = number(visit.form.get("item", ""))
    async with db.transaction():
        await visit.console.reopening.reopen(item, visit.actor, visit.form.get("reason", ""))
    raise web.HTTPSeeOther(f"{BASE}/{checklist}")
