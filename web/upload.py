"""The page where a file is uploaded: plain form, no script, no cookie, nothing to see but itself.

Chats and scanners open links on their own, so GET changes nothing. The link is looked at before a
byte of the file is read. The same file sent twice is one file, and is answered as such.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from message_templates.catalogue import Catalogue
from services.file_kinds import MOST_BYTES
from services.hospital import Hospital
from services.refusals import Refusal
from services.renewal_uploads import RenewalUploads
from services.renewals import Heard, Step
from services.upload_links import Signed, UploadDoor
from web.door import PAGES
from web.sent_file import read_form
from web.turns import Turns
from web.visit import html, masked
from web.words import templates

log = structlog.get_logger()

AT_ONCE = 4  # being looked at; each may hold some copies of ten megabytes
# Being read: a slow line keeps its ten megabytes for two minutes at most.
READ_EACH, READ_AT_ONCE = 2, 24
MOST = MOST_BYTES >> 20
_IN_CHAT = frozenset({Step.WHICH, Step.DATE})  # a card in the chat asks on


@dataclass(frozen=True)
class UploadPages:
    """`forms` signs the token of an open page; `catalogue` words what the services say."""

    uploads: RenewalUploads
    forms: Signed
    catalogue: Catalogue
    hospital: Hospital


def routes(pages: UploadPages) -> list[web.AbstractRouteDef]:
    """`/u/{key}`; the page needs the console's static files beside it."""
    page = _Page(pages)
    return [web.get("/u/{key}", page.show), web.post("/u/{key}", page.take)]


class _Page:
    def __init__(self, pages: UploadPages) -> None:
        self._pages = pages
        self._words: Mapping[str, Any] = pages.catalogue.words("renewals/upload")
        self._templates = templates(PAGES, {})
        self._reading = Turns(READ_EACH, READ_AT_ONCE)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def show(self, request: web.Request) -> web.Response:
        door = await self._door(request)
        return self._gone() if door is None else await self._form(request, door)

    async def take(self, request: web.Request) -> web.Response:
        door = await self._door(request)
        if door is None:
            return self._gone()
        form: dict[str, str] = {}
        try:
            async with self._reading.of(door.by.person_id):
                heard = await self._taken(request, door, form)
        except Refusal as refusal:
            log.info("upload_refused", refusal=refusal.key)
            problem = self._refused(refusal)
            return await self._form(request, door, problem, _status(refusal), form)
        return self._told(self._words["done"], self._said(heard), link=request.path)

    async def _taken(self, request: web.Request, door: UploadDoor, form: dict[str, str]) -> Heard:
        """`form` is filled with what was written, so that it need not be written twice."""

        def genuine(token: str) -> bool:
            return self._pages.forms.open(token) == door.ref

        fields, file = await read_form(request, genuine)
        form |= fields
        kind, until = fields.get("kind", ""), fields.get("until", "")
        async with self._turns:  # only now that all of it is here
            return await self._pages.uploads.take(door, file.data, file.name, kind, until)

    async def _door(self, request: web.Request) -> UploadDoor | None:
        return await self._pages.uploads.links.open(request.match_info["key"])

    async def _form(
        self,
        request: web.Request,
        door: UploadDoor,
        problem: str = "",
        status: int = 200,
        written: Mapping[str, str] | None = None,
    ) -> web.Response:
        told = written or {}
        return self._render(
            "upload.html",
            status,
            link=request.path,
            form=self._pages.forms.token(door.ref),
            person=masked(door.by.name),
            options=await self._pages.uploads.options(door.by),
            kind=told.get("kind", ""),
            until=told.get("until", "")[:40],
            most=MOST,
            problem=problem,
        )

    def _said(self, heard: Heard) -> str:
        """What the chat would answer, or that it goes on asking there."""
        if heard.problem is not None:
            phrase = self._pages.catalogue.phrase
            return phrase("refusals", heard.problem.key, **heard.problem.params)
        if heard.step in _IN_CHAT:
            return str(self._words[heard.step])
        return self._pages.catalogue.phrase("renewals/words", heard.step, **heard.facts)

    def _refused(self, refusal: Refusal) -> str:
        own = {"form_stale": "stale", "file_too_large": "too_large"}.get(refusal.key)
        if own is not None:
            return str(self._words[own]).format(most=MOST)
        return self._pages.catalogue.phrase("refusals", refusal.key, **refusal.params)

    def _gone(self) -> web.Response:
        return self._told(self._words["gone"], self._words["gone_body"], status=410)

    def _told(self, heading: str, text: str, *, status: int = 200, link: str = "") -> web.Response:
        return self._render("upload_told.html", status, heading=heading, text=text, link=link)

    def _render(self, template: str, status: int, /, **facts: object) -> web.Response:
        body = self._templates.get_template(template).render(
            hospital=self._pages.hospital, words=self._words, **facts
        )
        answer = html(body, status)
        answer.headers["X-Robots-Tag"] = "noindex, nofollow"
        return answer


def _status(refusal: Refusal) -> int:
    return {"form_stale": 403, "file_too_large": 413, "upload_often": 429}.get(refusal.key, 422)
