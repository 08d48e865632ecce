"""Parcels: deliveries of equal content that leave in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models import db
from models.cards import Sendable


@dataclass(frozen=True, slots=True)
class Parcel:
    """One call to make: rendered content for people who all get the same.

    `addresses` are all whom the call names. A repeat names everybody the first call named, so that
    it is the same call; `deliveries` are those it may still settle.
    """

    send_id: int
    task_id: str
    first_at: datetime
    deliveries: tuple[int, ...]
    addresses: tuple[str, ...]
    attempts: int
    repeat: bool = False
    repeatable: bool = True
    reached_at: tuple[str, ...] = ()  # the address of each delivery; part of `addresses`


def grouped(
    rows: Sequence[db.Row], contents: Mapping[int, Sendable], batch: int
) -> list[tuple[Sendable, list[db.Row]]]:
    """Rows of equal content together, in the order their first row came, at most `batch` each."""
    by_content: dict[Sendable, list[db.Row]] = {}
    for row in rows:
        by_content.setdefault(contents[row["message_id"]], []).append(row)
    return [
        (content, members[start : start + batch])
        for content, members in by_content.items()
        for start in range(0, len(members), batch)
    ]


def parcel_of(
    send_id: int,
    task_id: str,
    first_at: datetime,
    rows: Sequence[db.Row],
    *,
    settles: str | None = None,
    repeatable: bool = True,
) -> Parcel:
    """The call for these rows, in an order that a repeat will find again.

    `settles` makes it a repeat: only the rows in that state are still to be settled by it.
    """
    named = sorted(rows, key=lambda row: row["id"])
    open_rows = [row for row in named if settles is None or row["state"] == settles]
    return Parcel(
        send_id,
        task_id,
        first_at,
        tuple(row["id"] for row in open_rows),
        tuple(row["address"] for row in named),
        max(row["attempts"] for row in open_rows),
        repeat=settles is not None,
        repeatable=repeatable,
        reached_at=tuple(row["address"] for row in open_rows),
    )
