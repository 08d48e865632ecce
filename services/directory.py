"""Joiners, leavers and changed accounts, as the platforms' directories tell of them."""

from __future__ import annotations

from models import db
from models.clock import Clock
from services import audit

_LEAVE = """
UPDATE persons p SET active = false, left_at = $3
  FROM identities i
 WHERE i.person_id = p.id AND i.platform = $1 AND lower(i.user_id) = lower($2) AND p.active
RETURNING p.id
"""
_RENAME = """
UPDATE identities SET user_id = $3 WHERE platform = $1 AND lower(user_id) = lower($2)
RETURNING person_id
"""


class DirectoryChanges:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def left(self, platform: str, user_id: str) -> None:
        """Access ends in this transaction; what was still to be sent to them is withdrawn."""
        now = self.clock.now()
        person = await db.fetch_value(_LEAVE, platform, user_id, now)
        if person is None:
            return
        await db.execute("DELETE FROM grants WHERE person_id = $1", person)
        await db.execute(
            "WITH gone AS (UPDATE deliveries SET state = 'withdrawn', reason = 'has left' "
            "WHERE person_id = $1 AND state = 'queued' RETURNING id) "
            "INSERT INTO delivery_events (delivery_id, state, at, detail) "
            "SELECT id, 'withdrawn', $2, 'has left' FROM gone",
            person,
            now,
        )
        await db.execute(
            "UPDATE asks SET state = 'withdrawn', next_step_at = NULL "
            "WHERE person_id = $1 AND state = 'open'",
            person,
        )
        await audit.record(now, "system", "person.left", f"persons:{person}", platform=platform)

    async def renamed(self, platform: str, old: str, new: str) -> None:
        person = await db.fetch_value(_RENAME, platform, old, new)
        if person is not None:
            now = self.clock.now()
            await audit.record(now, "system", "person.account_renamed", f"persons:{person}")
