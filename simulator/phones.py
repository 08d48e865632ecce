"""All phones: what arrived, what was said, and what each card looks like to each."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.clock import Clock
from simulator.pulse import Pulse

Body = dict[str, Any]


@dataclass(slots=True)
class Item:
    """One message in one phone. Bodies are shared by all receivers and never changed.

    `agentid` names the conversation within the phone; `app_name` is set where no configured app
    has that number. `sender` is the userid of who wrote an outgoing message in a group.
    """

    seq: int
    rev: int
    owner: str
    at: datetime
    direction: str
    kind: str
    agentid: int | str
    body: Body
    msgid: str = ""
    state: str = "delivered"
    updated_at: datetime | None = None
    replace_text: str = ""
    first: Body | None = None
    app_name: str = ""
    sender: str = ""
    readers: set[str] = field(default_factory=set)

    @property
    def closed(self) -> bool:
        return bool(self.replace_text)


@dataclass(slots=True)
class Phone:
    """Messages in order of arrival, and again in order of their last change."""

    owner: str
    items: list[Item] = field(default_factory=list)
    changed: dict[int, Item] = field(default_factory=dict)
    unread: int = 0

    @property
    def rev(self) -> int:
        return next(reversed(self.changed.values())).rev if self.changed else 0

    def after(self, seq: int) -> list[Item]:
        return self.items[bisect_right(self.items, seq, key=lambda item: item.seq) :]

    def after_rev(self, rev: int) -> list[Item]:
        return sorted(self._newer(rev), key=lambda item: item.rev)

    def find(self, seq: int) -> Item | None:
        return self.changed.get(seq)

    def _newer(self, rev: int) -> Iterator[Item]:
        for item in reversed(self.changed.values()):
            if item.rev <= rev:
                return
            yield item


class Phones:
    """All phones of the hospital; every change takes the next revision number."""

    def __init__(self, clock: Clock, pulse: Pulse) -> None:
        self._clock = clock
        self._pulse = pulse
        self._phones: dict[str, Phone] = {}
        self._seq = 0
        self.delivered: Counter[str] = Counter()

    def of(self, phone: str) -> Phone:
        return self._phones.setdefault(phone, Phone(phone))

    def changed_since(self, rev: int) -> dict[str, int]:
        return {p.owner: p.rev for p in self._phones.values() if p.rev > rev}

    def receive(
        self,
        phone: str,
        kind: str,
        agentid: int | str,
        body: Body,
        msgid: str = "",
        app_name: str = "",
    ) -> Item:
        self.delivered[phone] += 1
        self.of(phone).unread += 1
        return self._add(phone, "in", kind, agentid, body, msgid, app_name)

    def say(
        self,
        phone: str,
        agentid: int | str,
        text: str,
        *,
        kind: str = "text",
        app_name: str = "",
        sender: str = "",
    ) -> Item:
        item = self._add(phone, "out", kind, agentid, {"content": text}, "", app_name)
        item.sender = sender
        self.read(phone, sender)
        return item

    def show(
        self,
        phone: str,
        agentid: int | str,
        kind: str,
        body: Body,
        *,
        app_name: str = "",
        sender: str = "",
    ) -> Item:
        """What its owner sent beside words: a picture or a file."""
        item = self._add(phone, "out", kind, agentid, body, "", app_name)
        item.sender = sender
        self.read(phone, sender)
        return item

    def read(self, phone: str, reader: str = "") -> list[Item]:
        """Mark all as read, in a group by `reader`; returns what was news to them."""
        self.of(phone).unread = 0
        who = reader or phone
        news = [i for i in self.of(phone).items if i.direction == "in" and who not in i.readers]
        for item in news:
            item.readers.add(who)
        self._pulse.bump()
        return news

    def change(self, item: Item, body: Body | None, replace_text: str) -> None:
        if body is not None:
            item.first = item.first or item.body
            item.body = body
        item.replace_text = replace_text
        item.updated_at = self._clock.now()
        self._touch(item)

    def recall(self, item: Item) -> None:
        item.state = "recalled"
        item.updated_at = self._clock.now()
        self._touch(item)

    def _add(
        self,
        phone: str,
        direction: str,
        kind: str,
        agentid: int | str,
        body: Body,
        msgid: str,
        app_name: str,
    ) -> Item:
        self._seq += 1
        item = Item(self._seq, 0, phone, self._clock.now(), direction, kind, agentid, body, msgid)
        item.app_name = app_name
        self.of(phone).items.append(item)
        self._touch(item)
        return item

    def _touch(self, item: Item) -> None:
        item.rev = self._pulse.bump()
        changed = self.of(item.owner).changed
        changed.pop(item.seq, None)
        changed[item.seq] = item
