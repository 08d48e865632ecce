"""Candidates whom no channel reached: somebody has to find another way, and is told so."""

from __future__ import annotations

from datetime import timedelta

from models import db
from models.clock import Clock
from services.candidate_tasks import CandidateTasks, caller

LOOK_BACK = timedelta(days=3)
BATCH = 200

# The last delivery of a message failed and nothing follows it. A call nobody took is known to the
# one who called. A result must be told however late: one that expired unsent counts as well.
_FAILED = """
SELECT d.candidate_id, m.id AS message_id, i.id AS interview_id, r.recruiter_id
  FROM deliveries d
  JOIN messages m ON m.id = d.message_id
  LEFT JOIN interviews i ON i.id = m.subject_id AND m.purpose LIKE 'interviews.%'
  LEFT JOIN LATERAL (
        SELECT p.recruiter_id FROM applications a JOIN postings p ON p.id = a.posting_id
         WHERE a.candidate_id = d.candidate_id
         ORDER BY (a.id IS DISTINCT FROM i.application_id), a.id DESC LIMIT 1) r ON true
 WHERE d.candidate_id IS NOT NULL AND m.withdrawn_at IS NULL AND m.purpose <> ALL($3)
   AND (d.state = 'failed' AND d.not_before > $1
        OR d.state = 'expired' AND d.expires_at > $1
           AND m.purpose IN ('outcomes.rejection', 'outcomes.offer'))
   AND NOT (d.channel = 'phone_task' AND coalesce(d.reason, '') = 'nobody picked up')
   AND NOT EXISTS (SELECT 1 FROM deliveries later
                    WHERE later.message_id = d.message_id AND later.id > d.id)
   AND NOT EXISTS (SELECT 1 FROM candidate_tasks t
                    WHERE t.kind = 'no_channel' AND t.candidate_id = d.candidate_id
                      AND t.opened_at > $1)
 ORDER BY d.id LIMIT $2
"""


class Unreachable:
    def __init__(self, tasks: CandidateTasks, clock: Clock) -> None:
        self.tasks = tasks
        self.clock = clock

    async def tell(self) -> int:
        """Open a task for each candidate nothing reached lately; how many were opened."""
        async with db.transaction():
            await db.lock("candidates.unreachable")
            # What only certain channels may carry is not worth a colleague's call.
            small = [each.name for each in self.tasks.ledger.purposes if each.only is not None]
            rows = await db.fetch(_FAILED, self.clock.now() - LOOK_BACK, BATCH, small)
            by_candidate = {row["candidate_id"]: row for row in rows}
            opened = [await self._open(row) for row in by_candidate.values()]
        return sum(task is not None for task in opened)

    async def _open(self, row: db.Row) -> int | None:
        return await self.tasks.open(
            "no_channel",
            person=await caller(row["recruiter_id"]),
            candidate_id=row["candidate_id"],
            interview_id=row["interview_id"],
            detail={},
            key=f"no_channel:{row['message_id']}",
        )
