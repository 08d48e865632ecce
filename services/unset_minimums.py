"""Wards that are worked in and have no minimum: nothing can be short there, so it is said once."""

from __future__ import annotations

from datetime import datetime

from models import db
from models.clock import Clock
from models.ledger import Priority
from services import audit
from services.hospital import Hospital
from services.ledger import Ledger
from services.offices import Office, people_of
from services.purposes import Purpose, from_context

UNSET = "gaps.unset"
SHOWN = 20

# The audit log remembers of which wards it was said, however often a minimum comes and goes.
_UNSET = """
SELECT u.id, u.name,
       EXISTS (SELECT 1 FROM audit_rows a
                WHERE a.subject = 'units:' || u.id AND a.action = 'gaps.unset') AS told
  FROM units u
 WHERE u.kind = 'ward' AND u.staffing = '[]'
   AND EXISTS (SELECT 1 FROM shifts s
                WHERE s.unit_id = u.id AND s.state = 'planned' AND s.starts_at > $1)
 ORDER BY u.id
"""


async def unset_wards(now: datetime) -> list[db.Row]:
    """Wards with shifts ahead and no minimum: id, name, `told` whether it was said."""
    return await db.fetch(_UNSET, now)


class UnsetMinimums:
    def __init__(self, ledger: Ledger, hospital: Hospital, clock: Clock) -> None:
        self.ledger = ledger
        self.hospital = hospital
        self.clock = clock
        ledger.purposes.add([Purpose(UNSET, from_context, Priority.DIGEST)])

    async def tell(self) -> int:
        """The nursing office and IT hear of every ward once; how many wards were new."""
        now = self.clock.now()
        rows = await unset_wards(now)
        new = [row for row in rows if not row["told"]]
        if not new:
            return 0
        await audit.record_many(now, "system", [(UNSET, f"units:{row['id']}", {}) for row in new])
        context = {
            "names": [row["name"] for row in new[:SHOWN]],
            "count": len(new),
            "url": f"{self.hospital.public_url}/console/staffing/import",
        }
        to = await people_of(Office.NURSING, Office.IT)
        await self.ledger.notify(UNSET, 0, to, context=context)
        return len(new)
