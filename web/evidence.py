"""A photo or paper that proves a licence: whose, when, and the file, for those who check."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from models import db
from services.file_kinds import PDF
from web.visit import Visit


async def show(visit: Visit) -> web.Response:
    facts = await visit.console.evidence.about(visit.actor, visit.id_in_path())
    return visit.page("evidence.html", file=facts, is_picture=facts.media_type != PDF)


async def download(visit: Visit) -> web.Response:
    """The file, and a row in the audit log. A PDF is saved, never shown within our pages."""
    async with db.transaction():
        file = await visit.console.evidence.open(visit.actor, visit.id_in_path())
    way = "attachment" if file.media_type == PDF else "inline"
    name = quote(file.filename)
    return web.Response(
        body=file.data,
        content_type=file.media_type,
        headers={"Content-Disposition": f"{way}; filename*=UTF-8''{name}"},
    )
