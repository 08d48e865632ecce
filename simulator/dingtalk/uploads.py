"""Reads the body of a request: plain, or the file of a multipart form."""

from __future__ import annotations

from aiohttp import BodyPartReader, web

from simulator.asks import Upload


async def read(request: web.Request) -> tuple[bytes, Upload | None]:
    """The raw body, or the form's first file with an empty body."""
    if not request.content_type.startswith("multipart/"):
        return await request.read(), None
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.filename:
                return b"", Upload(part.filename, bytes(await part.read()), named=True)
    except ValueError:
        return b"", None
    return b"", None
