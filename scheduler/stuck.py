"""A candidate's message waits for a channel that is down: the next one carries it instead.

Staff wait: their channel comes back, and they have no other. A candidate decides between offers.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from models import db
from scheduler.outcomes import climb_for_candidate
from services.reach import Ladder

PATIENCE = timedelta(minutes=15)

_STUCK = """
WITH stuck AS (
    SELECT d.id FROM deliveries d JOIN channel_pauses p ON p.channel = d.channel
     WHERE d.candidate_id IS NOT NULL AND d.state = 'queued' AND d.not_before <= $2
       AND p.until > $1 AND d.expires_at > $1
     ORDER BY d.id LIMIT 500 FOR UPDATE OF d SKIP LOCKED
), moved AS (
    UPDATE deliveries SET state = 'failed', reason = 'the channel rests'
     WHERE id IN (SELECT id FROM stuck) RETURNING id
), written AS (
    INSERT INTO delivery_events (delivery_id, state, at, detail)
    SELECT id, 'failed', $1, 'the channel rests' FROM moved
)
SELECT id FROM moved ORDER BY id
"""


async def move_on(ladder: Ladder, now: datetime) -> int:
    """Let what has waited for PATIENCE climb; how many. To be called in a transaction."""
    rows = await db.fetch(_STUCK, now, now - PATIENCE)
    for row in rows:
        await climb_for_candidate(row["id"], ladder, now)
    return len(rows)
