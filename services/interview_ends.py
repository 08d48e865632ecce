"""An interview has ended: its result's clock starts, and its interviewers are asked for scores."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from models import db
from models.clock import Clock
from services import audit
from services.working_days import WorkingTime

BATCH = 200

# Also one that got a new time after it had ended once: who did not come may be given another.
_DUE = """
SELECT i.id, s.ends_at, p.notice_within FROM interviews i JOIN slots s ON s.id = i.slot_id
  JOIN postings p ON p.id = s.posting_id
 WHERE i.state IN ('confirmed', 'held') AND s.ends_at <= $1
   AND (i.ended_at IS NULL OR i.ended_at < s.starts_at)
 ORDER BY s.ends_at, i.id LIMIT $2 FOR UPDATE OF i SKIP LOCKED
"""
_END = """
UPDATE interviews SET ended_at = $2, result_due_at = $3, result_provisional = $4, result_step = 0
 WHERE id = $1
"""

Ended = Callable[[int], Awaitable[None]]


class InterviewEnds:
    """`then` is called for each interview in the transaction that ends it."""

    def __init__(self, working_time: WorkingTime, clock: Clock, then: Ended) -> None:
        self.working_time = working_time
        self.clock = clock
        self._then = then

    async def tick(self) -> int:
        """End what is over; how many. Idempotent: the clock starts at the slot's own end."""
        total = 0
        while ended := await self._batch():
            total += ended
        return total

    async def _batch(self) -> int:
        async with db.transaction():
            rows = await db.fetch(_DUE, self.clock.now(), BATCH)
            for row in rows:
                await self._end(row["id"], row["ends_at"], row["notice_within"])
        return len(rows)

    async def _end(self, interview_id: int, ended: datetime, notice: int | None) -> None:
        due = self.working_time.result_due(ended, notice).deadline
        await db.execute(_END, interview_id, ended, due.at, due.provisional)
        await audit.record(
            self.clock.now(),
            "system",
            "interview.ended",
            f"interviews:{interview_id}",
            due=due.at,
            provisional=due.provisional,
        )
        await self._then(interview_id)
