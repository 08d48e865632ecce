"""The candidate's page over real services, and a browser without pictures on it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import ClientResponse, ClientSession, web

from bot import http
from bot.platforms.links import CandidateLinks
from bot.wiring import Rules
from models.clock import Clock
from services import own_records
from services.approvals import Approvals
from services.asks import Asks
from services.candidate_tasks import CandidateTasks
from services.candidate_words import CandidateWords
from services.entry_links import CHAT, PAGE, SIGNED_FOR, EntryLinks
from services.erasure import Erasure
from services.escalation import Escalation
from services.hospital import Hospital
from services.interview_answers import InterviewAnswers
from services.interview_facts import InterviewFacts
from services.interview_words import InterviewWords
from services.ledger import Ledger
from services.new_links import NewLinks
from services.outcome_choices import OutcomeChoices
from services.purposes import Purposes
from services.reach import Ladder
from tests.support.console import Seen
from web.candidate import routes
from web.candidate_ports import FORM, CandidatePages
from web.console import STATIC

_FORM = re.compile(r'name="form" value="([^"]+)"')
HOSPITAL = Hospital("示例医院", "")
FORM_LIFE = timedelta(hours=12)


@dataclass
class Office:
    """The services behind the page; `asked` is what the conversation was given to hear."""

    links: EntryLinks
    answers: InterviewAnswers
    choices: OutcomeChoices
    erasure: Erasure
    pages: CandidatePages
    asked: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Browser:
    """Opens pages, remembers the form's token, presses buttons; follows redirects."""

    session: ClientSession
    base: str
    form: str = ""

    async def opens(self, path: str) -> Seen:
        async with self.session.get(self.base + path) as reply:
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
    """Everything the page needs, over the open database."""
    policies = rules.policies
    ladder = Ladder(policies.ladder, ("wecom_kf", "mail", "sms", "phone_task"))
    ledger = Ledger(Purposes(), ladder, clock)
    asks, escalation = Asks(ledger, policies, clock), Escalation(ledger, policies, clock)
    approvals = Approvals(ledger, asks, escalation, policies, clock)
    address = rules.recruiting.address
    tasks = CandidateTasks(
        ledger,
        asks,
        escalation,
        rules.recruiting.working_time,
        clock,
        hospital=HOSPITAL,
        address_rules=address,
    )
    facts = InterviewFacts(HOSPITAL.name, address)
    InterviewWords(ledger, facts)
    words = CandidateWords(HOSPITAL, address)
    erasure = Erasure(ledger, approvals, tasks, words, clock)
    page, chat = (CandidateLinks(purpose, SIGNED_FOR, clock) for purpose in (PAGE, CHAT))
    links = EntryLinks(clock, page, chat, HOSPITAL)
    answers = InterviewAnswers(ledger, asks, tasks, facts, policies, clock)
    choices = OutcomeChoices(ledger, erasure, words, clock)
    asked: list[tuple[int, str]] = []

    async def ask(candidate_id: int, text: str) -> None:
        asked.append((candidate_id, text))

    async def opt_out(candidate_id: int) -> bool:
        return await own_records.opt_out(candidate_id, clock.now(), via="page")

    pages = CandidatePages(
        links=links,
        forms=CandidateLinks(FORM, FORM_LIFE, clock),
        answers=answers,
        choices=choices,
        leaving=erasure,
        ask=ask,
        opt_out=opt_out,
        new_links=NewLinks(ledger, clock),
        words=rules.catalogue.words("candidates/page"),
        hospital=HOSPITAL,
        clock=clock,
    )
    return Office(links, answers, choices, erasure, pages, asked)


@asynccontextmanager
async def served(pages: CandidatePages, clock: Clock) -> AsyncIterator[Browser]:
    app = http.make_app(http.resting_channels(clock))
    app.add_routes([*routes(pages), web.static("/console/static", STATIC)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession() as session:
        yield Browser(session, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()
