"""The ledger as an operator reads it: who was told what, and how far it is known to have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from models import db
from services.actors import Actor
from services.console import scope
from services.permissions import Act, may_anywhere, require
from services.refusals import Refusal

PAGE = 50

_ROW = """
SELECT d.id, d.state, d.reason, d.code, d.channel, d.attempts, d.not_before, d.expires_at,
       m.purpose, coalesce(p.name, g.title) AS receiver, d.candidate_id,
       g.id IS NOT NULL AS to_group,
       coalesce(p.unit_id, g.unit_id) AS unit_id, u.name AS unit,
       coalesce(e.at, d.not_before) AS at
  FROM deliveries d JOIN messages m ON m.id = d.message_id
  LEFT JOIN persons p ON p.id = d.person_id LEFT JOIN unit_groups g ON g.id = d.group_id
  LEFT JOIN units u ON u.id = coalesce(p.unit_id, g.unit_id)
  LEFT JOIN LATERAL (SELECT at FROM delivery_events WHERE delivery_id = d.id
                      ORDER BY id DESC LIMIT 1) e ON true
"""
_LIST = f"""{_ROW}
 WHERE ($1::bigint[] IS NULL OR coalesce(p.unit_id, g.unit_id) = ANY($1))
   AND ($2::text IS NULL OR d.state = $2)
   AND ($3::date IS NULL OR timezone('Asia/Shanghai', d.not_before)::date = $3)
   AND ($4::bigint IS NULL OR d.id < $4)
 ORDER BY d.id DESC LIMIT $5
"""
_EVENTS = "SELECT state, at, detail FROM delivery_events WHERE delivery_id = $1 ORDER BY id"


@dataclass(frozen=True, slots=True)
class Filter:
    """None leaves a condition out; `before` is the last id of the page above."""

    state: str | None = None
    unit_id: int | None = None
    day: date | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[db.Row]
    next_before: int | None


async def page(actor: Actor, wanted: Filter) -> Page:
    """Newest first. Raises Refusal("not_allowed") for a unit out of scope."""
    if wanted.unit_id is not None:
        require(actor, Act.SEE_DELIVERIES, wanted.unit_id)
    elif not may_anywhere(actor, Act.SEE_DELIVERIES):
        raise Refusal("not_allowed")
    units = scope.unit_ids(actor) if wanted.unit_id is None else [wanted.unit_id]
    rows = await db.fetch(_LIST, units, wanted.state, wanted.day, wanted.before, PAGE + 1)
    shown = rows[:PAGE]
    return Page(shown, shown[-1]["id"] if len(rows) > PAGE else None)


async def one(actor: Actor, delivery_id: int) -> tuple[db.Row, list[db.Row]]:
    """A delivery and its history. Raises Refusal, the same for absent and out of scope."""
    row = await db.fetch_one(f"{_ROW} WHERE d.id = $1", delivery_id)
    if row is None:
        raise Refusal("not_allowed")
    require(actor, Act.SEE_DELIVERIES, row["unit_id"])
    return row, await db.fetch(_EVENTS, delivery_id)
