"""What a platform tells afterwards: that a message was read, arrived, or never did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models import db
from models.clock import Clock

_READ = """
WITH moved AS (
    UPDATE deliveries d SET state = 'seen'
      FROM sends s
     WHERE s.id = d.send_id AND (s.platform_message_id = ANY($1) OR d.platform_id = ANY($1))
       AND lower(d.address) = lower($2) AND d.channel LIKE $3
       AND d.state IN ('accepted', 'unknown')
    RETURNING d.id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'seen', $4, 'read receipt' FROM moved
"""
_TOLD = """
WITH moved AS (
    UPDATE deliveries d SET state = n.state, reason = n.reason, code = n.code
      FROM unnest($1::bigint[], $2::text[], $3::int[], $4::text[])
           AS n(id, state, code, reason)
     WHERE d.id = n.id AND (d.state = 'unknown' OR d.state = 'accepted' AND n.state = 'seen')
    RETURNING d.id, d.state, d.reason
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, state, $5, reason FROM moved RETURNING delivery_id
"""


class Receipts:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def read(self, platform: str, user: str, message_ids: Sequence[str]) -> int:
        """The platform tells that `user` has read these; how many deliveries it was news for."""
        now = self.clock.now()
        return await db.execute(_READ, list(message_ids), user, f"{platform}%", now)


async def write(told: Sequence[tuple[int, str, int, str]], now: datetime) -> set[int]:
    """Deliveries as (id, state, code, reason): only what was unknown, or accepted and now seen.

    The ids of those for which it was news.
    """
    ids, states, codes, reasons = zip(*told, strict=True)
    rows = await db.fetch(_TOLD, list(ids), list(states), list(codes), list(reasons), now)
    return {row["delivery_id"] for row in rows}
