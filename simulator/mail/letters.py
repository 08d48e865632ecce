"""A mail's HTML as a tree of harmless tags, so that the page never parses anybody's markup."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

Node = str | dict[str, Any]
KEPT = {
    "a", "b", "blockquote", "br", "code", "dd", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4",
    "hr", "i", "li", "ol", "p", "pre", "small", "span", "strong", "table", "tbody", "td", "th",
    "thead", "tr", "u", "ul",
}  # fmt: skip
_LOST = {"head", "iframe", "noscript", "object", "script", "style", "svg", "template", "title"}
_EMPTY = {"br", "hr", "img", "input", "link", "meta", "source", "embed", "area", "col", "wbr"}
DEPTH = 40


def tree(html: str) -> list[Node]:
    """Words, and `{"tag", "inner"}`; `a` also has `href`, a picture is `{"tag": "img", "alt"}`."""
    reader = _Tree()
    reader.feed(html)
    reader.close()
    return reader.root


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root: list[Node] = []
        self._open: list[tuple[str, list[Node]]] = []
        self._lost = ""

    @property
    def _inner(self) -> list[Node]:
        return self._open[-1][1] if self._open else self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._lost = self._lost or (tag if tag in _LOST else "")
        if self._lost:
            return
        given = dict(attrs)
        if tag == "img":
            self._inner.append({"tag": tag, "alt": given.get("alt") or ""})
        elif tag in KEPT and len(self._open) < DEPTH:
            node: dict[str, Any] = {"tag": tag, "inner": []}
            if tag == "a":
                node["href"] = given.get("href") or ""
            self._inner.append(node)
            if tag not in _EMPTY:
                self._open.append((tag, node["inner"]))

    def handle_endtag(self, tag: str) -> None:
        if self._lost:
            self._lost = "" if tag == self._lost else self._lost
            return
        if any(tag == name for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._lost and data:
            self._inner.append(data)
