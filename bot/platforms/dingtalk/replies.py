"""What a person sees at once: words through the message's own webhook, or their card redrawn.

Robot messages are answered at `sessionWebhook` (S0718), which lives 90 minutes by its own field
and belongs to the old API's host. What cannot be said there goes the long way (`fallback`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

import orjson
import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from bot.events import CardUpdate, Event, Reply
from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.cards import card_params
from bot.platforms.dingtalk.decode import PLATFORM, Said, Webhook
from bot.platforms.dingtalk.fitting import fit_said
from bot.platforms.dingtalk.meanwhile import within
from bot.platforms.dingtalk.reading import Json, parse, text_of
from bot.platforms.exchange import whole
from bot.platforms.fitting import clean
from bot.platforms.metrics import CALLS
from bot.platforms.refusal import Refused
from bot.tasks import Nursery
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import Clock

log = structlog.get_logger()

API = "sendBySession"
TIMEOUT = ClientTimeout(total=5, connect=3)
_LARGEST_ANSWER = 64 << 10
_REMEMBERED = 10_000

Fallback = Callable[[Event, Reply], Awaitable[bool]]
"""Brings a reply to the one who acted by other means; False when nobody is known by that name."""


class Answers(Protocol):
    """How replies get to the person; `deadline` is the loop's time until which one may wait."""

    async def give(self, said: Said, reply: Reply, deadline: float) -> None: ...

    async def late(self, event: Event, reply: Reply) -> None: ...


class Replies:
    """Answers robot messages, each once in this process however often it is delivered.

    `old_api` is the base address whose host alone may be posted to. `answers_in_groups` tells
    which answers a whole group chat may read (`Router.answers_in_groups`); of the others the
    group sees a fixed phrase, and the person gets them through `fallback`.
    """

    def __init__(
        self,
        session: ClientSession,
        *,
        old_api: str,
        fallback: Fallback,
        answers_in_groups: Callable[[Event], bool],
        catalogue: Catalogue,
        clock: Clock,
        nursery: Nursery,
    ) -> None:
        self._session = session
        self._base = URL(old_api)
        self._fallback = fallback
        self._answers_in_groups = answers_in_groups
        self._catalogue = catalogue
        self._clock = clock
        self._nursery = nursery
        self._given: OrderedDict[str, None] = OrderedDict()

    async def give(self, said: Said, reply: Reply, deadline: float) -> None:
        """Returns when the reply is posted, or at `deadline` while that goes on. Never raises."""
        if self._first_time(said.event.event_id):
            work = self._give(said, reply)
            await within(self._nursery, deadline, work, "dingtalk.reply")

    async def late(self, event: Event, reply: Reply) -> None:
        """The moment to show it is gone: by other means. Never raises."""
        try:
            await self._fallback(event, reply)
        except Exception as error:
            log.warning("reply_lost", platform=PLATFORM, exc_info=error)

    async def _give(self, said: Said, reply: Reply) -> None:
        try:
            if said.in_group and not self._answers_in_groups(said.event):
                await self._privately(said, reply)
            elif not isinstance(reply, Text) or not await self._post(said.webhook, reply.content):
                await self._fallback(said.event, reply)
        except Exception as error:
            self._given.pop(said.event.event_id, None)  # a repeat may still bring it
            log.warning("reply_lost", platform=PLATFORM, exc_info=error)

    async def _privately(self, said: Said, reply: Reply) -> None:
        known = await self._fallback(said.event, reply)
        key = "answered_privately" if known else "ask_privately"
        await self._post(said.webhook, self._catalogue.phrase("dingtalk/groups", key))

    def _first_time(self, event_id: str) -> bool:
        """Both deliveries of one message find the same reply; the person should see it once."""
        if event_id in self._given:
            return False
        self._given[event_id] = None
        if len(self._given) > _REMEMBERED:
            self._given.popitem(last=False)
        return True

    async def _post(self, webhook: Webhook | None, text: str) -> bool:
        """Whether the platform's own code says that it was taken."""
        if webhook is None or not self._usable(webhook):
            result = "unusable"
        else:
            result = await self._posted(webhook.url, text)
        CALLS.labels(PLATFORM, API, result).inc()
        return result == "ok"

    def _usable(self, webhook: Webhook) -> bool:
        """It comes from outside, so it must lead to the platform and nowhere else."""
        try:
            url = URL(webhook.url)
        except ValueError:
            return False
        here = (url.scheme, url.host, url.port, url.user)
        ours = (self._base.scheme, self._base.host, self._base.port, None)
        return here == ours and webhook.expires > self._clock.now()

    async def _posted(self, url: str, text: str) -> str:
        words = fit_said(clean(text), limits.TEXT_BYTES)
        body = orjson.dumps({"msgtype": "text", "text": {"content": words}})
        try:
            async with self._session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json"},
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as answer:
                status, said = answer.status, await whole(answer.content, _LARGEST_ANSWER)
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            return type(error).__name__
        if status != 200:
            return f"http_{status}"
        try:
            code = text_of(parse(said), "errcode")
        except Refused:
            return "unreadable"
        return "ok" if code == "0" else f"errcode_{code[:8]}"


def card_answer(reply: Reply | None) -> Json:
    """What a tap's acknowledgement carries (C1-0007); {} when there is nothing to show.

    A card is one person's (its outTrackId ends with their id), so it is redrawn as a whole, and
    later updates are not hidden behind private values; only the note to the tapper is private.
    """
    match reply:
        case None:
            return {}
        case Text(words):
            return {
                "cardUpdateOptions": _BY_KEY,
                "userPrivateData": {"cardParamMap": {"notice": fit_said(clean(words))}},
            }
        case CardUpdate(card):
            drawn = card_params(card)
            notice = {"notice": drawn.pop("notice", "")}
            return {
                "cardUpdateOptions": _BY_KEY,
                "cardData": {"cardParamMap": drawn},
                "userPrivateData": {"cardParamMap": notice},
            }


_BY_KEY = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
