"""The candidate's page over real services, and a browser without pictures on it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from aiohttp import ClientResponse, ClientSession, web

from bot import http
from bot.candidate_pages import candidate_pages
from bot.rules import Rules
from bot.wiring import build
from models.clock import Clock
from services.entry_links import EntryLinks
from services.erasure import Erasure
from services.hospital import Hospital
from services.interview_answers import InterviewAnswers
from tests.support.console import Seen
from web.candidate import routes
from web.candidate_ports import CandidatePages
from web.console import STATIC
from web.proxies import Networks

_FORM = re.compile(r'name="form" value="([^"]+)"')
LADDER = ("wecom_kf", "mail", "sms", "phone_task")


@dataclass
class Office:
    """The services behind the page. Nothing is sent: no worker runs."""

    links: EntryLinks
    answers: InterviewAnswers
    erasure: Erasure
    pages: CandidatePages


@dataclass
class Browser:
    """Opens pages, remembers the form's token, presses buttons; follows redirects."""

    session: ClientSession
    base: str
    form: str = ""

    async def opens(self, path: str, *, headers: Mapping[str, str] | None = None) -> Seen:
        async with self.session.get(self.base + path, headers=headers) as reply:
            return await self._seen(reply)

    async def presses(self, path: str, act: str, **fields: str) -> Seen:
        form = {"form": self.form, "act": act} | fields
        async with self.session.post(self.base + path, data=form) as reply:
            return await self._seen(reply)

    async def _seen(self, reply: ClientResponse) -> Seen:
        seen = Seen(reply.status, await reply.text(), reply.headers, str(reply.url.relative()))
        found = _FORM.search(seen.text)
        self.form = found[1] if found else self.form
        return seen


def office(rules: Rules, clock: Clock) -> Office:
    """All use cases over the open database, as the bot wires them; links have no host."""
    rules = replace(
        rules,
        hospital=Hospital("示例医院", ""),
        policies=replace(rules.policies, candidate_ladder=LADDER),
    )
    recruiting = build(rules, clock).recruiting
    pages = candidate_pages(recruiting, rules, clock)
    return Office(recruiting.links, recruiting.answers, recruiting.erasure, pages)


@asynccontextmanager
async def served(
    pages: CandidatePages, clock: Clock, proxies: Networks = ()
) -> AsyncIterator[Browser]:
    app = http.make_app(http.resting_channels(clock), proxies)
    app.add_routes([*routes(pages), web.static("/console/static", STATIC)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession() as session:
        yield Browser(session, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()
