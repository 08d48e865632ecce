"""The answer page beside a running hospital, and somebody's phone browser on it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession, FormData, web

from bot import http
from bot.app import read_rules
from bot.platforms.dingtalk.links import AnswerLinks
from scheduler.rendering import Renderer
from scheduler.shown_cards import ShownCards
from tests.support.console import Seen
from tests.support.hospital import Hospital
from web.answers import AnswerPages, routes
from web.console import STATIC

_ONCE = re.compile(r'name="once" value="([^"]+)"')


@dataclass
class Visitor:
    """Opens links of the people of a WeCom hospital: the page knows no platform."""

    hospital: Hospital
    session: ClientSession
    base: str
    links: AnswerLinks
    once: str = ""

    async def link(self, userid: str, verb: str, purpose: str) -> str:
        """The path of this button's link on the newest card of that purpose."""
        rows = await self.hospital.rows(
            "SELECT s.task_id FROM sends s JOIN deliveries d ON d.send_id = s.id "
            "JOIN messages m ON m.id = d.message_id "
            "WHERE d.address = $1 AND m.purpose = $2 ORDER BY s.id DESC LIMIT 1",
            userid,
            purpose,
        )
        return self.links.url(rows[0]["task_id"], verb, userid)

    async def opens(self, path: str) -> Seen:
        async with self.session.get(self.base + path) as reply:
            seen = Seen(reply.status, await reply.text(), reply.headers, reply.url.path)
        found = _ONCE.search(seen.text)
        self.once = found[1] if found else self.once
        return seen

    async def presses(self, path: str, **choices: str) -> Seen:
        form = {"once": self.once} | {f"choice:{key}": each for key, each in choices.items()}
        async with self.session.post(self.base + path, data=form) as reply:
            return Seen(reply.status, await reply.text(), reply.headers, reply.url.path)

    async def uploads(self, path: str) -> int:
        body = FormData()
        body.add_field("file", b"x", filename="x")
        async with self.session.post(self.base + path, data=body) as reply:
            return reply.status


@asynccontextmanager
async def visitor(hospital: Hospital) -> AsyncIterator[Visitor]:
    rules, clock = read_rules(hospital.bot.settings), hospital.bot.clock
    services = hospital.bot.services
    links = AnswerLinks("", clock, platform="wecom")
    renderer = Renderer(services.ledger.purposes, rules.catalogue)
    pages = AnswerPages(
        links.open,
        ShownCards(renderer).card,
        services.pipeline.take,
        rules.catalogue.words("answers"),
        rules.hospital,
        clock,
    )
    app = http.make_app(http.resting_channels(clock))
    app.add_routes([*routes(pages), web.static("/console/static", STATIC)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with ClientSession() as session:
        yield Visitor(hospital, session, base, links)
    await runner.cleanup()
