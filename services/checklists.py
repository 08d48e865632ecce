"""清单: opened for somebody who comes, goes or was called out; done item by item by its owners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models import db, sealed
from models.asks import AskState
from models.clock import Clock
from models.ledger import Priority
from services import audit
from services import checklist_rights as rights
from services.actors import Actor
from services.asks import Asks
from services.checklist_cards import ChecklistCards
from services.checklist_owners import Owners
from services.checklist_rules import ChecklistRules, Kind, Template
from services.ledger import Ledger
from services.purposes import Purpose
from services.refusals import Refusal

TO_DO = "checklists.todo"
OVERDUE = "checklists.overdue"
NOTE = "checklist_items.note"
ASKED = (TO_DO, OVERDUE)
STALE = timedelta(days=60)  # how long after the last due day a card is still waited for

_OPEN = """
INSERT INTO checklists (template, person_id, anchor, subject_id, by_id, opened_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (person_id, template, coalesce(subject_id, 0)) WHERE state = 'open' DO NOTHING
RETURNING id
"""
_ITEMS = """
INSERT INTO checklist_items (checklist_id, key, title, position, owner_id, mandatory, due_at)
SELECT $1, t.* FROM unnest($2::text[], $3::text[], $4::smallint[], $5::bigint[], $6::bool[],
                           $7::timestamptz[]) AS t RETURNING id, owner_id, due_at
"""
_SETTLE = """
UPDATE checklist_items SET state = $2, done_at = $3, done_by_id = $4, note = $5
 WHERE id = $1 AND state = 'open' RETURNING id
"""
_CLOSE = """
UPDATE checklists SET state = 'done', closed_at = $2
 WHERE id = $1 AND state = 'open' AND NOT EXISTS
       (SELECT 1 FROM checklist_items WHERE checklist_id = $1 AND state = 'open') RETURNING id
"""
_CARDS = """
SELECT DISTINCT a.message_id, a.person_id FROM asks a
 WHERE a.purpose = ANY($1) AND a.person_id = ANY($2) AND a.state = 'open' ORDER BY a.message_id
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A list to be opened: of which template, about whom, counted from which day."""

    template: str
    person_id: int
    anchor: date
    subject_id: int | None = None


class Checklists:
    def __init__(self, rules: ChecklistRules, ledger: Ledger, asks: Asks, clock: Clock) -> None:
        self.rules = rules
        self.ledger = ledger
        self.asks = asks
        self.clock = clock
        self.cards = ChecklistCards(rules)
        ledger.purposes.add(
            [
                Purpose(TO_DO, self.cards.facts, Priority.REMINDER, useful_for=STALE),
                Purpose(OVERDUE, self.cards.facts, Priority.REMINDER, useful_for=STALE),
            ]
        )

    async def open(
        self,
        by: object,
        template: str,
        person_id: int,
        anchor: date,
        subject_id: int | None = None,
    ) -> int | None:
        """Open one list; its id, or None when the person has an open one of that kind already."""
        made = await self.open_many(by, [Start(template, person_id, anchor, subject_id)])
        return made[0] if made else None

    async def open_many(self, by: object, starts: Sequence[Start]) -> list[int]:
        """Open several at once: each owner gets one card about all of them."""
        made: list[int] = []
        cards: dict[int, list[db.Row]] = {}
        async with db.transaction():
            owners = Owners()
            for start in starts:
                checklist, items = await self._open(by, start, owners)
                if checklist is not None:
                    made.append(checklist)
                for item in items:
                    cards.setdefault(item["owner_id"], []).append(item)
            for owner, items in cards.items():
                await self.ask(TO_DO, owner, items, policy="checklist")
        return made

    async def _open(
        self, by: object, start: Start, owners: Owners
    ) -> tuple[int | None, list[db.Row]]:
        template = self.rules[start.template]
        await db.lock(f"checklists:{start.person_id}")
        if await self._has_one(template, start):
            return None, []
        now = self.clock.now()
        opener = by.person_id if isinstance(by, Actor) else None
        checklist = await db.fetch_value(
            _OPEN, template.key, start.person_id, start.anchor, start.subject_id, opener, now
        )
        if checklist is None:
            return None, []
        items = await self.fill(checklist, template, start, owners)
        await audit.record(
            now,
            by,
            "checklist.opened",
            f"checklists:{checklist}",
            template=template.key,
            person=start.person_id,
            anchor=start.anchor,
        )
        return int(checklist), items

    async def _has_one(self, template: Template, start: Start) -> bool:
        """护士入职清单 and 入职清单 are the same kind: nobody has both."""
        return bool(
            await db.fetch_value(
                "SELECT EXISTS (SELECT 1 FROM checklists WHERE person_id = $1 AND state = 'open' "
                "AND template = ANY($2) AND coalesce(subject_id, 0) = coalesce($3::bigint, 0))",
                start.person_id,
                self.rules.of_kind(template.kind),
                start.subject_id,
            )
        )

    async def fill(
        self, checklist: int, template: Template, start: Start, owners: Owners
    ) -> list[db.Row]:
        """Write a list's items; (id, owner_id, due_at) of each."""
        unit = await db.fetch_value("SELECT unit_id FROM persons WHERE id = $1", start.person_id)
        people = [await owners.of(item.owner, start.person_id, unit) for item in template.items]
        now = self.clock.now()
        return await db.fetch(
            _ITEMS,
            checklist,
            [item.key for item in template.items],
            [item.title for item in template.items],
            list(range(len(template.items))),
            people,
            [item.mandatory for item in template.items],
            [item.due_at(start.anchor, now) for item in template.items],
        )

    async def ask(
        self, purpose: str, owner: int, items: Sequence[db.Row], *, policy: str
    ) -> int | None:
        """One card to an owner about these items (id, due_at)."""
        latest = max([*(item["due_at"] for item in items), self.clock.now()])
        return await self.asks.open(
            purpose,
            owner,
            [owner],
            policy=policy,
            deadline=latest + STALE,
            context={"owner": owner, "items": [item["id"] for item in items]},
        )

    async def done(self, item_id: int, by: Actor) -> str:
        """An item is done; its title. Raises Refusal: not theirs, done already, or closed."""
        item = await rights.item(item_id)
        if not await rights.may_do(item, by):
            raise Refusal("not_allowed")
        await self._settle(item, by, "done")
        return str(item["title"])

    async def waive(self, item_id: int, by: Actor, reason: str) -> db.Row:
        """An item does not apply to this person. Raises Refusal: as above, or without a reason."""
        item = await rights.item(item_id)
        if not await rights.may_waive(item, by):
            raise Refusal("not_allowed")
        if not reason.strip():
            raise Refusal("waive_reason", number=item_id)
        await self._settle(item, by, "waived", reason.strip()[:200])
        return item

    async def _settle(self, item: db.Row, by: Actor, state: str, note: str = "") -> None:
        now = self.clock.now()
        body = sealed.ring().seal(NOTE, note) if note else None
        if await db.fetch_value(_SETTLE, item["id"], state, now, by.person_id, body) is None:
            raise await rights.already(item)
        await audit.record(
            now,
            by,
            f"checklist.{state}",
            f"checklists:{item['checklist_id']}",
            item=item["key"],
            person=item["person_id"],
        )
        await db.fetch_value(_CLOSE, item["checklist_id"], now)
        await self.refresh([item["owner_id"]])

    async def cancel(self, checklist_id: int, by: object) -> None:
        """They do not come after all, or stay: nobody has to do anything more."""
        now = self.clock.now()
        row = await db.fetch_one(
            "UPDATE checklists SET state = 'cancelled', closed_at = $2 "
            "WHERE id = $1 AND state IN ('open', 'proposed') RETURNING person_id",
            checklist_id,
            now,
        )
        if row is None:
            raise Refusal("checklist_closed")
        items = await db.fetch(
            "UPDATE checklist_items SET state = 'cancelled' "
            "WHERE checklist_id = $1 AND state = 'open' RETURNING owner_id",
            checklist_id,
        )
        await audit.record(
            now, by, "checklist.cancelled", f"checklists:{checklist_id}", person=row["person_id"]
        )
        await self.refresh([item["owner_id"] for item in items])

    async def refresh(self, owners: Sequence[int]) -> None:
        """Cards of these owners show how things stand; whoever has nothing left has answered."""
        shown = []
        for card in await db.fetch(_CARDS, list(ASKED), list(set(owners))):
            shown.append(card["message_id"])
            if not await self.cards.open_items(card["message_id"]):
                await self.asks.answer_one(card["message_id"], card["person_id"], "done")
        await self.ledger.redraw_messages(shown)

    async def open_of(self, by: Actor) -> list[db.Row]:
        """What the actor has to do, most urgent first: id, title, name, due_at, mandatory."""
        return await db.fetch(
            "SELECT i.id, i.title, i.due_at, i.mandatory, c.person_id, p.name "
            "FROM checklist_items i JOIN checklists c ON c.id = i.checklist_id "
            "JOIN persons p ON p.id = c.person_id "
            "WHERE i.owner_id = $1 AND i.state = 'open' AND c.state = 'open' "
            "ORDER BY i.due_at, i.id",
            by.person_id,
        )

    async def hand_on(self, leaver: int, successor: int | None) -> None:
        """Somebody has left: what they had to do is another's now, their own lists are over."""
        theirs = await db.fetch(
            "SELECT id FROM checklists WHERE person_id = $1 AND state = 'open' "
            "AND template <> ALL($2)",
            leaver,
            self.rules.of_kind(Kind.EXIT),
        )
        for row in theirs:
            await self.cancel(row["id"], "system")
        if successor is None:
            return
        items = await db.fetch(
            "UPDATE checklist_items i SET owner_id = $2 FROM checklists c "
            "WHERE c.id = i.checklist_id AND i.owner_id = $1 AND i.state = 'open' "
            "AND c.state = 'open' RETURNING i.id, i.due_at",
            leaver,
            successor,
        )
        await db.execute(
            "UPDATE asks SET state = $2, next_step_at = NULL "
            "WHERE person_id = $1 AND purpose = ANY($3) AND state = 'open'",
            leaver,
            str(AskState.WITHDRAWN),
            list(ASKED),
        )
        if items:
            await self.ask(TO_DO, successor, items, policy="checklist")
