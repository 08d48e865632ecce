"""Call-outs: what runs and ran, one with its live numbers, and whose turn it was."""

from __future__ import annotations

from aiohttp import web

from models.callouts import CallKind
from services.callouts import may_cancel
from services.console import callouts
from services.console.callouts import Show
from web.callout_chart import rise
from web.visit import Visit

REFRESH = 10  # seconds between two looks of an open board


async def listed(visit: Visit) -> web.Response:
    rows = await callouts.listed(visit.actor)
    return visit.page("callouts.html", rows=rows, skill_names=skill_names(visit))


async def board(visit: Visit) -> web.Response:
    """Reloads itself while the call-out is open; `?still=1` stands still."""
    show = _show(visit.query("show"))
    page = await callouts.board(visit.actor, visit.id_in_path(), show)
    still = bool(visit.query("still"))
    calls = visit.console.callouts.calls
    chosen = await calls.waves.curve(CallKind(page.row["kind"]), page.row["launched_at"])
    return visit.page(
        "callout.html",
        page=page,
        row=page.row,
        may_cancel=may_cancel(visit.actor, page.row),
        skill_names=skill_names(visit),
        chart=rise(page, visit.now),
        basis=calls.facts.words[f"basis_{chosen.basis}"],
        drill=page.row["kind"] == CallKind.DRILL,
        still=still,
        refresh=REFRESH if page.open and not still else None,
    )


async def fairness(visit: Visit) -> web.Response:
    page = await callouts.fairness(visit.actor, visit.now)
    return visit.page("callout_fairness.html", page=page)


def _show(text: str) -> Show:
    return Show(text) if text in set(Show) else Show.YES


def skill_names(visit: Visit) -> dict[str, str]:
    """Key → name; "" is anybody clinical."""
    names = {skill.key: skill.name for skill in visit.console.callouts.skills}
    return {"": visit.console.catalogue.words("console")["call_skills"]["any"], **names}
