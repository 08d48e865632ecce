"""The page behind a candidate's link: everything the chat can do, without chat and without script.

Looking changes nothing, since mail scanners and chats open links on their own. There is no cookie:
the link is all there is to know. Every form carries a token of its own, and every act is decided
by the state of things, so that pressing twice, or an old tab, changes nothing and shows how
things stand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

import structlog
from aiohttp import web

from services.entry_links import CODE_LENGTH, Opened
from services.own_records import office_phone
from services.refusals import Refusal
from web.candidate_acts import ACTS, Act, Answer
from web.candidate_ports import CandidatePages
from web.candidate_view import Shown, shown
from web.door import FIELDS, PAGES
from web.knocks import Knocks
from web.posted import posted
from web.visit import html
from web.words import templates

log = structlog.get_logger()

MISSES, MISSES_IN = 10, timedelta(minutes=10)
QUESTIONS, QUESTIONS_IN = 6, timedelta(hours=1)
_SAID = frozenset(
    {"asked", "none_free"}
)  # what may be told after a redirect; state tells the rest
_FIELD_CHARS = 4000

Find = Callable[[str], Awaitable[Opened | None]]


@dataclass(frozen=True, slots=True)
class Way:
    """How a kind of link opens, and what an expired one was; `guessed`: misses are counted."""

    open: Find
    expired: Find
    guessed: bool = False


def routes(pages: CandidatePages) -> list[web.AbstractRouteDef]:
    """`/c/{token}` and `/i/{code}`; the pages need the console's static files beside them."""
    page, links = _Page(pages), pages.links
    signed = Way(links.open, links.expired)
    typed = Way(links.open_code, links.expired_code, guessed=True)
    return [
        web.get("/c/{key}", page.shows(signed)),
        web.post("/c/{key}", page.acts(signed)),
        web.get("/i", page.asks_code),
        web.get("/i/{key}", page.shows(typed)),
        web.post("/i/{key}", page.acts(typed)),
    ]


class _Page:
    def __init__(self, pages: CandidatePages) -> None:
        self._pages = pages
        self._templates = templates(PAGES, {})
        self._knocks = Knocks(pages.clock, MISSES, MISSES_IN)
        self._questions = Knocks(pages.clock, QUESTIONS, QUESTIONS_IN)

    def shows(self, way: Way) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            if self._too_many(way, request):
                return await self._gone("often", 429)
            opened = await way.open(request.match_info["key"])
            if opened is None:
                return await self._closed(way, request)
            said = request.query.get("said", "")
            return await self._show(request, opened, said if said in _SAID else "")

        return handler

    def acts(self, way: Way) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            if self._too_many(way, request):
                return await self._gone("often", 429)
            opened = await way.open(request.match_info["key"])
            if opened is None:
                return await self._renew(way, request)
            form = await _form(request)
            if self._pages.forms.open(form.get("form", "")) != opened.ref:
                return await self._show(request, opened, "form_stale", 403)
            return await self._act(request, opened, form)

        return handler

    async def asks_code(self, request: web.Request) -> web.Response:
        """`GET /i`: for providers that carry no variable in an address; the code is typed."""
        code = request.query.get("code", "").strip().lower()
        if code.isascii() and code.isalnum() and len(code) == CODE_LENGTH:
            return web.Response(status=303, headers={"Location": f"/i/{code}"})
        return self._render("candidate_code.html")

    async def _act(
        self, request: web.Request, opened: Opened, form: dict[str, str]
    ) -> web.Response:
        pages = self._pages
        act = ACTS.get(form.get("act", ""))
        if act is None or await pages.leaving.pending(opened.candidate_id):
            return _back(request)
        if form["act"] == "ask" and self._questions.too_many(opened.ref):
            return await self._show(request, opened, "ask_often", 429)
        try:
            answer = await self._done(act, opened, form)
        except Refusal as refusal:
            # Somebody was faster, or it was answered before: the page shows how things stand.
            log.info("candidate_page.refused", link=opened.link_id, refusal=refusal.key)
            return _back(request)
        if form["act"] == "ask" and answer.said == "asked":
            self._questions.miss(opened.ref)
        if answer.page:
            return self._render(answer.page, **self._facts(request, opened), **answer.facts)
        if answer.notice:
            return await self._show(request, opened, answer.notice, answer.status)
        return _back(request, answer.said)

    async def _done(self, act: Act, opened: Opened, form: dict[str, str]) -> Answer:
        await self._pages.links.touched(opened)
        return await act(self._pages, opened, form)

    async def _show(
        self, request: web.Request, opened: Opened, notice: str = "", status: int = 200
    ) -> web.Response:
        seen: Shown | None = await shown(self._pages, opened)
        if seen is None:
            return await self._gone("closed")
        facts = self._facts(request, opened)
        return self._render("candidate.html", status, seen=seen, notice=notice, **facts)

    async def _closed(self, way: Way, request: web.Request) -> web.Response:
        """An ended link of ours may be renewed; everything else looks the same."""
        ended = await way.expired(request.match_info["key"])
        if ended is None:
            self._missed(way, request)
            return await self._gone("closed")
        facts = self._facts(request, ended)
        phone = await office_phone(ended.candidate_id)
        return self._render("candidate_expired.html", 410, phone=phone, **facts)

    async def _renew(self, way: Way, request: web.Request) -> web.Response:
        ended = await way.expired(request.match_info["key"])
        if ended is None:
            self._missed(way, request)
            return await self._gone("closed")
        form = await _form(request)
        if form.get("act") != "new_link" or self._pages.forms.open(form["form"]) != ended.ref:
            return await self._closed(way, request)
        await self._pages.new_links.send(ended)
        return await self._gone("sent", 200)

    def _facts(self, request: web.Request, opened: Opened) -> dict[str, object]:
        return {"link": quote(request.path), "form": self._pages.forms.token(opened.ref)}

    async def _gone(self, why: str, status: int = 410) -> web.Response:
        phone = await office_phone()
        return self._render("candidate_gone.html", status, why=why, phone=phone)

    def _too_many(self, way: Way, request: web.Request) -> bool:
        return way.guessed and self._knocks.too_many(request.remote or "")

    def _missed(self, way: Way, request: web.Request) -> None:
        if way.guessed:
            self._knocks.miss(request.remote or "")

    def _render(self, template: str, status: int = 200, /, **facts: object) -> web.Response:
        body = self._templates.get_template(template).render(
            hospital=self._pages.hospital, words=self._pages.words, **facts
        )
        answer = html(body, status)
        answer.headers["X-Robots-Tag"] = "noindex, nofollow"
        return answer


def _back(request: web.Request, said: str = "") -> web.Response:
    """To the page itself, which shows how things stand; going back or reloading sends nothing."""
    query = f"?said={said}" if said else ""
    return web.Response(status=303, headers={"Location": f"{quote(request.path)}{query}"})


async def _form(request: web.Request) -> dict[str, str]:
    """The plain form of our page; empty for anything else."""
    if request.content_type != "application/x-www-form-urlencoded":
        return {"form": ""}
    try:
        form = await posted(request)
    except ValueError:  # not text at all
        return {"form": ""}
    if len(form) > FIELDS:
        return {"form": ""}
    return {"form": ""} | {key: value[:_FIELD_CHARS] for key, value in form.items()}
