"""The plain fields of a form, as people meant them."""

from __future__ import annotations

from aiohttp import web
from multidict import MultiDict

from models.visible import visible


async def posted(request: web.Request) -> MultiDict[str]:
    """The fields that are text, without characters nobody sees: a database refuses NUL.

    Raises ValueError for what is no text in the encoding it claims.
    """
    try:
        form = await request.post()
    except LookupError as error:  # a charset nobody knows
        raise ValueError("unknown charset") from error
    return MultiDict(
        (key, visible(value)) for key, value in form.items() if isinstance(value, str)
    )
