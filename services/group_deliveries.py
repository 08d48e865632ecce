"""A message's deliveries to group chats: a group's id is the address, its door the channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models import db
from services import jobs

_GROUPS = """
SELECT id, door FROM unit_groups
 WHERE id = ANY($1) AND active AND added_at <= $2 ORDER BY id FOR SHARE
"""
_TO_GROUPS = """
WITH made AS (
    INSERT INTO deliveries
        (message_id, group_id, channel, address, state, priority, not_before, expires_at)
    SELECT $1, group_id, door, group_id::text, 'queued', $4, $5, $6
      FROM unnest($2::bigint[], $3::text[]) AS t(group_id, door)
    RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at) SELECT id, 'queued', $7 FROM made
"""
_LEAVE_GROUP = """
WITH gone AS (
    UPDATE deliveries SET state = 'withdrawn', reason = $3
     WHERE group_id = $1 AND state = 'queued' RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'withdrawn', $2, $3 FROM gone
"""


async def doors(groups: Sequence[int], *, bound_by: datetime) -> list[db.Row]:
    """`id` and `door` of those that were bound by this instant and still are.

    They are locked: what was written for one unit is never posted once the group is another's.
    """
    return await db.fetch(_GROUPS, list(groups), bound_by)


async def write(
    message_id: int,
    doors: Sequence[db.Row],
    priority: int,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Queue one to each of these `doors`."""
    await db.execute(
        _TO_GROUPS,
        message_id,
        [row["id"] for row in doors],
        [row["door"] for row in doors],
        priority,
        now,
        expires_at,
        now,
    )
    await jobs.enqueue(jobs.DELIVER)


async def withdraw(group_id: int, now: datetime, why: str) -> None:
    """What was still to be posted there will not be."""
    await db.execute(_LEAVE_GROUP, group_id, now, why)
