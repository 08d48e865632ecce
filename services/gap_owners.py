"""A gap told to several managers: one of them says they see to it, and the card closes for all.

The digest itself is a text of any length; the question is a card of its own, asked only where
more than one person got the same wards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from models import db, sealed
from models.asks import AskState
from models.clock import Clock
from models.ledger import Priority
from services import audit
from services.actors import Actor
from services.asks import Asks
from services.ledger import CONTEXT
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal

WHOSE = "gaps.whose"
POLICY = "gap_owner"
TAKEN = "taken"
SHOWN = 4  # wards and names of one card

_TAKEN = """
SELECT a.message_id, a.person_id, p.name, a.answered_at
  FROM asks a JOIN persons p ON p.id = a.person_id
 WHERE a.message_id = ANY($1) AND a.answer = 'taken'
"""
_CLOSE = """
UPDATE asks SET state = 'withdrawn', next_step_at = NULL WHERE message_id = $1 AND state = 'open'
"""
_NAMES = "SELECT id, name FROM persons WHERE id = ANY($1) ORDER BY id"


class GapOwners:
    def __init__(self, asks: Asks, clock: Clock) -> None:
        self.asks = asks
        self.ledger = asks.ledger
        self.clock = clock
        self.ledger.purposes.add([Purpose(WHOSE, self._facts, Priority.DIGEST)])

    async def ask(self, wards: Mapping[int, set[int]], names: Mapping[int, str], day: date) -> int:
        """`wards` is person → units of which they were told, `names` unit → name. One card for
        each group of people who share wards; how many cards.
        """
        people: dict[int, list[int]] = defaultdict(list)
        for person, told in sorted(wards.items()):
            for unit in told & set(names):
                people[unit].append(person)
        shared: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for unit, theirs in sorted(people.items()):
            if len(theirs) > 1:
                shared[tuple(theirs)].append(unit)
        for group, units in shared.items():
            await self._ask(group, units, names, day)
        return len(shared)

    async def _ask(
        self, group: Sequence[int], units: Sequence[int], names: Mapping[int, str], day: date
    ) -> None:
        """Yesterday's card about the same is over: today's counts."""
        await self.asks.close([WHOSE], [units[0]], AskState.EXPIRED)
        told = await db.fetch(_NAMES, list(group))
        await self.asks.open(
            WHOSE,
            units[0],
            group,
            policy=POLICY,
            context={
                "units": [names[unit] for unit in units][:SHOWN],
                "more_units": max(len(units) - SHOWN, 0),
                "people": [row["name"] for row in told][:SHOWN],
                "more_people": max(len(told) - SHOWN, 0),
            },
            once=f"{WHOSE}:{day}:{units[0]}",
        )

    async def take(self, message_id: int, by: Actor) -> None:
        """Theirs to see to, for everybody. Raises Refusal: somebody else's already, or over."""
        await db.lock(f"{WHOSE}:{message_id}")
        taken = await db.fetch_one(_TAKEN, [message_id])
        if taken is not None and taken["person_id"] != by.person_id:
            raise Refusal("gap_taken", name=taken["name"])
        if taken is None and not await self.asks.answer_one(message_id, by.person_id, TAKEN):
            raise Refusal("gap_over")
        if taken is None:
            await db.execute(_CLOSE, message_id)
            await audit.record(self.clock.now(), by, "gaps.taken", f"messages:{message_id}")
            await self.ledger.redraw_messages([message_id])

    async def facts(self, message_id: int) -> dict[str, Any]:
        """What the card of that message shows now."""
        row = await self._row(message_id)
        found = await self._facts([row])
        return dict(found[message_id].context)

    async def _row(self, message_id: int) -> Subject:
        row = await db.fetch_one("SELECT * FROM messages WHERE id = $1", message_id)
        assert row is not None
        return Subject(message_id, row["subject_id"], sealed.open_json(CONTEXT, row["context"]))

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        rows = await db.fetch(_TAKEN, [subject.message_id for subject in subjects])
        taken = {row["message_id"]: row for row in rows}
        return {
            subject.message_id: Facts(
                dict(subject.context) | _taker(taken.get(subject.message_id)),
                subject.message_id not in taken,
                "somebody sees to it",
            )
            for subject in subjects
        }


def _taker(row: db.Row | None) -> dict[str, Any]:
    return {"taker": row["name"] if row else "", "taken_at": row["answered_at"] if row else ""}
