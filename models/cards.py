"""What the bot can say, before any platform renders it: neutral, immutable values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ButtonStyle(StrEnum):
    PRIMARY = "primary"
    NORMAL = "normal"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled line of a card, such as 时间 / 08:00–16:00."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Button:
    """A tap. `verb` names the use case (`swaps.accept`); who may do it is decided at the tap."""

    text: str
    verb: str
    style: ButtonStyle = ButtonStyle.NORMAL


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Select:
    """A question with listed answers. `many` lets more than one be chosen."""

    key: str
    title: str
    options: tuple[Option, ...]
    chosen: str | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Text:
    """Plain words; the one content that every channel can carry."""

    content: str


@dataclass(frozen=True, slots=True)
class Markdown:
    content: str


@dataclass(frozen=True, slots=True)
class Card:
    """A message with a shape.

    With `buttons` (and no select, or one single-choice select) it is answered by one tap; with
    one many-select or several selects, the first button submits all choices. With `closed` set
    nothing can be tapped any more and `closed` says why, e.g. 已由赵护士长批准 14:05.
    """

    title: str
    body: str = ""
    facts: tuple[Fact, ...] = ()
    buttons: tuple[Button, ...] = ()
    selects: tuple[Select, ...] = ()
    link: Link | None = None
    source: str = ""
    closed: str = ""


Content = Text | Markdown | Card


@dataclass(frozen=True, slots=True)
class Picture:
    """A file out of the evidence store, shown where a channel can show it.

    Elsewhere it is `caption`, `hint` and `url`: where to look at it in the console.
    """

    evidence_id: int
    caption: str
    hint: str = ""
    url: str = ""

    @property
    def in_words(self) -> Text:
        return Text("\n".join(filter(None, (self.caption, self.hint, self.url))))


Sendable = Content | Picture
