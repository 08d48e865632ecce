"""Records of candidates end at their term, without anybody asking, and never in mid-procedure.

PIPL art. 19: no longer than the purpose needs. An unsuccessful application is kept for the
hospital's `candidates_kept`, counted from the result; who agreed to stay is kept until the day
that was printed. Whoever was told a result keeps at least that long to disagree with it.
"""

from __future__ import annotations

from datetime import date, timedelta

import structlog

from models import db
from models.clock import SHANGHAI, Clock
from services import erasure_scope
from services.erasure import Erasure

log = structlog.get_logger()

BATCH = 50

# Interviews that are open, held without a result, or whose result is being written.
ACTIVE = """
EXISTS (SELECT 1 FROM interviews i JOIN applications a ON a.id = i.application_id
         WHERE a.candidate_id = c.id
           AND (i.state IN ('invited', 'choosing', 'confirmed')
                OR i.state = 'held' AND NOT EXISTS (
                       SELECT 1 FROM outcomes o WHERE o.interview_id = i.id AND o.state = 'sent')
                OR EXISTS (SELECT 1 FROM outcomes o WHERE o.interview_id = i.id
                              AND o.state IN ('asked', 'waiting'))))
"""
# The last day; a rejection that went out lately moves it, so that its question can be answered.
LAST_DAY = """
greatest(CASE WHEN c.pool_consent_at IS NULL THEN c.keep_until
              ELSE coalesce(c.pool_until, c.keep_until) END,
         (SELECT (max(o.sent_at) AT TIME ZONE 'Asia/Shanghai')::date + {kept}
            FROM outcomes o JOIN interviews i ON i.id = o.interview_id
            JOIN applications a ON a.id = i.application_id
           WHERE a.candidate_id = c.id AND o.state = 'sent'))
"""


_DUE = f"""
SELECT c.id FROM candidates c
 WHERE c.erased_at IS NULL AND least(c.keep_until, c.pool_until) < $1
   AND {LAST_DAY} < $1 AND NOT {ACTIVE} ORDER BY c.id LIMIT $2
"""
_STILL_DUE = f"""
SELECT {LAST_DAY} < $1 AND NOT {ACTIVE} FROM candidates c WHERE c.id = $2 AND c.erased_at IS NULL
"""


class Forgetting:
    """`kept` is how long an unsuccessful application is kept after its result."""

    def __init__(self, erasure: Erasure, kept: timedelta, clock: Clock) -> None:
        self.erasure = erasure
        self.clock = clock
        self._kept = kept.days

    async def forget_due(self) -> int:
        """Erase those whose last day is over; how many."""
        today = self.clock.now().astimezone(SHANGHAI).date()
        rows = await db.fetch(_DUE.format(kept=self._kept), today, BATCH)
        return sum([await self._forget(row["id"], today) for row in rows])

    async def last_day(self, candidate_id: int) -> date | None:
        """Until when we hold what we hold, if nothing happens; None: there is nothing."""
        sql = f"SELECT {LAST_DAY} FROM candidates c WHERE c.id = $1 AND c.erased_at IS NULL"
        day: date | None = await db.fetch_value(sql.format(kept=self._kept), candidate_id)
        return day

    async def _forget(self, candidate_id: int, today: date) -> bool:
        """Looked at again under the lock: an invitation may have come between."""
        try:
            async with db.transaction():
                scope = await erasure_scope.locked(candidate_id)
                sql = _STILL_DUE.format(kept=self._kept)
                if scope is None or not await db.fetch_value(sql, today, candidate_id):
                    return False
                agreed = scope.candidate["pool_consent_at"] is not None
                why = "the agreed day is over" if agreed else "the term is over"
                await self.erasure.erase(candidate_id, "system", why)
        except Exception as error:
            log.warning("not_forgotten", candidate=candidate_id, error=type(error).__name__)
            return False
        return True
