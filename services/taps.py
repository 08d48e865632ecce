"""From the card that was tapped to what it was about, and whether it was the tapper's to tap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models import db
from services.refusals import Refusal

_FIND = """
SELECT m.id AS message_id, m.purpose, m.subject_id, d.id AS delivery_id
  FROM sends s
  LEFT JOIN deliveries d ON d.send_id = s.id AND d.person_id = $2
  LEFT JOIN messages m ON m.id = d.message_id
 WHERE s.task_id = $1
"""
_FIND_FOR_CANDIDATE = """
SELECT m.id AS message_id, m.purpose, m.subject_id, d.id AS delivery_id
  FROM sends s
  LEFT JOIN deliveries d ON d.send_id = s.id AND d.candidate_id = $2
  LEFT JOIN messages m ON m.id = d.message_id
 WHERE s.task_id = $1
"""
_SEEN = """
WITH moved AS (
    UPDATE deliveries SET state = 'seen' WHERE id = $1 AND state IN ('accepted', 'unknown')
    RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'seen', $2, 'tapped' FROM moved
"""
# The send's own code draws for everybody; a tap's takes its place only when that one is spent and
# nobody else has this card. Where a card never had a code it stays so.
_KEEP_CODE = """
UPDATE sends s SET response_code = $2
 WHERE s.task_id = $1 AND s.response_code IS NULL
   AND (SELECT count(*) FROM deliveries d WHERE d.send_id = s.id) = 1
"""


_BY_CODE = """
SELECT s.task_id, m.purpose
  FROM sends s
  JOIN deliveries d ON d.send_id = s.id AND d.person_id = $2
  JOIN messages m ON m.id = d.message_id
 WHERE s.code = $1
 ORDER BY s.first_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Coded:
    """The card that a short code names."""

    task_id: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Tapped:
    """The message a card carried for its tapper."""

    message_id: int
    purpose: str
    subject_id: int


async def by_code(code: str, person_id: int) -> Coded | None:
    """The card with this code among those that were sent to this person."""
    row = await db.fetch_one(_BY_CODE, code, person_id)
    return Coded(row["task_id"], row["purpose"]) if row else None


async def resolve(task_id: str, person_id: int, now: datetime) -> Tapped:
    """What this card said to this person, marked as seen.

    Raises Refusal: `card_unknown` for a card we never sent, `card_not_yours` for one that was
    sent to somebody else, whoever forwarded it.
    """
    return await _resolved(await db.fetch_one(_FIND, task_id, person_id), now)


async def keep_code(task_id: str, response_code: str) -> None:
    """Each tap brings a code that redraws the card once more (page D94888): kept if of use."""
    await db.execute(_KEEP_CODE, task_id, response_code)


async def resolve_for_candidate(task_id: str, candidate_id: int | None, now: datetime) -> Tapped:
    """The same for a candidate; a stranger has no card of ours. Raises Refusal."""
    return await _resolved(await db.fetch_one(_FIND_FOR_CANDIDATE, task_id, candidate_id), now)


async def _resolved(row: db.Row | None, now: datetime) -> Tapped:
    if row is None:
        raise Refusal("card_unknown")
    if row["delivery_id"] is None:
        raise Refusal("card_not_yours")
    await db.execute(_SEEN, row["delivery_id"], now)
    return Tapped(row["message_id"], row["purpose"], row["subject_id"])
