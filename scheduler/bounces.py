"""A platform took a message and tells later that it could not bring it."""

from __future__ import annotations

from datetime import datetime

from models import db
from scheduler.outcomes import climb
from services.reach import Ladder

_BOUNCED = """
WITH moved AS (
    UPDATE deliveries d SET state = 'failed', reason = $3
      FROM sends s
     WHERE s.id = d.send_id AND s.task_id = $1 AND d.state IN ('sending', 'accepted', 'unknown')
    RETURNING d.id
), written AS (
    INSERT INTO delivery_events (delivery_id, state, at, detail)
    SELECT id, 'failed', $2, $3 FROM moved
)
SELECT id FROM moved
"""


async def bounced(task_id: str, why: str, ladder: Ladder, now: datetime) -> bool:
    """The message with this key did not arrive: its receiver is tried elsewhere. False: known."""
    rows = await db.fetch(_BOUNCED, task_id, now, why[:255])
    for row in rows:
        await climb(row["id"], ladder, now)
    return bool(rows)
