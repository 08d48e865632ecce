"""When a person may be disturbed: not at night, and not while they sleep after a night shift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from models import db
from models.clock import SHANGHAI
from models.policies import QuietHours

_RESTING = """
SELECT person_id, max(ends_at) AS ended FROM shifts
 WHERE person_id = ANY($1) AND state = 'planned' AND kind = 'night'
   AND starts_at < $2 AND ends_at > $3 AND ends_at <= $2
 GROUP BY person_id
"""


def night_ends(rule: QuietHours, now: datetime) -> datetime | None:
    """The end of the quiet night that `now` lies in, or None outside it."""
    local = now.astimezone(SHANGHAI)
    overnight = rule.start > rule.end
    clock = local.time()
    inside = (
        (clock >= rule.start or clock < rule.end) if overnight else rule.start <= clock < rule.end
    )
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if overnight and clock >= rule.start else 0)
    return datetime.combine(day, rule.end, SHANGHAI).astimezone(now.tzinfo)


async def resting_until(
    rule: QuietHours, people: Iterable[int], now: datetime
) -> Mapping[int, datetime]:
    """Of these people, those who sleep after a night shift, and until when."""
    rows = await db.fetch(_RESTING, list(people), now, now - rule.after_night)
    return {row["person_id"]: row["ended"] + rule.after_night for row in rows}
