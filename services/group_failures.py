"""A group that could not be reached: its unit's manager hears it, once a day, with the cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from models import db
from models.clock import Clock
from models.groups import GroupDoor
from models.ledger import Priority
from services import units
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject

FAILED = "units.group_failed"
ONCE_IN = timedelta(days=1)

# Groups whose newest post failed within the last day and of which nobody was told in that time.
_FAILING = """
SELECT g.id, g.unit_id, f.id AS delivery_id
  FROM unit_groups g
  JOIN LATERAL (SELECT d.id, d.state, d.not_before FROM deliveries d
                 WHERE d.group_id = g.id AND d.person_id IS NULL AND d.address = g.id::text
                   AND d.state IN ('failed', 'accepted', 'seen', 'unknown')
                 ORDER BY d.id DESC LIMIT 1) f ON f.state = 'failed' AND f.not_before > $2
 WHERE g.active
   AND NOT EXISTS (SELECT 1 FROM messages m
                    WHERE m.purpose = $1 AND m.subject_id = g.id AND m.created_at > $2)
"""
_GROUPS = """
SELECT g.id, g.title, g.door, g.active, u.name AS unit
  FROM unit_groups g JOIN units u ON u.id = g.unit_id WHERE g.id = ANY($1)
"""


class GroupFailures:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock
        ledger.purposes.add([Purpose(FAILED, self._facts, Priority.DIGEST)])

    async def tell(self) -> int:
        """Tell the managers (or HR heads) of groups that fail; how many groups."""
        rows = await db.fetch(_FAILING, FAILED, self.clock.now() - ONCE_IN)
        for row in rows:
            people = await units.managers(row["unit_id"]) or await units.hr_heads()
            once = f"{FAILED}:{row['delivery_id']}"
            await self.ledger.notify(FAILED, row["id"], people, once=once)
        return len(rows)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = [subject.subject_id for subject in subjects]
        rows = {row["id"]: row for row in await db.fetch(_GROUPS, ids)}
        return {
            subject.message_id: self._shown(rows[subject.subject_id])
            for subject in subjects
            if subject.subject_id in rows
        }

    def _shown(self, row: db.Row) -> Facts:
        facts = {**row, "robot": row["door"] == GroupDoor.DINGTALK_ROBOT}
        return Facts(facts, row["active"], "the group was unbound")
