"""What is late: its owner is asked once more, then the head of the unit hears, then HR's head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from models import db
from models.clock import Clock
from models.ledger import Priority
from models.policies import Escalate
from services.checklists import OVERDUE, Checklists
from services.escalation import Escalation, Silent
from services.purposes import Facts, Purpose, Subject
from services.units import hr_heads, managers

LATE = "checklists.late"
BATCH = 1000
LINES = 12

_TAKE = """
UPDATE checklist_items SET overdue_told_at = $1 WHERE id IN (
    SELECT i.id FROM checklist_items i JOIN checklists c ON c.id = i.checklist_id
     WHERE i.state = 'open' AND i.due_at <= $1 AND i.overdue_told_at IS NULL AND c.state = 'open'
     ORDER BY i.due_at, i.id LIMIT $2 FOR UPDATE OF i SKIP LOCKED)
RETURNING id, owner_id, due_at
"""
_LATE = """
SELECT i.id, i.title, i.due_at, i.owner_id, o.name AS owner, p.name, p.unit_id
  FROM checklist_items i JOIN checklists c ON c.id = i.checklist_id
  JOIN persons p ON p.id = c.person_id JOIN persons o ON o.id = i.owner_id
 WHERE i.state = 'open' AND c.state = 'open' AND i.overdue_told_at IS NOT NULL AND {which}
 ORDER BY i.due_at, i.id
"""


class Overdue:
    def __init__(self, checklists: Checklists, escalation: Escalation, clock: Clock) -> None:
        self.checklists = checklists
        self.ledger = checklists.ledger
        self.clock = clock
        self.ledger.purposes.add([Purpose(LATE, self._facts, Priority.DIGEST)])
        escalation.on(OVERDUE, Escalate.LIST_TO_MANAGER, self._tell_heads)
        escalation.on(OVERDUE, Escalate.HR_HEAD, self._tell_hr)

    async def ask(self) -> int:
        """Ask each owner of what has become late, once per item: one card, however many lists."""
        async with db.transaction():
            rows = await db.fetch(_TAKE, self.clock.now(), BATCH)
            by_owner: dict[int, list[db.Row]] = {}
            for row in rows:
                by_owner.setdefault(row["owner_id"], []).append(row)
            for owner, items in sorted(by_owner.items()):
                await self.checklists.ask(OVERDUE, owner, items, policy="checklist_overdue")
        return len(rows)

    async def _tell_heads(self, silent: Sequence[Silent]) -> None:
        """One list to the managers of each unit: who has not done what, of their people."""
        rows = await _late_of(silent)
        units = {row["unit_id"] for row in rows if row["unit_id"] is not None}
        for unit in sorted(units):
            items = [row for row in rows if row["unit_id"] == unit]
            await self._tell(await managers(unit), items, _once("head", unit, silent))

    async def _tell_hr(self, silent: Sequence[Silent]) -> None:
        rows = await _late_of(silent)
        await self._tell(await hr_heads(), rows, _once("hr", 0, silent))

    async def _tell(self, people: Sequence[int], rows: Sequence[db.Row], once: str) -> None:
        """Nobody is told of what they have to do themselves: they have been asked."""
        for person in people:
            items = [row["id"] for row in rows if row["owner_id"] != person]
            if items:
                await self.ledger.notify(
                    LATE, person, [person], context={"items": items}, once=f"{once}:{person}"
                )

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = [item for subject in subjects for item in subject.context["items"]]
        rows = {
            row["id"]: row for row in await db.fetch(_LATE.format(which="i.id = ANY($1)"), ids)
        }
        found = {}
        for subject in subjects:
            lines = [rows[item] for item in subject.context["items"] if item in rows]
            shown = {"lines": lines[:LINES], "more": max(len(lines) - LINES, 0)}
            found[subject.message_id] = Facts(shown, bool(lines), "the items are done")
        return found


async def _late_of(silent: Iterable[Silent]) -> list[db.Row]:
    owners = [ask.person_id for ask in silent]
    return await db.fetch(_LATE.format(which="i.owner_id = ANY($1)"), owners)


def _once(whom: str, unit: int, silent: Sequence[Silent]) -> str:
    """A step is carried out once for each ask; the oldest names the digest."""
    first = min(silent, key=lambda ask: (ask.ask_id, ask.step))
    return f"{LATE}:{whom}:{unit}:{first.ask_id}:{first.step}"
