"""Somebody says that a candidate did not come."""

from __future__ import annotations

from models import db
from models.clock import Clock
from services import audit
from services.actors import Actor

_ABSENT = """
UPDATE interviews SET state = 'no_show', closed_at = $2
 WHERE id = $1 AND state = 'confirmed' RETURNING id
"""


class Absence:
    """The record alone; who also asks the candidate kindly is put in its place by the root."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def note(self, interview_id: int, by: Actor) -> None:
        now = self.clock.now()
        if await db.fetch_value(_ABSENT, interview_id, now) is not None:
            await audit.record(now, by, "interview.no_show", f"interviews:{interview_id}")
