"""From an event to the handler that answers it, with what the handler asks for by type.

A handler is an async function. Its parameters are found by their annotated types: the event (or
`Command`, `Tap`), the Actor, and services. What cannot be provided is an error at start-up.
"""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from bot.events import CardTapped, Event, MenuTapped, Reply, TextSaid
from services.permissions import Act
from services.taps import Tapped

Handler = Callable[..., Awaitable[Reply | None]]


class RoutingError(Exception):
    """A handler asks for something nobody provides, or two handlers claim the same words."""


@dataclass(frozen=True, slots=True)
class Command:
    """A text that began with a command's word; `rest` is what followed it."""

    event: Event
    word: str
    rest: str


@dataclass(frozen=True, slots=True)
class Tap:
    """A button that was pressed on a card that was really sent to this person."""

    event: CardTapped
    card: Tapped

    @property
    def subject_id(self) -> int:
        return self.card.subject_id

    @property
    def message_id(self) -> int:
        return self.card.message_id

    def chosen(self, key: str) -> str:
        """The option chosen in a single-choice select of the card, "" when there was none."""
        return next(iter(self.event.selected.get(key, ())), "")


@dataclass(frozen=True, slots=True)
class Route:
    handler: Handler
    parameters: Mapping[str, type]
    words: tuple[str, ...] = ()
    act: Act | None = None
    help: str = ""
    reads: bool = False  # it changes nothing, so that its answer may be made before it is stored
    in_groups: bool = False  # what it answers may be read by everybody in a group chat

    async def __call__(self, provided: Mapping[type, Any]) -> Reply | None:
        arguments = {name: provided[kind] for name, kind in self.parameters.items()}
        return await self.handler(**arguments)


def normal(text: str) -> str:
    """Full-width letters, odd spaces and a leading mention are the same words."""
    folded = unicodedata.normalize("NFKC", text).strip()
    return re.sub(r"\s+", " ", folded)


