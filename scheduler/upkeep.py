"""Ticks that keep the house: what a dead worker left, parked events, the audit chain."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from models import db
from models.clock import Clock
from scheduler import outcomes
from scheduler.workers import WorkerLease
from services import jobs

log = structlog.get_logger()

_DUE = """
SELECT c.name FROM unnest($2::text[]) AS c(name)
 WHERE NOT EXISTS (SELECT 1 FROM channel_pauses p WHERE p.channel = c.name AND p.until > $1)
   AND EXISTS (
    SELECT 1 FROM deliveries d
     WHERE (state = 'queued' OR (state = 'unknown' AND repeat_until IS NOT NULL))
       AND not_before <= $1 AND d.channel = c.name)
"""


async def due_channels(channels: Sequence[str], clock: Clock) -> set[str]:
    """Those of these channels that do not rest and have something to be sent now."""
    return {row["name"] for row in await db.fetch(_DUE, clock.now(), list(channels))}


async def take_over(lease: WorkerLease, clock: Clock) -> int:
    """Settle what dead workers were sending; how many deliveries became unknown."""
    found = 0
    for worker_id in await lease.the_dead():
        found += await outcomes.presume_unknown(worker_id, clock.now())
        await lease.bury(worker_id)
        log.warning("worker_died", worker=worker_id, unknown=found)
        await jobs.enqueue(jobs.DELIVER)
    return found


async def wake_for_due(channels: Sequence[str], clock: Clock) -> int:
    """A job when something is due on channels that can send; nothing while there is nothing."""
    due = await due_channels(channels, clock)
    if due:
        await jobs.enqueue(jobs.DELIVER)
    return len(due)


async def wake_parked(clock: Clock) -> int:
    """A job for every sender whose oldest parked event may be tried again."""
    rows = await db.fetch(
        "SELECT DISTINCT sender FROM inbox WHERE state = 'pending' AND retry_at <= $1 LIMIT 200",
        clock.now(),
    )
    for row in rows:
        await jobs.enqueue(jobs.HANDLE, row["sender"], once=f"handle:{row['sender']}")
    return len(rows)
