"""Puts the page behind candidates' links together."""

from __future__ import annotations

from datetime import timedelta

from bot.platforms.links import CandidateLinks
from bot.recruiting import Recruiting
from bot.rules import Rules
from models.clock import Clock
from services.guests import Guest
from web.candidate_ports import FORM, CandidatePages

FORM_LIFE = timedelta(hours=12)  # of an open page; then its buttons ask to be pressed again
VIA = "page"


def candidate_pages(recruiting: Recruiting, rules: Rules, clock: Clock) -> CandidatePages:
    """What is written on the page goes the way of words in the chat."""
    conversation = recruiting.conversation

    async def ask(candidate_id: int, text: str) -> None:
        await conversation.hear(Guest(candidate_id, "", ""), text, clock.now())

    async def opt_out(candidate_id: int) -> None:
        await conversation.opt_out(candidate_id, via=VIA)

    return CandidatePages(
        links=recruiting.links,
        forms=CandidateLinks(FORM, FORM_LIFE, clock),
        answers=recruiting.answers,
        choices=recruiting.choices,
        leaving=recruiting.erasure,
        ask=ask,
        opt_out=opt_out,
        new_links=recruiting.new_links,
        words=rules.catalogue.words("candidates/page"),
        hospital=rules.hospital,
        clock=clock,
    )
