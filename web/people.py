"""The staff list: upload, look, apply."""

from __future__ import annotations

from aiohttp import web

from services.permissions import Act, require
from web.visit import Visit, number

SHOWN = 300


async def upload_form(visit: Visit) -> web.Response:
    require(visit.actor, Act.IMPORT_PEOPLE)
    done = visit.query("done")
    return visit.page("people.html", done=number(done) if done else None)


async def take_file(visit: Visit) -> web.StreamResponse:
    assert visit.file is not None
    uploads = visit.console.uploads
    upload_id = await uploads.keep(visit.actor, visit.file.data, visit.file.name)
    raise web.HTTPSeeOther(f"/console/people/{upload_id}")


async def preview(visit: Visit) -> web.Response:
    upload_id = visit.id_in_path()
    name, draft = await visit.console.uploads.preview(visit.actor, upload_id)
    return visit.page(
        "people_preview.html", upload=upload_id, file=name, draft=draft, shown=draft.rows[:SHOWN]
    )


async def apply(visit: Visit) -> web.StreamResponse:
    digest = visit.form.get("digest", "")
    count = await visit.console.uploads.apply(visit.actor, visit.id_in_path(), digest)
    raise web.HTTPSeeOther(f"/console/people?done={count}")
