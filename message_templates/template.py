"""One message as a hospital may write it: a TOML file of Jinja texts, filled in with facts.

Its shape (title, facts, buttons) is fixed in the file, so no value of the data can add a button
or a link.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Template, UndefinedError
from jinja2 import TemplateError as JinjaError

from message_templates.environment import build
from message_templates.errors import TemplateError
from models.cards import (
    Button,
    ButtonStyle,
    Card,
    Fact,
    Link,
    Markdown,
    Option,
    Picture,
    Select,
    Sendable,
)
from models.cards import Text as TextContent

LONGEST = 4096  # characters of one rendered value
SLOWEST = 0.5  # seconds of CPU time for one rendered value; a pause of the collector is no fault
_KEYS = {
    "kind",
    "content",
    "title",
    "body",
    "source",
    "closed",
    "facts",
    "buttons",
    "selects",
    "link",
    "evidence",
    "caption",
    "hint",
    "url",
    "sample",
}
_TEXTS = (
    *("content", "title", "body", "source", "closed"),
    *("evidence", "caption", "hint", "url"),  # of a picture
)


@dataclass(frozen=True, slots=True)
class _Button:
    text: Template
    verb: str
    style: ButtonStyle
    when: Template | None


@dataclass(frozen=True, slots=True)
class _Select:
    key: str
    title: Template
    options: str
    many: bool


class MessageTemplate:
    """One compiled file."""

    def __init__(self, name: str, raw: Mapping[str, Any]) -> None:
        unknown = set(raw) - _KEYS
        if unknown:
            raise TemplateError(f"template {name}: unknown key {sorted(unknown)[0]!r}")
        self.name = name
        self.kind = raw.get("kind", "card")
        self.sample: dict[str, Any] = raw.get("sample", {})
        self._text = {key: self._compile(raw.get(key, "")) for key in _TEXTS}
        self._facts = [(self._compile(a), self._compile(b)) for a, b in raw.get("facts", [])]
        self._buttons = [self._button(button) for button in raw.get("buttons", [])]
        # Words on a button are fixed, so that whoever cannot tap can write them instead.
        self._verb_of = {button["text"]: button["verb"] for button in raw.get("buttons", [])}
        self._selects = [self._select(select) for select in raw.get("selects", [])]
        link = raw.get("link")
        self._link = (self._compile(link["text"]), self._compile(link["url"])) if link else None

    def _compile(self, source: str) -> Template:
        try:
            return compiled(source)
        except JinjaError as error:
            raise TemplateError(f"template {self.name}: {error}") from error

    def _button(self, raw: Mapping[str, str]) -> _Button:
        when = f"{{{{ 1 if {raw['when']} else '' }}}}" if "when" in raw else None
        return _Button(
            self._compile(raw["text"]),
            raw["verb"],
            ButtonStyle(raw.get("style", "normal")),
            self._compile(when) if when else None,
        )

    def _select(self, raw: Mapping[str, Any]) -> _Select:
        title = self._compile(raw["title"])
        return _Select(raw["key"], title, raw["options"], bool(raw.get("many", False)))

    @property
    def verbs(self) -> list[str]:
        return [button.verb for button in self._buttons]

    def verb_of(self, label: str) -> str | None:
        """The verb of the button with these words on it; None when there is no such button."""
        return self._verb_of.get(label)

    @property
    def select_keys(self) -> list[str]:
        return [select.key for select in self._selects]

    def render(self, facts: Mapping[str, Any]) -> Sendable:
        """The neutral content for these facts. Raises TemplateError naming the missing one."""
        if self.kind == "text":
            return TextContent(self._say("content", facts))
        if self.kind == "markdown":
            return Markdown(self._say("content", facts))
        if self.kind == "picture":
            return self._picture(facts)
        return self._card(facts)

    def _picture(self, facts: Mapping[str, Any]) -> Picture:
        """`evidence` fills in to the id of the file."""
        number = self._say("evidence", facts)
        if not number.isdecimal():
            raise TemplateError(f"template {self.name}: evidence must be the id of a file")
        return Picture(
            int(number),
            self._say("caption", facts),
            self._say("hint", facts),
            self._say("url", facts),
        )

    def _say(self, key: str, facts: Mapping[str, Any]) -> str:
        return self._fill(self._text[key], facts)

    def _card(self, facts: Mapping[str, Any]) -> Card:
        closed = self._say("closed", facts)
        shown = [] if closed else self._buttons
        return Card(
            title=self._say("title", facts),
            body=self._say("body", facts),
            source=self._say("source", facts),
            closed=closed,
            facts=tuple(self._filled_facts(facts)),
            buttons=tuple(self._filled_buttons(shown, facts)),
            selects=tuple(self._filled_selects(facts)) if not closed else (),
            link=self._filled_link(facts),
        )

    def _filled_facts(self, facts: Mapping[str, Any]) -> Iterator[Fact]:
        for label, value in self._facts:
            text = self._fill(value, facts)
            if text:
                yield Fact(self._fill(label, facts), text)

    def _filled_buttons(
        self, buttons: list[_Button], facts: Mapping[str, Any]
    ) -> Iterator[Button]:
        for button in buttons:
            if button.when is None or self._fill(button.when, facts):
                yield Button(self._fill(button.text, facts), button.verb, button.style)

    def _filled_selects(self, facts: Mapping[str, Any]) -> Iterator[Select]:
        for select in self._selects:
            options = tuple(Option(str(o["id"]), str(o["text"])) for o in facts[select.options])
            yield Select(select.key, self._fill(select.title, facts), options, many=select.many)

    def _filled_link(self, facts: Mapping[str, Any]) -> Link | None:
        if self._link is None:
            return None
        text, url = (self._fill(part, facts) for part in self._link)
        return Link(text, url) if url else None

    def _fill(self, template: Template, facts: Mapping[str, Any]) -> str:
        started, pieces, length = time.thread_time(), [], 0
        try:
            for piece in template.generate(facts):
                pieces.append(piece)
                length += len(piece)
                if length > LONGEST or time.thread_time() - started > SLOWEST:
                    raise TemplateError(f"template {self.name}: a value is too long or too slow")
        except (UndefinedError, JinjaError) as error:
            raise TemplateError(f"template {self.name}: {error}") from error
        except (TypeError, ValueError, AttributeError, OverflowError, ArithmeticError) as error:
            raise TemplateError(f"template {self.name}: {type(error).__name__}") from error
        return "".join(pieces).strip()


_ENVIRONMENT = build()


@cache
def compiled(source: str) -> Template:
    """The same words are compiled once, however many catalogues hold them: a template of the
    engine is immutable, and compiling all of them costs a quarter of a second."""
    return _ENVIRONMENT.from_string(source)
