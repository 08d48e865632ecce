"""退订: nothing more is sent to this candidate, and what was about to be sent is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models import db
from models.asks import AskState
from models.clock import Clock
from models.ledger import Priority
from services import audit
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject

OPTED_OUT = "candidates.opted_out"

_OPT_OUT = """
UPDATE candidates SET opted_out_at = $2
 WHERE id = $1 AND opted_out_at IS NULL AND erased_at IS NULL
"""
_WITHDRAW = """
WITH gone AS (
    UPDATE deliveries SET state = 'withdrawn', reason = 'opted_out'
     WHERE candidate_id = $1 AND state = 'queued' RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'withdrawn', $2, 'opted_out' FROM gone
"""
_CLOSE = """
UPDATE asks SET state = $2, next_step_at = NULL WHERE candidate_id = $1 AND state = 'open'
"""


class OptingOut:
    def __init__(self, ledger: Ledger, hospital: str, clock: Clock) -> None:
        self.ledger = ledger
        self.hospital = hospital
        self.clock = clock
        ledger.purposes.add(
            [Purpose(OPTED_OUT, self._facts, Priority.DECISION, quiet=False, always=True)]
        )

    async def opt_out(self, candidate_id: int, *, via: str, office: str, erase: bool) -> bool:
        """Once; False when they had opted out before. One last message says so."""
        now = self.clock.now()
        if not await db.execute(_OPT_OUT, candidate_id, now):
            return False
        await db.execute(_WITHDRAW, candidate_id, now)
        await db.execute(_CLOSE, candidate_id, str(AskState.WITHDRAWN))
        await self.ledger.notify_candidate(
            OPTED_OUT,
            candidate_id,
            candidate_id,
            context={"office": office, "erase": erase},
            once=f"{OPTED_OUT}:{candidate_id}:{now:%Y%m%d}",
        )
        actor, subject = f"candidate:{candidate_id}", f"candidates:{candidate_id}"
        await audit.record(now, actor, "candidate.opted_out", subject, via=via)
        return True

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return {
            subject.message_id: Facts({**subject.context, "hospital": self.hospital})
            for subject in subjects
        }
