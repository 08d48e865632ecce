"""Where else somebody's name, number or address was written: what colleagues were told and said.

What is sealed cannot be searched by the database, so the values of the candidate's time are opened
and looked at, in small pieces. A name alone decides only where recruiting speaks: elsewhere a
colleague may have the same.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import db, sealed

BATCH = 500
CONTEXT, PAYLOAD, REPLY = "messages.context", "inbox.payload", "inbox.reply"
RECRUITING = ("candidates", "interviews", "outcomes", "pool", "results", "scorecards", "tasks")
_CARRIED = "replies.late"  # an answer to anything, recruiting among it
_EARLIER = timedelta(days=1)  # somebody may have spoken of them before they were entered
_GAPS = re.compile(r"[\s-]+")

_MESSAGES = """
SELECT id, purpose, context FROM messages
 WHERE id > $1 AND created_at >= $2 AND context IS NOT NULL ORDER BY id LIMIT $3
"""
_INBOX = """
SELECT id, payload, reply FROM inbox WHERE id > $1 AND received_at >= $2 ORDER BY id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Marks:
    """What gives a person away. Any of them may be "" when it is not known."""

    name: str
    phone: str
    email: str

    @property
    def numbers(self) -> tuple[str, ...]:
        """What belongs to nobody else, wherever it stands."""
        return tuple(mark for mark in (self.phone, self.email.lower()) if mark)

    def in_text(self, text: str, *, by_name: bool) -> bool:
        plain = _GAPS.sub("", text).lower()
        marks = self.numbers
        if by_name and self.name:
            marks = (*marks, _GAPS.sub("", self.name).lower())
        return any(mark in plain for mark in marks)


@dataclass(frozen=True, slots=True)
class Traces:
    """Ids of messages and of inbox rows."""

    messages: list[int]
    inbox: list[int]


def marks_of(candidate: db.Row) -> Marks:
    return Marks(*(_opened(candidate, column) for column in ("name", "phone", "email")))


def _opened(candidate: db.Row, column: str) -> str:
    value = candidate[column]
    return sealed.open_sealed(f"candidates.{column}", value) if value else ""


async def find(marks: Marks, known_since: datetime) -> Traces:
    """Everything that was said with one of these marks since then."""
    since = known_since - _EARLIER

    def told(row: db.Row) -> bool:
        by_name = row["purpose"].partition(".")[0] in RECRUITING or row["purpose"] == _CARRIED
        return marks.in_text(_text(CONTEXT, row["context"]), by_name=by_name)

    def said(row: db.Row) -> bool:
        values = ((PAYLOAD, row["payload"]), (REPLY, row["reply"]))
        return any(marks.in_text(_text(place, value), by_name=True) for place, value in values)

    if not marks.numbers and not marks.name:
        return Traces([], [])
    return Traces(await _search(_MESSAGES, since, told), await _search(_INBOX, since, said))


async def _search(sql: str, since: datetime, hit: Callable[[db.Row], bool]) -> list[int]:
    found, last = [], 0
    while True:
        rows = await db.fetch(sql, last, since, BATCH)
        for part in _pieces(rows):
            found += [row["id"] for row in part if hit(row)]
            await asyncio.sleep(0)  # opening many must not keep others waiting
        if len(rows) < BATCH:
            return found
        last = rows[-1]["id"]


def _pieces(rows: Sequence[db.Row], size: int = 50) -> Iterator[Sequence[db.Row]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _text(place: str, value: str | None) -> str:
    """What is sealed there, with JSON's escapes undone as far as they hide a mark."""
    if not value:
        return ""
    try:
        return sealed.open_sealed(place, value)
    except sealed.SealError:
        return ""  # a key that is lost hides it from everybody
