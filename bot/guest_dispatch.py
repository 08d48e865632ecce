"""Events of people outside: who they are, whether the tapped card was theirs, who answers.

What a known candidate is told goes through the ledger. A handler returns words only to whoever
enters (the platform takes one answer with its welcome code) and to strangers, of whom nothing is
kept that a delivery could name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.events import CardTapped, ChatMoved, Event, LinkEntered, MediaSent, Reply, TextSaid
from bot.routing import Command, Route, Router, Tap
from message_templates.catalogue import Catalogue
from models import db
from models.cards import Text
from models.clock import Clock
from services import audit, guests, taps
from services.guests import Guest
from services.refusals import Refusal

# Who a link's parameter proves the visitor to be; None when it proves nothing.
Bind = Callable[[str], Awaitable[int | None]]


class GuestDispatcher:
    """Like the dispatcher of staff, for candidates: they have no levels, only what is theirs."""

    def __init__(
        self,
        router: Router,
        services: Mapping[type, Any],
        catalogue: Catalogue,
        bind: Bind,
        tell: Callable[[Guest, str], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self.router = router
        self.services = dict(services)
        self.catalogue = catalogue
        self._bind = bind
        self._tell = tell
        self.clock = clock
        router.check([*self.services, Guest, Command, Tap, TextSaid, *router.events])

    async def handle(self, event: Event) -> Reply | None:
        """The words to say at once, if any. Raises only what is not a polite refusal."""
        guest = await self._guest(event)
        try:
            async with db.transaction():
                return await self._route(event, guest)
        except Refusal as refusal:
            if refusal.key in ("card_not_yours", "card_unknown"):
                await audit.record(self.clock.now(), guest, "act.refused", refusal.key)
            words = self.catalogue.phrase("candidates/refusals", refusal.key, **refusal.params)
            if isinstance(event, LinkEntered) or guest.candidate_id is None:
                return Text(words)
            await self._tell(guest, words)
            return None

    async def _guest(self, event: Event) -> Guest:
        """Whoever speaks opens the window anew, whatever comes of it."""
        if isinstance(event, ChatMoved):
            return Guest(None, event.app, event.user)  # a colleague's doing, not theirs
        if isinstance(event, LinkEntered):
            candidate = await self._bind(event.scene_param) if event.scene_param else None
            return await guests.entered(event.app, event.user, event.at, candidate)
        return await guests.said(event.app, event.user, event.at)

    async def _route(self, event: Event, guest: Guest) -> Reply | None:
        provided: dict[type, Any] = {**self.services, Guest: guest, type(event): event}
        route = await self._find(event, guest, provided)
        return await route(provided) if route else None

    async def _find(self, event: Event, guest: Guest, provided: dict[type, Any]) -> Route | None:
        if isinstance(event, CardTapped):
            card = await taps.resolve_for_candidate(
                event.task_id, guest.candidate_id, self.clock.now()
            )
            provided[Tap] = Tap(event, card)
            verbs = self.catalogue[card.purpose.replace(".", "/")].verbs
            route = self.router.cards.get(event.verb)
            if route is None or event.verb not in verbs:
                raise Refusal("card_unknown")
            return route
        if guest.with_colleague and not isinstance(event, LinkEntered | ChatMoved):
            return None  # what they write is for the colleague; a tap is always for us
        if isinstance(event, TextSaid):
            found = self.router.command(event)
            if found is None:
                return self.router.otherwise
            provided[Command] = found[1]
            return found[0]
        if isinstance(event, LinkEntered | MediaSent | ChatMoved):
            return self.router.events.get(type(event))
        return None
