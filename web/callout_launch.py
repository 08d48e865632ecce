"""Launching a call-out: a form, who it would reach, and only then the cards. And stopping one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from aiohttp import web

from models.callouts import CallKind
from models.clock import SHANGHAI
from services.callout_wish import CallWish
from services.callouts import may_cancel
from services.console import callouts, scope
from services.permissions import Act, may_anywhere
from services.refusals import Refusal
from web.callouts import skill_names
from web.visit import Visit, number

SOON = timedelta(hours=2)
HOURS = 8
NAMES_SHOWN = 30
FIELDS = ("kind", "place", "needed", "skill", "report_at", "hours", "unit", "reason")
LATEST_YEAR = 2100  # beyond it there is no sum of times
LONG_AGO = datetime(2000, 1, 1, tzinfo=SHANGHAI)


async def form(visit: Visit) -> web.Response:
    """Two hours from now, on the half hour."""
    at = (visit.now + SOON + timedelta(minutes=29)).astimezone(SHANGHAI)
    at = at.replace(minute=30 if at.minute >= 30 else 0, second=0, microsecond=0)
    given = {"kind": "voluntary", "report_at": f"{at:%Y-%m-%dT%H:%M}", "hours": str(HOURS)}
    return await _form(visit, given)


async def preview(visit: Visit) -> web.Response:
    """Who would be asked, and why the others would not. Nobody hears of it yet."""
    given = {name: visit.form.get(name, "") for name in FIELDS}
    try:
        found = await visit.console.callouts.calls.preview(visit.actor, wish_of(given))
    except Refusal as refusal:
        if refusal.key == "not_allowed":
            raise
        return await _form(visit, given, visit.refused(refusal), status=409)
    return visit.page(
        "callout_preview.html",
        given=given,
        found=found,
        wish=found.wish,
        basis=visit.console.callouts.calls.facts.words[f"basis_{found.basis}"],
        people=found.people[:NAMES_SHOWN],
        excluded_names=visit.console.catalogue.words("callouts/words"),
        skill_names=skill_names(visit),
    )


async def change(visit: Visit) -> web.Response:
    """Back to the form with what was typed."""
    return await _form(visit, visit.form)


async def launch(visit: Visit) -> web.StreamResponse:
    given = {name: visit.form.get(name, "") for name in FIELDS}
    call_out = await visit.console.callouts.calls.launch(visit.actor, wish_of(given))
    raise web.HTTPSeeOther(f"/console/callouts/{call_out}")


async def ask_cancel(visit: Visit) -> web.Response:
    page = await callouts.board(visit.actor, visit.id_in_path())
    if not may_cancel(visit.actor, page.row):
        raise Refusal("not_allowed")
    return visit.page("callout_cancel.html", page=page, row=page.row)


async def cancel(visit: Visit) -> web.StreamResponse:
    """Who has said yes is told at once."""
    call_out = visit.id_in_path()
    await callouts.board(visit.actor, call_out)
    why = visit.form.get("why", "").strip()
    await visit.console.callouts.calls.cancel(visit.actor, call_out, why)
    raise web.HTTPSeeOther(f"/console/callouts/{call_out}")


async def _form(
    visit: Visit, given: Mapping[str, str], wrong: str = "", status: int = 200
) -> web.Response:
    if not may_anywhere(visit.actor, Act.CALL_OUT):
        raise Refusal("not_allowed")
    kinds = [
        kind
        for kind in CallKind
        if kind is not CallKind.ORDERED or may_anywhere(visit.actor, Act.ORDER_CALL_OUT)
    ]
    return visit.page(
        "callout_new.html",
        status=status,
        given={name: given.get(name, "") for name in FIELDS},
        wrong=wrong,
        kinds=kinds,
        units=await scope.units(visit.actor),
        skill_names=skill_names(visit),
    )


def wish_of(given: Mapping[str, str]) -> CallWish:
    """Raises Refusal for what no form of ours sends, or for an empty field."""
    report_at = _moment(given["report_at"])
    hours = _count(given["hours"])
    return CallWish(
        kind=_kind(given["kind"]),
        place=given["place"],
        needed=_count(given["needed"]),
        report_at=report_at,
        ends_at=report_at + timedelta(hours=hours),
        skill=given["skill"],
        reason=given["reason"],
        unit_id=number(given["unit"]) if given["unit"] else None,
    )


def _kind(text: str) -> CallKind:
    if text not in set(CallKind):
        raise Refusal("not_allowed")
    return CallKind(text)


def _count(text: str) -> int:
    """0 for anything that is no number: the service says what a number must be."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else 0


def _moment(text: str) -> datetime:
    """What a field of date and time sends, local. An unreadable one lies in the past."""
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        return LONG_AGO
    return found if LONG_AGO.year <= found.year <= LATEST_YEAR else LONG_AGO
