"""Who has a shift tomorrow but no channel that reaches them (product N20)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from models import db
from models.clock import SHANGHAI, Clock
from services.reach import FIRST_RUNG, Ladder

LOOK_BACK = timedelta(days=14)

# What arrived after the last failure proves the channel again.
_TOMORROW = f"""
WITH due AS (
    SELECT DISTINCT s.person_id, s.unit_id FROM shifts s
     WHERE s.state = 'planned' AND s.starts_at >= $3 AND s.starts_at < $4
), rungs AS ({FIRST_RUNG}), failed AS (
    SELECT d.person_id, max(d.id) AS id FROM deliveries d
     WHERE d.state = 'failed' AND d.not_before > $5
       AND d.person_id IN (SELECT person_id FROM due) GROUP BY d.person_id
)
SELECT due.unit_id, u.name AS unit, p.name, (r.person_id IS NULL) AS no_account
  FROM due JOIN persons p ON p.id = due.person_id JOIN units u ON u.id = due.unit_id
  LEFT JOIN rungs r ON r.person_id = due.person_id
  LEFT JOIN failed f ON f.person_id = due.person_id
 WHERE p.active AND (r.person_id IS NULL OR f.id IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM deliveries later
        WHERE later.person_id = due.person_id
          AND (later.id > f.id OR later.message_id = (SELECT message_id FROM deliveries
                                                       WHERE id = f.id))
          AND later.state IN ('accepted', 'seen', 'answered')))
 ORDER BY u.id, p.staff_no
"""


@dataclass(frozen=True, slots=True)
class Unreached:
    """`no_account`: none on any channel; else the last message did not arrive on any."""

    unit_id: int
    unit: str
    name: str
    no_account: bool


async def unreached_tomorrow(ladder: Ladder, clock: Clock) -> list[Unreached]:
    """Everybody whose shift begins tomorrow and whom the bot cannot tell of it."""
    now = clock.now()
    morrow = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    begin = datetime.combine(morrow, time(), SHANGHAI)
    rows = await db.fetch(
        _TOMORROW, *ladder.arguments, begin, begin + timedelta(days=1), now - LOOK_BACK
    )
    return [Unreached(**row) for row in rows]
