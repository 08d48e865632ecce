"""A finished item was not finished after all: opened again by its owner or HR, with a reason.

Who did it before stays in the audit log. Whoever may not work alone while a mandatory item is open
may not do so from that moment on: the rule looks at the list itself. Of published shifts on which
they would be alone the head nurse is told.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from models import db, sealed
from models.clock import SHANGHAI
from services import audit
from services import checklist_rights as rights
from services.actors import Actor
from services.alone_shifts import AloneShifts
from services.checklists import NOTE, TO_DO, Checklists
from services.refusals import Refusal

DUE = time(18)
LATELY = timedelta(days=30)
MOST = 10

_REOPEN = """
UPDATE checklist_items SET state = 'open', done_at = NULL, done_by_id = NULL, note = $2,
       owner_id = $3, due_at = greatest(due_at, $4), overdue_told_at = NULL
 WHERE id = $1 AND state IN ('done', 'waived') RETURNING id, owner_id, due_at
"""
_OTHER_LIST = """
SELECT EXISTS (SELECT 1 FROM checklists o, checklists c
                WHERE c.id = $1 AND o.id <> c.id AND o.person_id = c.person_id
                  AND o.template = ANY($2) AND o.state = 'open'
                  AND coalesce(o.subject_id, 0) = coalesce(c.subject_id, 0))
"""
_LATELY = """
SELECT i.id, i.title, p.name, i.done_at FROM checklist_items i
  JOIN checklists c ON c.id = i.checklist_id AND c.state IN ('open', 'done')
  JOIN persons p ON p.id = c.person_id
 WHERE (i.owner_id = $1 OR i.done_by_id = $1) AND i.state IN ('done', 'waived') AND i.done_at > $2
 ORDER BY i.done_at DESC, i.id LIMIT $3
"""


class Reopening:
    def __init__(self, checklists: Checklists, alone: AloneShifts) -> None:
        self.checklists = checklists
        self.alone = alone
        self.clock = checklists.clock

    async def reopen(self, item_id: int, by: Actor, reason: str) -> db.Row:
        """The item (with `name` of the person it is about) waits for its owner again.

        Raises Refusal: not theirs, without a reason, not finished, or the list is over.
        """
        item = await rights.item(item_id)
        if not (await rights.may_do(item, by) or await rights.may_waive(item, by)):
            raise Refusal("not_allowed")
        reason = reason.strip()[:200]
        if not reason:
            raise Refusal("reopen_reason", number=item_id)
        await self._check(item)
        now = self.clock.now()
        owner = item["owner_id"] if await _works_here(item["owner_id"]) else by.person_id
        row = await db.fetch_one(
            _REOPEN, item_id, sealed.ring().seal(NOTE, reason), owner, _tomorrow(now)
        )
        if row is None:
            raise Refusal("item_not_done", title=item["title"])
        await db.execute(
            "UPDATE checklists SET state = 'open', closed_at = NULL WHERE id = $1",
            item["checklist_id"],
        )
        await audit.record(
            now,
            by,
            "checklist.reopened",
            f"checklists:{item['checklist_id']}",
            item=item["key"],
            person=item["person_id"],
            was=item["state"],
            done_by=item["done_by_id"],
            done_at=item["done_at"],
            reason=reason,
        )
        await self.checklists.refresh([owner])
        await self.checklists.ask(TO_DO, owner, [row], policy="checklist")
        if item["mandatory"]:
            await self.alone.tell(item["person_id"])
        return item

    async def lately(self, by: Actor) -> list[db.Row]:
        """What they finished, or was theirs and finished, within 30 days: id, title, name."""
        return await db.fetch(_LATELY, by.person_id, self.clock.now() - LATELY, MOST)

    async def _check(self, item: db.Row) -> None:
        """A list that was cancelled stays so; of two lists of a kind only one is open."""
        if item["list_state"] not in ("open", "done"):
            raise Refusal("checklist_closed")
        if item["state"] not in ("done", "waived"):
            raise Refusal("item_not_done", title=item["title"])
        rules = self.checklists.rules
        kind = next((each.kind for each in rules if each.key == item["template"]), None)
        keys = rules.of_kind(kind) if kind else [item["template"]]
        if await db.fetch_value(_OTHER_LIST, item["checklist_id"], keys):
            raise Refusal("reopen_other", name=item["name"])


async def _works_here(person: int) -> bool:
    return bool(await db.fetch_value("SELECT active FROM persons WHERE id = $1", person))


def _tomorrow(now: datetime) -> datetime:
    """There is a day to do it, whatever its old due day was."""
    day = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    return datetime.combine(day, DUE, SHANGHAI)
