"""A browser without script or pictures: reads a page, presses the buttons of its forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from aiohttp import ClientSession


@dataclass
class Form:
    action: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    options: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # (words, value)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # (words, name, value)


@dataclass
class WebPage:
    """A page as it came; `text` is what a person reads."""

    session: ClientSession
    status: int
    url: str
    html: str
    text: str = ""
    forms: list[Form] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    async def presses(self, button: str, chosen: str = "", **given: str) -> WebPage:
        """Send the form with this button; `chosen` are words of a radio or select option."""
        form, words = self._form(button, chosen)
        name, value = next((n, v) for w, n, v in form.buttons if w == words)
        body = dict(form.fields) | given | ({name: value} if name else {})
        if chosen:
            body |= _chosen(form, chosen)
        url = urljoin(self.url, form.action)
        async with self.session.post(url, data=body) as reply:
            return read_page(self.session, reply.status, str(reply.url), await reply.text())

    def _form(self, button: str, chosen: str) -> tuple[Form, str]:
        """The form with this button; one of several alike is known by the words chosen in it."""
        for form in self.forms:
            words = next((w for w, _, _ in form.buttons if button in w), None)
            if words is not None and (not chosen or _chosen(form, chosen)):
                return form, words
        there = [words for form in self.forms for words, _, _ in form.buttons]
        raise AssertionError(f"no button {button!r} ({chosen!r}); there are {there}: {self.text}")

    def link(self, words: str) -> str:
        found = [url for label, url in self.links if words in label or words in url]
        assert found, f"no link {words!r}: {self.links}"
        return found[0]


def _chosen(form: Form, words: str) -> dict[str, str]:
    for name, options in form.options.items():
        for label, value in options:
            if words in label:
                return {name: value}
    return {}


async def visit(session: ClientSession, url: str) -> WebPage:
    async with session.get(url) as reply:
        return read_page(session, reply.status, str(reply.url), await reply.text())


def read_page(session: ClientSession, status: int, url: str, html: str) -> WebPage:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = "\n".join(" ".join(line.split()) for line in "".join(reader.words).splitlines())
    lines = "\n".join(line for line in text.splitlines() if line)
    return WebPage(session, status, url, html, lines, reader.forms, reader.links)


class _Reader(HTMLParser):
    """What of a page matters to somebody who reads and presses."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self._form: Form | None = None
        self._mute = 0
        self._label: list[str] = []
        self._open: dict[str, str | None] = {}
        self._radio: tuple[str, str] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("style", "script", "head"):
            self._mute += 1
        if tag in ("p", "div", "li", "br", "h1", "h2", "h3", "dt", "dd", "tr", "button", "label"):
            self.words.append("\n")
        if tag in ("a", "button", "label", "option"):
            self._label, self._open = [], given
        if tag == "form":
            self._form = Form(given.get("action") or "")
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str | None]) -> None:
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "select":
            self._select = name
        if tag == "textarea":
            form.fields.append((name, ""))
        if tag != "input":
            return
        kind = given.get("type") or "text"
        if kind in ("radio", "checkbox"):
            self._radio = (name, value or "on")
            if "checked" in given:
                form.fields.append(self._radio)
        elif kind == "submit":
            form.buttons.append((value, name, value))
        else:
            form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        words = " ".join("".join(self._label).split())
        if tag in ("style", "script", "head"):
            self._mute = max(0, self._mute - 1)
        if tag == "a":
            self.links.append((words, self._open.get("href") or ""))
        if tag == "form":
            self._form = None
        elif self._form is not None:
            self._ended(self._form, tag, words)
        if tag in ("p", "div", "li", "h1", "h2", "h3", "dt", "dd", "tr", "button", "label"):
            self.words.append("\n")

    def _ended(self, form: Form, tag: str, words: str) -> None:
        if tag == "button":
            name, value = self._open.get("name") or "", self._open.get("value") or ""
            form.buttons.append((words, name, value))
        if tag == "label" and self._radio is not None:
            name, value = self._radio
            form.options.setdefault(name, []).append((words, value))
            self._radio = None
        if tag == "option":
            value = self._open.get("value") or words
            form.options.setdefault(self._select, []).append((words, value))

    def handle_data(self, data: str) -> None:
        if not self._mute:
            self.words.append(data)
            self._label.append(data)
