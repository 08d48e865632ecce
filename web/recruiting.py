"""Posts and their candidates for the HR office; the four sheets that fill them."""

from __future__ import annotations

from datetime import date, datetime, time

from aiohttp import web

from models.clock import SHANGHAI
from services.console import recruiting
from services.import_drafts import Kind
from services.recruiting_access import may_recruit, require_recruiting
from services.refusals import Refusal
from web.visit import Visit, number

SHOWN = 300


async def listed(visit: Visit) -> web.Response:
    hr = await may_recruit(visit.actor)
    rows = await recruiting.postings(visit.actor, visit.now)
    return visit.page("recruiting.html", postings=rows, hr=hr)


async def posting(visit: Visit) -> web.Response:
    desk = visit.console.recruiting
    page = await recruiting.posting(visit.actor, visit.id_in_path(), visit.now, desk.pool)
    say = visit.console.catalogue.phrase
    why = {
        who.candidate_id: say("pool/words", who.why.likeness, words=who.why.words)
        for who in page.pool
    }
    public = await desk.public.states.state(page.posting["id"]) if page.full else None
    return visit.page("posting.html", page=page, posting=page.posting, why=why, public=public)


async def add_slot(visit: Visit) -> web.StreamResponse:
    """One time more, as a row of the sheet of slots would add it."""
    posting, form, slots = visit.id_in_path(), visit.form, visit.console.recruiting.slots
    await require_recruiting(visit.actor, posting)
    day = form.get("day", "")
    await slots.add(
        visit.actor,
        posting,
        _moment(day, form.get("start", "")),
        _moment(day, form.get("end", "")),
        form.get("place", ""),
        capacity=_count(form.get("seats", "").strip()),
        group=form.get("group", ""),
        interviewers=await slots.interviewers(form.get("interviewers", "")[:300]),
    )
    raise web.HTTPSeeOther(f"/console/recruiting/{posting}")


async def cancel_slot(visit: Visit) -> web.StreamResponse:
    """Everybody under it is told and offered other times."""
    posting = number(visit.form.get("posting", ""))
    await visit.console.recruiting.slots.cancel(visit.actor, visit.id_in_path())
    raise web.HTTPSeeOther(f"/console/recruiting/{posting}")


async def invite_again(visit: Visit) -> web.StreamResponse:
    """Somebody of the talent pool gets an application for this post: HR ticks points next."""
    posting, candidate = visit.id_in_path(), number(visit.form.get("candidate", ""))
    desk = visit.console.recruiting
    application = await desk.pool.invite_again(visit.actor, candidate, posting)
    raise web.HTTPSeeOther(f"/console/candidates/{candidate}?application={application}")


async def set_notice(visit: Visit) -> web.StreamResponse:
    """By when this post's results are made public; an empty field: the usual clock."""
    posting = visit.id_in_path()
    within, term = visit.form.get("within", "").strip(), visit.form.get("term", "").strip()
    await visit.console.recruiting.public.set(
        visit.actor,
        posting,
        _count(within) if within else None,
        _count(term),
        visit.form.get("url", ""),
        bool(visit.form.get("names")),
    )
    raise web.HTTPSeeOther(f"/console/recruiting/{posting}")


async def notice_text(visit: Visit) -> web.StreamResponse:
    posting = visit.id_in_path()
    await visit.console.recruiting.public.draw_up(visit.actor, posting)
    raise web.HTTPSeeOther(f"/console/recruiting/{posting}")


async def notice_public(visit: Visit) -> web.StreamResponse:
    """The text stands on the web site; everybody on it hears their own result now."""
    posting = visit.id_in_path()
    url = visit.form.get("url", "")
    await visit.console.recruiting.public.publish(visit.actor, posting, url)
    raise web.HTTPSeeOther(f"/console/recruiting/{posting}")


async def upload_form(visit: Visit) -> web.Response:
    await require_recruiting(visit.actor)
    kind = _kind(visit.query("kind") or Kind.CANDIDATES)
    done = [visit.query(name) for name in ("new", "changed")]
    counts = [int(text) for text in done if text.isascii() and text.isdigit() and len(text) < 7]
    return visit.page(
        "recruiting_import.html",
        kinds=list(Kind),
        kind=kind,
        done=counts if len(counts) == 2 else None,
    )


async def take_file(visit: Visit) -> web.StreamResponse:
    assert visit.file is not None
    kind = _kind(visit.form.get("kind", ""))
    uploads = visit.console.recruiting.uploads
    upload_id = await uploads.keep(visit.actor, kind, visit.file.data, visit.file.name)
    raise web.HTTPSeeOther(f"/console/recruiting/import/{upload_id}")


async def preview(visit: Visit) -> web.Response:
    upload_id = visit.id_in_path()
    name, draft = await visit.console.recruiting.uploads.preview(visit.actor, upload_id)
    return visit.page(
        "sheet_preview.html",
        base="/console/recruiting/import",
        upload=upload_id,
        file=name,
        draft=draft,
        shown=draft.lines[:SHOWN],
    )


async def apply(visit: Visit) -> web.StreamResponse:
    digest = visit.form.get("digest", "")
    uploads = visit.console.recruiting.uploads
    kind, done = await uploads.apply(visit.actor, visit.id_in_path(), digest)
    counts = {change.value: count for change, count in done.items()}
    new, changed = counts.get("new", 0), counts.get("changed", 0)
    raise web.HTTPSeeOther(f"/console/recruiting/import?kind={kind}&new={new}&changed={changed}")


def _count(text: str) -> int:
    """Days or seats; 0, which every service refuses, for what is no small number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _moment(day: str, clock: str) -> datetime:
    """Local time of a form. Raises Refusal("slot_times")."""
    try:
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), SHANGHAI)
    except ValueError:
        raise Refusal("slot_times") from None


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        raise Refusal("not_allowed") from None
