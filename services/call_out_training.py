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
