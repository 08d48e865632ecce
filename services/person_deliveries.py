"""A message's deliveries to people who work here: their first rung, and the next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models import db
from models.ledger import DeliveryState
from services.reach import Ladder

# One statement for all receivers: 20,000 of them cost no more round trips than one.
_DELIVERIES = """
WITH target AS (
    SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[])
               AS t(person_id, channel, address, state)
), made AS (
    INSERT INTO deliveries
        (message_id, person_id, channel, address, state, priority, not_before, expires_at, reason)
    SELECT $1, person_id, channel, address, state, $6, $7, $8,
           CASE WHEN state = 'failed' THEN 'no_channel' END
      FROM target
    RETURNING id, state, reason
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, state, $9, reason FROM made
"""
# The same message once more, on the next rung that has not carried it to them yet.
_NEXT_CHANNEL = """
WITH rung AS (
    SELECT DISTINCT ON (p.id) p.id AS person_id, l.channel, i.user_id AS address
      FROM persons p
      JOIN identities i ON i.person_id = p.id
      JOIN unnest($3::text[], $4::text[]) WITH ORDINALITY AS l(channel, platform, rung)
        ON l.platform = i.platform
     WHERE p.active AND p.id = ANY($2)
       AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = $1
                          AND d.person_id = p.id AND d.channel = l.channel)
     ORDER BY p.id, (p.preferred_channel IS DISTINCT FROM l.channel), l.rung, i.rank
), made AS (
    INSERT INTO deliveries
        (message_id, person_id, channel, address, state, priority, not_before, expires_at)
    SELECT m.id, r.person_id, r.channel, r.address, 'queued', m.priority, $5, $6
      FROM rung r JOIN messages m ON m.id = $1 AND m.withdrawn_at IS NULL
    RETURNING id, person_id
), told AS (
    INSERT INTO delivery_events (delivery_id, state, at, detail)
    SELECT id, 'queued', $5, 'next channel' FROM made
)
SELECT person_id FROM made ORDER BY person_id
"""


async def write(
    message_id: int,
    to: Sequence[int],
    ladder: Ladder,
    priority: int,
    due: datetime,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Queue one to each on their first rung of `ladder`; it has failed for whom it has none."""
    people = list(dict.fromkeys(to))
    rungs = await ladder.rungs(people)
    found = [rungs.get(person, ("none", "")) for person in people]
    states = [
        DeliveryState.FAILED if channel == "none" else DeliveryState.QUEUED for channel, _ in found
    ]
    await db.execute(
        _DELIVERIES,
        message_id,
        people,
        [channel for channel, _ in found],
        [address for _, address in found],
        [str(state) for state in states],
        priority,
        due,
        expires_at,
        now,
    )


async def climb(
    message_id: int, people: Sequence[int], ladder: Ladder, now: datetime, expires_at: datetime
) -> list[int]:
    """Queue it once more on the next rung that has not carried it; for whom there is one."""
    rows = await db.fetch(
        _NEXT_CHANNEL, message_id, list(people), *ladder.arguments, now, expires_at
    )
    return [row["person_id"] for row in rows]
