"""Who takes a place in a call-out gets the training list of 48 hours; giving it back ends that."""

from __future__ import annotations

from models import db
from models.clock import SHANGHAI, Clock
from services.checklist_rules import Kind
from services.checklists import Checklists

_OPEN = """
SELECT id FROM checklists WHERE person_id = $1 AND subject_id = $2 AND template = ANY($3)
   AND state = 'open' FOR UPDATE
"""
_OF_CANCELLED = """
SELECT c.id FROM checklists c JOIN call_outs o ON o.id = c.subject_id
 WHERE c.state = 'open' AND c.template = ANY($1) AND o.state = 'cancelled'
 ORDER BY c.id FOR UPDATE OF c SKIP LOCKED
"""


class CallOutTraining:
    """Hooks of a call-out, called in the transaction that gives or takes the place."""

    def __init__(self, checklists: Checklists, clock: Clock) -> None:
        self.checklists = checklists
        self.clock = clock

    async def accepted(self, call_out_id: int, person_id: int) -> None:
        """A hospital that has no such template wants no list."""
        for key in self.checklists.rules.of_kind(Kind.CALL_OUT)[:1]:
            today = self.clock.now().astimezone(SHANGHAI).date()
            await self.checklists.open("system", key, person_id, today, call_out_id)

    async def left(self, call_out_id: int, person_id: int) -> None:
        keys = self.checklists.rules.of_kind(Kind.CALL_OUT)
        for row in await db.fetch(_OPEN, person_id, call_out_id, keys):
            await self.checklists.cancel(row["id"], "system")

    async def tidy(self) -> int:
        """Nobody trains for a call-out that was cancelled; how many lists ended."""
        async with db.transaction():
            keys = self.checklists.rules.of_kind(Kind.CALL_OUT)
            rows = await db.fetch(_OF_CANCELLED, keys)
            for row in rows:
                await self.checklists.cancel(row["id"], "system")
        return len(rows)
