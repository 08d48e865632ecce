"""All the words the bot says, by name. A hospital overrides single files in its own folder."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template
from jinja2 import TemplateError as JinjaError

from message_templates.errors import TemplateError
from message_templates.template import MessageTemplate, compiled
from models.cards import Card
from models.cards import Text as TextContent

SHIPPED = Path(__file__).parent / "zh_CN"


@cache
def _parsed(text: str) -> Mapping[str, Any]:
    """The same file is read once as well; nobody changes what was read."""
    return tomllib.loads(text)


class Catalogue:
    """Every template of the shipped folder, with a hospital's own files laid over them."""

    def __init__(self, *folders: Path) -> None:
        self._templates: dict[str, MessageTemplate] = {}
        self._phrases: dict[str, dict[str, Template]] = {}
        self._words: dict[str, Mapping[str, Any]] = {}
        self._constant: dict[tuple[str, str], str] = {}  # phrases that need no facts
        for folder in (SHIPPED, *folders):
            for path in sorted(folder.rglob("*.toml")):
                self._add(path.relative_to(folder).with_suffix("").as_posix(), path)

    def _add(self, name: str, path: Path) -> None:
        try:
            raw = _parsed(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TemplateError(f"template {path}: not valid TOML: {error}") from error
        if raw.get("phrases"):
            table = {key: compiled(text) for key, text in raw["phrases"].items()}
            self._phrases.setdefault(name, {}).update(table)
        elif "kind" in raw or "title" in raw:
            self._templates[name] = MessageTemplate(name, raw)
        else:
            self._words[name] = raw

    def __getitem__(self, name: str) -> MessageTemplate:
        template = self._templates.get(name)
        if template is None:
            raise TemplateError(
                f"template {name}.toml is missing: restore message_templates/zh_CN/{name}.toml"
            )
        return template

    def __contains__(self, name: str) -> bool:
        return name in self._templates

    def __iter__(self) -> Iterator[MessageTemplate]:
        return iter(self._templates.values())

    def card(self, name: str, facts: Mapping[str, Any]) -> Card:
        """Render a template that is a card."""
        content = self[name].render(facts)
        if not isinstance(content, Card):
            raise TemplateError(f"template {name}: kind must be card")
        return content

    def text(self, name: str, facts: Mapping[str, Any]) -> TextContent:
        """Render a template that is a text."""
        content = self[name].render(facts)
        if not isinstance(content, TextContent):
            raise TemplateError(f"template {name}: kind must be text")
        return content

    def phrase(self, table: str, key: str, /, **facts: Any) -> str:
        """One phrase out of a `[phrases]` file, e.g. a refusal."""
        if not facts and (table, key) in self._constant:
            return self._constant[table, key]
        phrase = self._phrases.get(table, {}).get(key)
        if phrase is None:
            raise TemplateError(f"phrase {key!r} is missing in {table}.toml")
        try:
            text = phrase.render(facts).strip()
        except JinjaError as error:
            raise TemplateError(f"phrase {table}/{key}: {error}") from error
        if not facts:
            self._constant[table, key] = text
        return text

    def words(self, name: str) -> Mapping[str, Any]:
        """A file of plain texts with {placeholders}, such as the problems of a sheet."""
        if name not in self._words:
            raise TemplateError(
                f"{name}.toml is missing: restore message_templates/zh_CN/{name}.toml"
            )
        return self._words[name]


@cache
def shipped() -> Catalogue:
    """The shipped words alone, put together once a process: nobody changes a catalogue."""
    return Catalogue()
