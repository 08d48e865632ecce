"""A form with one file, read part by part and never beyond the limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import PurePosixPath

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from models.visible import visible
from services.refusals import Refusal
from services.sheets.limits import MAX_BYTES
from web.visit import SentFile

FIELD = 4096  # bytes of a plain field
PARTS = 8
PATIENCE = 120.0  # seconds for the whole upload
SILENCE = 20.0  # seconds in which nothing comes: the line is dead, or somebody keeps our memory
LONGEST_NAME = 120


async def read_form(
    request: web.Request, genuine: Callable[[str], bool]
) -> tuple[dict[str, str], SentFile]:
    """The plain fields and the file. The first field must be a token that `genuine` accepts.

    Raises Refusal: form_stale, file_missing, file_too_large.
    """
    if request.content_type != "multipart/form-data":
        raise Refusal("form_stale")
    try:
        async with asyncio.timeout(PATIENCE):
            form, file = await _parts(request, genuine)
    except (ValueError, TimeoutError, HttpProcessingError) as error:  # malformed, or too slow
        raise Refusal("file_missing") from error
    if file is None or not file.data:
        raise Refusal("file_missing")
    return form, file


async def _parts(
    request: web.Request, genuine: Callable[[str], bool]
) -> tuple[dict[str, str], SentFile | None]:
    form: dict[str, str] = {}
    file: SentFile | None = None
    reader = await request.multipart()
    for _ in range(PARTS):
        part = await reader.next()
        if part is None:
            break
        if not isinstance(part, BodyPartReader) or not part.name:
            raise Refusal("form_stale")
        if not form and (part.name != "token" or part.filename is not None):
            raise Refusal("form_stale")
        if part.filename is not None:
            file = SentFile(plain_name(part.filename), await _read(part, MAX_BYTES))
            continue
        form[part.name] = visible((await _read(part, FIELD)).decode("utf-8", "replace"))
        if not genuine(form["token"]):
            raise Refusal("form_stale")
    return form, file


async def _read(part: BodyPartReader, limit: int) -> bytes:
    body = bytearray()
    while chunk := await _chunk(part):
        body += chunk
        if len(body) > limit:
            raise Refusal("file_too_large", limit=MAX_BYTES // 1024 // 1024)
    return bytes(body)


async def _chunk(part: BodyPartReader) -> bytes:
    async with asyncio.timeout(SILENCE):
        return await part.read_chunk(64 * 1024)


def plain_name(text: str) -> str:
    """The last part of a file's name, without anything that could not be printed."""
    name = PurePosixPath(text.replace("\\", "/")).name
    clean = "".join(letter for letter in name if letter.isprintable())
    stem, dot, ending = clean.rpartition(".")
    if len(clean) <= LONGEST_NAME or not dot:
        return clean[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - 10]}.{ending[:9]}"
