"""Checklists as a hospital may tune them: who must have done what by when, and who gets which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from models.clock import SHANGHAI
from services.supervision import Supervision

TITLE_CHARS = 16  # an option of a card takes no more
EVENING = time(18, 0)  # when something is due on its day
_KEYS = {"key", "title", "owner", "mandatory", "due", "within"}


class Kind(StrEnum):
    ENTRY = "entry"
    EXIT = "exit"
    CALL_OUT = "call_out"


class Owner(StrEnum):
    """Who has to do an item."""

    SELF = "self"
    HEAD = "head"
    HR = "hr"
    NURSING = "nursing"
    MEDICAL = "medical"
    IT = "it"


@dataclass(frozen=True, slots=True)
class Item:
    """Due `due` days from the anchor, or `within` so long of the opening."""

    key: str
    title: str
    owner: Owner
    mandatory: bool = False
    due: int = 0
    within: timedelta | None = None

    def due_at(self, anchor: date, opened: datetime) -> datetime:
        """Never before it is opened: what begins late is due by the evening after."""
        if self.within is not None:
            return opened + self.within
        day = anchor + timedelta(days=self.due)
        wanted = datetime.combine(day, EVENING, SHANGHAI)
        local = opened.astimezone(SHANGHAI)
        earliest = datetime.combine(local.date() + timedelta(days=1), EVENING, SHANGHAI)
        return wanted if wanted > opened else earliest


@dataclass(frozen=True, slots=True)
class Template:
    key: str
    name: str
    kind: Kind
    items: tuple[Item, ...]
    titles: tuple[str, ...] = ()


class ChecklistRules:
    """`learners` are words in a level, title or employment; see services/supervision.py."""

    def __init__(
        self, templates: Sequence[Template], learners: Sequence[str], most_new_in_a_unit: int
    ) -> None:
        self._templates = {template.key: template for template in templates}
        self.most_new_in_a_unit = most_new_in_a_unit
        entries = [one.key for one in templates if one.kind is Kind.ENTRY]
        self.supervision = Supervision(entries, learners)

    def __getitem__(self, key: str) -> Template:
        return self._templates[key]

    def __iter__(self) -> Iterator[Template]:
        return iter(self._templates.values())

    def of_kind(self, kind: Kind) -> list[str]:
        return [template.key for template in self if template.kind is kind]

    def entry_for(self, title: str) -> Template | None:
        """The entry list for this job title: the one that names it, else the one for all."""
        entries = [template for template in self if template.kind is Kind.ENTRY]
        for template in entries:
            if any(word in title for word in template.titles):
                return template
        return next((template for template in entries if not template.titles), None)


def load_checklists(data: Mapping[str, Any]) -> ChecklistRules:
    """The parsed `checklists.toml`. Raises ValueError naming what is wrong with it."""
    raw: Mapping[str, Any] = data.get("templates", {})
    alone = data.get("alone", {})
    most = data.get("imports", {}).get("most_new_in_a_unit", 0)
    if not isinstance(most, int) or most < 0:
        raise ValueError("checklists.toml: most_new_in_a_unit must be a number, 0 or more")
    words = [str(word) for word in alone.get("words", ()) if str(word)]
    return ChecklistRules([_template(key, raw) for key in raw], words, most)


def _template(key: str, raw: Mapping[str, Any]) -> Template:
    data = raw[key]
    items = _items(key, raw)
    if not items or len({item.key for item in items}) < len(items):
        raise ValueError(f"checklists.toml: {key} has no item, or two with the same key")
    try:
        kind = Kind(data.get("kind", ""))
    except ValueError as error:
        raise ValueError(f"checklists.toml: {key}: {error}") from error
    titles = tuple(str(word) for word in data.get("titles", ()))
    return Template(key, str(data.get("name", key)), kind, items, titles)


def _items(key: str, raw: Mapping[str, Any]) -> tuple[Item, ...]:
    base = raw[key].get("extends")
    if base is not None and (base not in raw or "extends" in raw[base]):
        raise ValueError(
            f"checklists.toml: {key} extends {base!r}, which is no template by itself"
        )
    own = tuple(_item(key, item) for item in raw[key].get("items", ()))
    return (*(_items(base, raw) if base is not None else ()), *own)


def _item(template: str, raw: Mapping[str, Any]) -> Item:
    where = f"checklists.toml: {template}: {raw.get('key', '?')}"
    unknown = set(raw) - _KEYS
    if unknown or not raw.get("key"):
        raise ValueError(f"{where}: no key, or an unknown setting {sorted(unknown)}")
    title = str(raw.get("title", ""))
    if not 0 < len(title) <= TITLE_CHARS:
        raise ValueError(f"{where}: the title takes 1 to {TITLE_CHARS} characters")
    if ("due" in raw) == ("within" in raw):
        raise ValueError(f"{where}: either due (days) or within (hours)")
    try:
        owner = Owner(raw.get("owner", ""))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    within = timedelta(hours=int(raw["within"])) if "within" in raw else None
    mandatory = bool(raw.get("mandatory", False))
    return Item(str(raw["key"]), title, owner, mandatory, int(raw.get("due", 0)), within)
