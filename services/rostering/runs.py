"""Runs in the database: one attempt at a unit's month, from the asking to what became of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from models import db
from models.roster_runs import RunState
from services import jobs
from services.refusals import Refusal
from services.rostering.findings import Finding
from services.rostering.model import Progress

OPEN = (RunState.WAITING, RunState.SOLVING)

_OPEN = """
INSERT INTO roster_runs (unit_id, by_id, first_day, last_day, seconds, state, asked_at)
VALUES ($1, $2, $3, $4, $5, 'waiting', $6)
ON CONFLICT (unit_id, first_day) WHERE state IN ('waiting', 'solving') DO NOTHING RETURNING id
"""
_MOVE = """
UPDATE roster_runs SET state = $3,
       finished_at = CASE WHEN $4 THEN coalesce(finished_at, $5::timestamptz) END
 WHERE id = $1 AND state = ANY($2) RETURNING *
"""
_PROGRESS = """
UPDATE roster_runs SET progress = coalesce($2::jsonb, progress)
 WHERE id = $1 AND state = 'solving' RETURNING id
"""
_RESULT = """
UPDATE roster_runs SET findings = $2, cost = $3, roster_id = $4, progress = $5 WHERE id = $1
"""
_LOAD = """
SELECT r.*, u.name AS unit, p.name AS asker, o.state AS roster_state
  FROM roster_runs r JOIN units u ON u.id = r.unit_id JOIN persons p ON p.id = r.by_id
  LEFT JOIN rosters o ON o.id = r.roster_id WHERE r.id = ANY($1)
"""
# A job that was given up, or that nobody can read any more, no longer waits and is not under way.
_WITHOUT_JOB = """
SELECT * FROM roster_runs r WHERE state IN ('waiting', 'solving') AND NOT EXISTS (
    SELECT 1 FROM pgqueuer j WHERE j.entrypoint = $1 AND j.status IN ('queued', 'picked')
       AND j.payload = convert_to(r.id::text, 'UTF8'))
 ORDER BY id
"""


async def open_run(
    unit_id: int, by: int, first: date, last: date, seconds: int, now: datetime
) -> int:
    """Raises Refusal("draft_running"): there is one for this month."""
    run_id: int | None = await db.fetch_value(_OPEN, unit_id, by, first, last, seconds, now)
    if run_id is None:
        raise Refusal("draft_running")
    return run_id


async def move(
    run_id: int, expected: Sequence[RunState], new: RunState, now: datetime
) -> db.Row | None:
    """Change state from one of `expected`; None when it stands elsewhere by now."""
    over = new not in OPEN
    states = [str(state) for state in expected]
    return await db.fetch_one(_MOVE, run_id, states, str(new), over, now)


async def without_job() -> list[db.Row]:
    """Runs that are open although nothing works on them, nor ever will."""
    return await db.fetch(_WITHOUT_JOB, jobs.SOLVE)


async def note(run_id: int, progress: Progress | None) -> bool:
    """Write down how far it is; False when nobody wants it any more."""
    body = None
    if progress is not None:
        body = json.dumps(
            {
                "seconds": round(progress.seconds, 1),
                "cost": progress.cost,
                "solutions": progress.solutions,
            }
        )
    return await db.fetch_value(_PROGRESS, run_id, body) is not None


async def keep_result(
    run_id: int,
    findings: Sequence[Finding],
    cost: int | None,
    roster_id: int | None,
    figures: dict[str, object],
) -> None:
    body = json.dumps([finding.as_json() for finding in findings], ensure_ascii=False)
    await db.execute(_RESULT, run_id, body, cost, roster_id, json.dumps(figures))


async def locked(run_id: int) -> db.Row:
    """Raises Refusal("card_unknown")."""
    row = await db.fetch_one("SELECT * FROM roster_runs WHERE id = $1 FOR UPDATE", run_id)
    if row is None:
        raise Refusal("card_unknown")
    return row


async def load(run_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Runs as their messages speak of them, with parsed findings and progress."""
    found = {}
    for row in await db.fetch(_LOAD, list(run_ids)):
        row["findings"] = _parsed(row["findings"])
        row["progress"] = _parsed(row["progress"])
        found[row["id"]] = row
    return found


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
