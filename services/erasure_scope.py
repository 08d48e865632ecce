"""What belongs to one candidate, and how everything that is still going on about them ends.

Locks are taken in the order in which everybody answers for a candidate: interviews, applications,
outcomes, the candidate. Whoever adds an interview waits at the application, whoever adds anything
else at the candidate; what was added on the way there is looked for once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models import db
from models.interviews import OPEN, SEATED

_INTERVIEWS = """
SELECT i.id FROM interviews i JOIN applications a ON a.id = i.application_id
 WHERE a.candidate_id = $1 ORDER BY i.id FOR UPDATE OF i
"""
_APPLICATIONS = "SELECT id FROM applications WHERE candidate_id = $1 ORDER BY id FOR UPDATE"
_OUTCOMES = "SELECT id FROM outcomes WHERE interview_id = ANY($1) ORDER BY id FOR UPDATE"
_CANDIDATE = "SELECT * FROM candidates WHERE id = $1 FOR UPDATE"
_TASKS = """
SELECT id FROM candidate_tasks WHERE candidate_id = $1 OR interview_id = ANY($2) ORDER BY id
"""
_APPROVALS = "SELECT id FROM approvals WHERE kind = 'outcomes' AND subject_id = ANY($1)"

# A seat that is past tells how many came; one that lies ahead is somebody else's now.
_END_INTERVIEWS = """
WITH old AS (SELECT id, state, slot_id FROM interviews WHERE id = ANY($1) AND state = ANY($2)),
ended AS (
    UPDATE interviews i SET state = 'cancelled', closed_at = $4::timestamptz
      FROM old WHERE i.id = old.id RETURNING i.id
), freed AS (
    UPDATE slots s SET taken = s.taken - n.seats
      FROM (SELECT slot_id, count(*) AS seats FROM old WHERE state = ANY($3) GROUP BY slot_id) n
     WHERE s.id = n.slot_id AND s.starts_at > $4 RETURNING s.id
)
SELECT old.id, p.recruiter_id FROM old
  JOIN interviews i ON i.id = old.id
  JOIN applications a ON a.id = i.application_id JOIN postings p ON p.id = a.posting_id
  JOIN slots s ON s.id = old.slot_id
 WHERE s.starts_at > $4 ORDER BY old.id
"""
_SILENCE = """
WITH marked AS (
    UPDATE messages m SET withdrawn_at = $2
     WHERE withdrawn_at IS NULL AND EXISTS (
               SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.candidate_id = $1)
), gone AS (
    UPDATE deliveries SET state = 'withdrawn', reason = $3
     WHERE candidate_id = $1 AND state = 'queued' RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'withdrawn', $2, $3 FROM gone
"""
_CLOSE_ASKS = """
UPDATE asks SET state = 'withdrawn', next_step_at = NULL
 WHERE candidate_id = $1 AND state = 'open'
"""
_END_OUTCOMES = """
UPDATE outcomes SET state = 'withdrawn' WHERE id = ANY($1) AND state IN ('asked', 'waiting')
"""
_END_APPLICATIONS = """
UPDATE applications SET stage = 'withdrawn'
 WHERE id = ANY($1) AND stage NOT IN ('offered', 'declined', 'withdrawn')
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Ids of the rows that belong to a candidate, whose own row is `candidate`."""

    candidate: db.Row
    applications: list[int]
    interviews: list[int]
    outcomes: list[int]
    tasks: list[int]
    approvals: list[int]

    @property
    def candidate_id(self) -> int:
        return int(self.candidate["id"])


async def locked(candidate_id: int) -> Scope | None:
    """The candidate and all of theirs, locked until the transaction ends; None: no such one."""
    await _theirs(candidate_id)
    candidate = await db.fetch_one(_CANDIDATE, candidate_id)
    if candidate is None:
        return None
    interviews, applications, outcomes = await _theirs(candidate_id)
    tasks = await _ids(_TASKS, candidate_id, interviews)
    approvals = await _ids(_APPROVALS, outcomes)
    return Scope(candidate, applications, interviews, outcomes, tasks, approvals)


async def stop(scope: Scope, now: datetime, why: str, *, left: bool) -> list[tuple[int, int]]:
    """Nothing goes on about them: seats are free again, what was to be sent is withdrawn.

    Interviews that lay ahead, each with the recruiter who should hear of it. `left`: it was their
    wish, and so they withdrew from what they applied for.
    """
    rows = await db.fetch(_END_INTERVIEWS, scope.interviews, list(OPEN), list(SEATED), now)
    await db.execute(_SILENCE, scope.candidate_id, now, why)
    await db.execute(_CLOSE_ASKS, scope.candidate_id)
    await db.execute(_END_OUTCOMES, scope.outcomes)
    if left:
        await db.execute(_END_APPLICATIONS, scope.applications)
    return [(row["id"], row["recruiter_id"]) for row in rows]


async def _theirs(candidate_id: int) -> tuple[list[int], list[int], list[int]]:
    """Interviews, applications and outcomes, locked in this order."""
    interviews = await lock_interviews(candidate_id)
    applications = await _ids(_APPLICATIONS, candidate_id)
    return interviews, applications, await _ids(_OUTCOMES, interviews)


async def lock_interviews(candidate_id: int) -> list[int]:
    """What comes first for everybody who changes something about a candidate."""
    return await _ids(_INTERVIEWS, candidate_id)


async def _ids(sql: str, *args: object) -> list[int]:
    return [row["id"] for row in await db.fetch(sql, *args)]
