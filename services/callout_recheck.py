"""Whether who says yes may still come: the reasons of the choosing, asked again for one person.

Between the card and the yes a roster may be published, a shift swapped, leave noted, a licence
end. Asked under the lock that gives the place, it is one person's facts, never the pool's.
"""

from __future__ import annotations

from datetime import datetime

from models import db
from services.call_places import place_duty
from services.callout_eligibility import Barred, Eligibility, Excluded, reason_of
from services.callout_facts import wish_of
from services.duty_check import hard_breaks

# Where else they go at that time. Whoever takes a place holds a lock of their own meanwhile.
_ELSEWHERE = """
SELECT c.place FROM call_answers a JOIN call_outs c ON c.id = a.call_out_id
 WHERE a.person_id = $1 AND a.state = 'yes' AND c.id <> $2 AND c.kind <> 'drill'
   AND c.state <> 'cancelled' AND c.report_at < $4 AND c.ends_at > $3
 ORDER BY c.report_at LIMIT 1
"""


class Recheck:
    def __init__(self, eligibility: Eligibility) -> None:
        self.eligibility = eligibility

    async def barred(self, call: db.Row, person_id: int, comes: datetime) -> Barred | None:
        """Why they may not take a place from `comes` on; None: they may.

        Not asked: whether they can be reached, for they have answered, and how far they live, for
        they say when they come. The caller holds the call-out.
        """
        # An old card, or one of the same minute, must not send somebody to two places.
        await db.lock(f"call_answers:{person_id}")
        place = await db.fetch_value(
            _ELSEWHERE, person_id, call["id"], call["report_at"], call["ends_at"]
        )
        if place is not None:
            return Barred(Excluded.BUSY, place=place)
        reason = await self.eligibility.unfit(wish_of(call), person_id)
        if reason is not None:
            return Barred(reason)
        duty = place_duty(call["place"], comes, call["ends_at"])
        broken = await hard_breaks(self.eligibility.rest, duty, [person_id])
        violations = broken.get(person_id)
        return Barred(reason_of(violations), violations) if violations else None
