"""Licences, staffing minimums, leave and wishes from sheets: upload, look, apply."""

from __future__ import annotations

from aiohttp import web

from services.import_drafts import StaffingKind
from services.refusals import Refusal
from services.staffing_uploads import require_staffing
from web.visit import Visit

SHOWN = 300
LICENCES, STAFFING = "/console/licences/import", "/console/staffing/import"
KINDS = {
    LICENCES: (StaffingKind.LICENCES,),
    STAFFING: (StaffingKind.MINIMUMS, StaffingKind.WISHES),
}


async def upload_form(visit: Visit) -> web.Response:
    base = _base(visit)
    kind = _kind(visit.query("kind") or KINDS[base][0], base)
    await require_staffing(visit.actor, kind)
    done = [visit.query(name) for name in ("new", "changed")]
    counts = [int(text) for text in done if text.isascii() and text.isdigit() and len(text) < 7]
    return visit.page(
        "staffing_import.html",
        base=base,
        kinds=KINDS[base],
        kind=kind,
        done=counts if len(counts) == 2 else None,
    )


async def take_file(visit: Visit) -> web.StreamResponse:
    assert visit.file is not None
    base = _base(visit)
    kind = _kind(visit.form.get("kind", ""), base)
    uploads = visit.console.staffing
    upload_id = await uploads.keep(visit.actor, kind, visit.file.data, visit.file.name)
    raise web.HTTPSeeOther(f"{base}/{upload_id}")


async def preview(visit: Visit) -> web.Response:
    upload_id, base = visit.id_in_path(), _base(visit)
    name, draft = await visit.console.staffing.preview(visit.actor, upload_id)
    return visit.page(
        "sheet_preview.html",
        base=base,
        upload=upload_id,
        file=name,
        draft=draft,
        shown=draft.lines[:SHOWN],
    )


async def apply(visit: Visit) -> web.StreamResponse:
    digest = visit.form.get("digest", "")
    uploads = visit.console.staffing
    kind, done = await uploads.apply(visit.actor, visit.id_in_path(), digest)
    counts = {change.value: count for change, count in done.items()}
    new, changed = counts.get("new", 0), counts.get("changed", 0)
    raise web.HTTPSeeOther(f"{_base(visit)}?kind={kind}&new={new}&changed={changed}")


def _base(visit: Visit) -> str:
    return LICENCES if visit.request.path.startswith(LICENCES) else STAFFING


def _kind(text: str, base: str) -> StaffingKind:
    try:
        kind = StaffingKind(text)
    except ValueError:
        raise Refusal("not_allowed") from None
    if kind not in KINDS[base]:
        raise Refusal("not_allowed")
    return kind
