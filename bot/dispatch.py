"""One event, one handler, one answer: inside the caller's transaction, unless it only reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.events import CardTapped, CardUpdate, Event, MenuTapped, Reply, TextSaid
from bot.guest_dispatch import GuestDispatcher
from bot.routing import Command, Route, Router, Tap
from message_templates.catalogue import Catalogue
from models import answer_codes, db
from models.cards import Text
from models.clock import Clock
from services import actors, audit, taps
from services.actors import Actor
from services.guests import PLATFORM
from services.refusals import Refusal

# Refusals that somebody should be able to look up later.
SUSPECT = frozenset(
    {
        "not_allowed",
        "card_not_yours",
        "card_unknown",
        "own_request",
        "renewal_copied",
        "renewal_not_yours",
    }
)


class Dispatcher:
    """Finds the actor and the route, provides what the handler asks for, and words refusals."""

    def __init__(
        self,
        router: Router,
        services: Mapping[type, Any],
        catalogue: Catalogue,
        clock: Clock,
        guests: GuestDispatcher | None = None,
    ) -> None:
        self.router = router
        self.services = dict(services)
        self.catalogue = catalogue
        self.clock = clock
        self.guests = guests
        router.check([*self.services, Actor, Command, Tap, TextSaid, *router.events])

    async def handle(self, event: Event) -> Reply | None:
        """The reply to show at once, if any. Raises only what is not a polite refusal."""
        if event.platform == PLATFORM:
            return await self.guests.handle(event) if self.guests else None
        actor = await actors.find(event.platform, event.user) if event.user else None
        if actor is not None and isinstance(event, TextSaid):
            tap = await self._tap_in_words(event, actor)
            if tap is not None:
                return _in_words(await self._answer(tap, actor))
        if actor is None and event.user and isinstance(event, TextSaid | CardTapped | MenuTapped):
            known = await actors.has_left(event.platform, event.user)
            return Text(self.catalogue.phrase("refusals", "access_ended" if known else "stranger"))
        return await self._answer(event, actor)

    async def _answer(self, event: Event, actor: Actor | None) -> Reply | None:
        try:
            if self.only_reads(event):
                return await self._route(event, actor)
            # A refused act leaves nothing behind but the refusal.
            async with db.transaction():
                return await self._route(event, actor)
        except Refusal as refusal:
            if refusal.key in SUSPECT:
                await audit.record(
                    self.clock.now(), actor or "stranger", "act.refused", refusal.key
                )
            return Text(self.worded(refusal))

    def worded(self, refusal: Refusal) -> str:
        return self.catalogue.phrase("refusals", refusal.key, **refusal.params)

    def only_reads(self, event: Event) -> bool:
        """Whether handling it changes nothing; a card's button said in words may change much."""
        if event.platform == PLATFORM:
            return False  # whatever a candidate says opens WeChat's window anew
        in_words = isinstance(event, TextSaid) and answer_codes.spoken(event.text) is not None
        return not in_words and self.router.only_reads(event)

    async def _tap_in_words(self, event: TextSaid, actor: Actor) -> CardTapped | None:
        """`同意 #7KQ2M3A` is the tap on that card's button; None when the text is no such."""
        said = answer_codes.spoken(event.text)
        card = await taps.by_code(said.code, actor.person_id) if said else None
        if said is None or card is None:
            return None
        template = self.catalogue[card.purpose.replace(".", "/")]
        keys = template.select_keys
        return CardTapped(
            platform=event.platform,
            app=event.app,
            event_id=event.event_id,
            user=event.user,
            at=event.at,
            verb=template.verb_of(said.label) or "",
            task_id=card.task_id,
            selected={keys[0]: said.chosen} if keys and said.chosen else {},
        )

    def _verbs_of(self, purpose: str) -> list[str]:
        """The buttons that cards of a purpose have; no other verb can come from them."""
        return self.catalogue[purpose.replace(".", "/")].verbs

    async def _route(self, event: Event, actor: Actor | None) -> Reply | None:
        provided: dict[type, Any] = {**self.services, type(event): event}
        if actor is not None:
            provided[Actor] = actor
        route = await self._find(event, actor, provided)
        if isinstance(event, TextSaid) and route is self.router.otherwise:
            for listener in self.router.listening(event):
                reply = await listener(provided)
                if reply is not None:
                    return reply
        return await route(provided) if route else None

    async def _find(
        self, event: Event, actor: Actor | None, provided: dict[type, Any]
    ) -> Route | None:
        if isinstance(event, CardTapped) and actor is not None:
            if not event.verb:
                raise Refusal("button_unknown")
            card = await taps.resolve(event.task_id, actor.person_id, self.clock.now())
            provided[Tap] = Tap(event, card)
            route = self.router.cards.get(event.verb)
            if route is None or event.verb not in self._verbs_of(card.purpose):
                raise Refusal("card_unknown")
            if event.response_code:
                await taps.keep_code(event.task_id, event.response_code)
            return route
        found = None
        if isinstance(event, TextSaid):
            found = self.router.command(event)
        elif isinstance(event, MenuTapped):
            found = self.router.menu(event)
        if found is not None:
            route, provided[Command] = found
            return route
        if isinstance(event, TextSaid):
            return self.router.otherwise
        return self.router.events.get(type(event))


def _in_words(reply: Reply | None) -> Reply | None:
    """Who wrote instead of tapping reads what the card would have shown."""
    if not isinstance(reply, CardUpdate):
        return reply
    card = reply.card
    return Text(f"{card.title}：{card.closed}" if card.closed else card.title)
