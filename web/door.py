"""In front of every page: who is it, may they come in, and did they mean to send that form?"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from services.permissions import Act, may_anywhere
from services.refusals import Refusal
from services.sign_in import form_token
from web.posted import posted
from web.sent_file import read_form
from web.visit import Console, Visit, html
from web.words import templates

COOKIE = "wardbell"
PAGES = Path(__file__).parent / "templates"
FIELDS = 40  # form fields; ours have a handful
# To somebody who may not see a thing it does not exist.
HIDDEN = frozenset(
    {
        "not_allowed",
        "roster_unknown",
        "posting_unknown",
        "application_unknown",
        "interview_unknown",
        "checklist_unknown",
        "licence_unknown",
    }
)

Page = Callable[[Visit], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Read = Callable[[Visit], Awaitable[Visit]]


class Door:
    """Wraps pages into handlers that know the actor and have checked the form."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.pages = templates(PAGES, console.catalogue.words("console"))

    def shown(self, page: Page) -> Handler:
        """A page to look at: it changes nothing."""
        return self._guarded(page, None)

    def sent(self, page: Page) -> Handler:
        """A plain form, with its token."""
        return self._guarded(page, _plain_form)

    def uploaded(self, page: Page) -> Handler:
        """A form with a file, read by hand: it may be larger than the application's limit."""
        return self._guarded(page, _file_form)

    def open_page(self, template: str, status: int = 200, /, **facts: object) -> web.Response:
        """A page for those who are not signed in."""
        body = self.pages.get_template(template).render(hospital=self.console.hospital, **facts)
        return html(body, status)

    def _guarded(self, page: Page, read: Read | None) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request)
            if visit is None:
                return self.open_page("signed_out.html", 401)
            try:
                if not may_anywhere(visit.actor, Act.SEE_DELIVERIES):
                    raise Refusal("not_allowed")
                return await page(await read(visit) if read else visit)
            except Refusal as refusal:
                return _refused(visit, refusal)

        return handler

    async def _visit(self, request: web.Request) -> Visit | None:
        session = request.cookies.get(COOKIE, "")
        actor = await self.console.sign_in.actor_of(session) if session else None
        if actor is None:
            return None
        return Visit(self.console, self.pages, request, actor, form_token(session))


async def _plain_form(visit: Visit) -> Visit:
    try:
        form = dict(await posted(visit.request))
    except ValueError:  # not text at all
        raise Refusal("form_stale") from None
    if len(form) > FIELDS or not _genuine(visit, form.get("token", "")):
        raise Refusal("form_stale")
    return replace(visit, form=form)


async def _file_form(visit: Visit) -> Visit:
    """The token comes first, so that a file nobody meant to send is never read."""
    form, file = await read_form(visit.request, lambda token: _genuine(visit, token))
    return replace(visit, form=form, file=file)


def _genuine(visit: Visit, token: str) -> bool:
    return hmac.compare_digest(token.encode(), visit.token.encode())


def _refused(visit: Visit, refusal: Refusal) -> web.Response:
    if refusal.key in HIDDEN:
        return visit.page("not_found.html", status=404)
    status = {"form_stale": 403, "file_too_large": 413}.get(refusal.key, 409)
    back = visit.request.path.rpartition("/")[0] or "/console"
    return visit.page(
        "refused.html", status=status, text=visit.refused(refusal), back=_known(back)
    )


def _known(path: str) -> str:
    """Where 返回 leads: the list a form belongs to."""
    for start in (
        "/console/rosters",
        "/console/people",
        "/console/dead",
        "/console/audit",
        "/console/tasks",
        "/console/checklists",
        "/console/recruiting",
        "/console/licences/import",
        "/console/licences",
        "/console/staffing/import",
        "/console/callouts",
    ):
        if path.startswith(start):
            return start if start != "/console/rosters" else "/console/rosters/import"
    return "/console"
