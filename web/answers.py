"""The page behind a card's link: looking changes nothing, pressing the button is the tap.

Chats and scanners open links on their own, so GET never acts. There is no cookie: the sealed link
is all there is to know, and it gives no more right than a tap.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from multidict import MultiDict

from bot.events import CardTapped, CardUpdate, Event, Reply
from bot.intake import NotStored
from models.cards import Button, Card, Text
from models.clock import Clock
from services.hospital import Hospital
from web.door import FIELDS, PAGES
from web.posted import posted
from web.visit import html
from web.words import templates

APP = "main"
_ONCE = re.compile(r"[0-9A-Za-z_\-]{16,64}")
_CHOICE = "choice:"  # in front of a select's key, as the form names its fields


class Linked(Protocol):
    """What an opened link stands for."""

    @property
    def platform(self) -> str: ...
    @property
    def task_id(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def user(self) -> str: ...


@dataclass(frozen=True)
class AnswerPages:
    """All the page works with.

    `open_link` opens a token or says None; `card` gives what the card says now, by task id and
    user id; `take` is the pipeline; `words` are message_templates/zh_CN/answers.toml.
    """

    open_link: Callable[[str], Linked | None]
    card: Callable[[str, str], Awaitable[Card | None]]
    take: Callable[[Event], Awaitable[Reply | None]]
    words: Mapping[str, str]
    hospital: Hospital
    clock: Clock


def routes(pages: AnswerPages) -> list[web.AbstractRouteDef]:
    """`/a/{token}`; the pages need the console's static files beside them."""
    page = _Page(pages)
    return [web.get("/a/{token}", page.show), web.post("/a/{token}", page.act)]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A link that still leads somewhere."""

    link: Linked
    card: Card
    button: Button | None  # None when the card is closed


class _Page:
    def __init__(self, pages: AnswerPages) -> None:
        self._pages = pages
        self._templates = templates(PAGES, {})

    async def show(self, request: web.Request) -> web.Response:
        asked = await self._asked(request)
        if asked is None:
            return self._render("answer_spent.html", 410)
        if asked.button is None:
            return self._closed(asked.card)
        return self._render(
            "answer.html",
            link=request.path,
            card=asked.card,
            button=asked.button,
            once=secrets.token_urlsafe(18),
        )

    async def act(self, request: web.Request) -> web.Response:
        asked = await self._asked(request)
        if asked is None:
            return self._render("answer_spent.html", 410)
        if asked.button is None:
            return self._closed(asked.card)
        form = await _form(request)
        if form is None:
            return self._render("answer_spent.html", 400)
        try:
            reply = await self._pages.take(self._tap(request, asked, form))
        except NotStored:
            return self._told(self._pages.words["not_stored"], status=503)
        return self._answered(asked, reply)

    async def _asked(self, request: web.Request) -> _Asked | None:
        link = self._pages.open_link(request.match_info["token"])
        card = await self._pages.card(link.task_id, link.user) if link else None
        if link is None or card is None:
            return None
        if card.closed:
            return _Asked(link, card, None)
        button = next((each for each in card.buttons if each.verb == link.verb), None)
        return _Asked(link, card, button) if button else None

    def _tap(self, request: web.Request, asked: _Asked, form: MultiDict[str]) -> CardTapped:
        """The same form sent twice is the same event, which changes nothing the second time."""
        once = str(form.get("once", ""))
        seed = f"{request.match_info['token']}:{once if _ONCE.fullmatch(once) else ''}"
        return CardTapped(
            platform=asked.link.platform,
            app=APP,
            event_id=f"{asked.link.platform}:link:{hashlib.sha256(seed.encode()).hexdigest()[:40]}",
            user=asked.link.user,
            at=self._pages.clock.now(),
            verb=asked.link.verb,
            task_id=asked.link.task_id,
            selected=_selected(asked.card, form),
        )

    def _answered(self, asked: _Asked, reply: Reply | None) -> web.Response:
        match reply:
            case CardUpdate(card):
                return self._told(card.closed or card.title, asked.card.title)
            case Text(content):
                return self._told(content, asked.card.title)
            case None:
                return self._told(self._pages.words["later"], asked.card.title)

    def _closed(self, card: Card) -> web.Response:
        return self._told(card.closed, card.title)

    def _told(self, text: str, about: str = "", status: int = 200) -> web.Response:
        return self._render("answer_told.html", status, text=text, about=about)

    def _render(self, template: str, status: int = 200, /, **facts: object) -> web.Response:
        body = self._templates.get_template(template).render(
            hospital=self._pages.hospital, words=self._pages.words, **facts
        )
        return html(body, status)


async def _form(request: web.Request) -> MultiDict[str] | None:
    """The plain form of our page; None for anything else."""
    if request.content_type != "application/x-www-form-urlencoded":
        return None
    try:
        form = await posted(request)
    except ValueError:  # not text at all
        return None
    return form if len(form) <= FIELDS else None


def _selected(card: Card, form: MultiDict[str]) -> dict[str, tuple[str, ...]]:
    """Only options that the card has, and one where only one may be chosen."""
    chosen: dict[str, tuple[str, ...]] = {}
    for select in card.selects:
        known = [option.id for option in select.options]
        ids = [str(each) for each in form.getall(_CHOICE + select.key, [])]
        valid = tuple(dict.fromkeys(each for each in ids if each in known))
        if valid:
            chosen[select.key] = valid if select.many else valid[:1]
    return chosen