class Router:
    """The routes of one feature, or of the whole bot once `include`d."""

    def __init__(self) -> None:
        self.texts: dict[str, Route] = {}
        self._longest_first: list[str] = []
        self.patterns: dict[re.Pattern[str], Route] = {}
        self.cards: dict[str, Route] = {}
        self.events: dict[type[Event], Route] = {}
        self.listeners: list[Route] = []
        self.otherwise: Route | None = None

    def text(
        self,
        *words: str,
        act: Act | None = None,
        help: str = "",
        reads: bool = False,
        in_groups: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Answer texts that are, or begin with, one of these words.

        `help` names the phrase shown in 帮助 to those who may do `act`. A handler that `reads`
        promises to change nothing; one that answers `in_groups` promises to say nothing
        personal, and only its answers are shown in the group chat where the words were said.
        """

        def register(handler: Handler) -> Handler:
            route = Route(handler, _parameters(handler), words, act, help, reads, in_groups)
            for word in words:
                self._claim(self.texts, normal(word).lower(), route)
            self._sort()
            return handler

        return register

    def pattern(self, expression: str) -> Callable[[Handler], Handler]:
        """Answer texts that, as a whole, look like this and begin with no command's word."""

        def register(handler: Handler) -> Handler:
            route = Route(handler, _parameters(handler))
            self._claim(self.patterns, re.compile(expression), route)
            return handler

        return register

    def card(self, verb: str) -> Callable[[Handler], Handler]:
        """Answer taps on buttons with this verb."""

        def register(handler: Handler) -> Handler:
            self._claim(self.cards, verb, Route(handler, _parameters(handler)))
            return handler

        return register

    def event(self, kind: type[Event]) -> Callable[[Handler], Handler]:
        """Answer every event of this type that no text or card route takes."""

        def register(handler: Handler) -> Handler:
            self._claim(self.events, kind, Route(handler, _parameters(handler)))
            return handler

        return register

    def listen(self, handler: Handler) -> Handler:
        """Offer a handler each private text that is no command, before nobody understood it.

        It answers when the words are for it, and returns None when they are for somebody else;
        then it must have changed nothing.
        """
        self.listeners.append(Route(handler, _parameters(handler)))
        return handler

    def fallback(self, handler: Handler) -> Handler:
        """Answer texts that nobody understood, without changing anything."""
        self.otherwise = Route(handler, _parameters(handler), reads=True)
        return handler

    @staticmethod
    def _claim(table: dict[Any, Route], key: Any, route: Route) -> None:
        if key in table:
            raise RoutingError(f"two handlers claim {key!r}")
        table[key] = route

    def include(self, *routers: Router) -> None:
        for router in routers:
            for key, route in router.texts.items():
                self._claim(self.texts, key, route)
            for expression, route in router.patterns.items():
                self._claim(self.patterns, expression, route)
            for verb, route in router.cards.items():
                self._claim(self.cards, verb, route)
            for kind, route in router.events.items():
                self._claim(self.events, kind, route)
            self.listeners += router.listeners
            self.otherwise = router.otherwise or self.otherwise
        self._sort()

    def _sort(self) -> None:
        self._longest_first = sorted(self.texts, key=len, reverse=True)

    def routes(self) -> Iterable[Route]:
        yield from self.texts.values()
        yield from self.patterns.values()
        yield from self.cards.values()
        yield from self.events.values()
        yield from self.listeners
        if self.otherwise:
            yield self.otherwise

    def check(self, provided: Iterable[type]) -> None:
        """Raises RoutingError unless every parameter of every handler can be provided."""
        known = set(provided)
        for route in self.routes():
            for name, kind in route.parameters.items():
                if kind not in known:
                    where = f"{route.handler.__module__}.{route.handler.__name__}"
                    raise RoutingError(f"{where}: nobody provides {name}: {kind.__name__}")

    def command(self, event: TextSaid) -> tuple[Route, Command] | None:
        """The route whose word the text begins with; the longest word wins."""
        text = normal(event.text)
        lowered = text.lower()
        if lowered in self.texts:
            return self.texts[lowered], Command(event, lowered, "")
        for word in self._longest_first:
            if lowered.startswith(word) and _ends(lowered, word):
                return self.texts[word], Command(event, word, text[len(word) :].strip())
        for expression, route in self.patterns.items():
            if expression.fullmatch(text):
                return route, Command(event, "", text)
        return None

    def only_reads(self, event: Event) -> bool:
        """Whether the handler of this event promises to change nothing."""
        if isinstance(event, TextSaid):
            found = self.command(event)
            if found is None and self.listening(event):
                return False
            route = found[0] if found else self.otherwise
        elif isinstance(event, MenuTapped):
            found = self.menu(event)
            route = found[0] if found else None
        else:
            return False
        return route is not None and route.reads

    def listening(self, event: TextSaid) -> Sequence[Route]:
        """Who is offered a text that is no command: nobody in a group chat."""
        return [] if event.group else self.listeners

    def answers_in_groups(self, event: Event) -> bool:
        """Whether the answer to this event may be shown to a whole group chat."""
        found = self.command(event) if isinstance(event, TextSaid) else None
        return found is not None and found[0].in_groups

    def menu(self, event: MenuTapped) -> tuple[Route, Command] | None:
        """A menu key is a word that was tapped instead of typed."""
        route = self.texts.get(event.key.lower())
        return (route, Command(event, event.key, "")) if route else None


def _ends(text: str, word: str) -> bool:
    """`换班 0805` and `换班0805` are the command 换班; `换班表` is not."""
    following = text[len(word)]
    return following.isspace() or following.isdigit() or following in ":,.。,:"


def _parameters(handler: Handler) -> dict[str, type]:
    hints = get_type_hints(handler)
    names = inspect.signature(handler).parameters
    missing = [name for name in names if name not in hints]
    if missing:
        where = f"{handler.__module__}.{handler.__name__}"
        raise RoutingError(f"{where}: parameter {missing[0]!r} has no type to be found by")
    return {name: hints[name] for name in names}
