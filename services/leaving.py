"""Somebody leaves: their access ends in one transaction, wherever it was decided.

Features that hold something of people (requests, seats of approvers, tasks) register with
`on_end` and hand it on or end it in that same transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services import audit
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.swap_facts import shift_words
from services.units import hr_heads, managers

SHIFTS = "leaving.shifts"
LINES = 12

_END = "UPDATE persons SET active = false, left_at = $2 WHERE id = $1 AND active"
_WITHDRAW = """
WITH gone AS (
    UPDATE deliveries SET state = 'withdrawn', reason = 'has left'
     WHERE person_id = $1 AND state = 'queued' RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'withdrawn', $2, 'has left' FROM gone
"""
_BESIDE = """
SELECT g.person_id FROM grants g JOIN persons p ON p.id = g.person_id
 WHERE p.active AND g.role = 'manager' AND g.person_id <> $1 AND g.unit_id IN
       (SELECT unit_id FROM grants WHERE person_id = $1 AND role = 'manager') ORDER BY g.id
"""
_DUE = "SELECT id FROM persons WHERE active AND leaves_on < $1 ORDER BY id"
_BEYOND = """
SELECT id, unit_id FROM shifts
 WHERE person_id = $1 AND state = 'planned' AND starts_at >= $2 ORDER BY starts_at
"""
_SHIFTS = """
SELECT s.id, s.name, s.hours, s.starts_at, p.name AS person, p.leaves_on
  FROM shifts s JOIN persons p ON p.id = s.person_id
 WHERE s.state = 'planned' AND s.id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class Leaver:
    """Who has left, and who takes over what they had to decide or do (None: nobody is left)."""

    person_id: int
    successor: int | None


Hook = Callable[[Leaver], Awaitable[None]]
Holder = Callable[[Sequence[int]], Awaitable[None]]


class Leaving:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock
        self._hooks: list[Hook] = []
        self._holders: list[Holder] = []
        ledger.purposes.add([Purpose(SHIFTS, self._facts, Priority.DECISION)])

    def on_end(self, hook: Hook, first: Holder | None = None) -> None:
        """Be told, in the ending transaction, of everybody who leaves. `first` locks what the
        hook will change, before anything of the leavers is changed."""
        self._hooks.append(hook)
        if first is not None:
            self._holders.append(first)

    async def hold(self, people: Sequence[int]) -> None:
        """Who ends several in one transaction calls this for all of them before the first: a room
        that locks its own rows and then people's asks would else wait for us, and we for it."""
        for holder in self._holders:
            await holder(people)

    async def end(self, person_id: int, by: object, **detail: str) -> bool:
        """All access of a person ends now; False when it had ended before."""
        now = self.clock.now()
        async with db.transaction():
            await self.hold([person_id])
            if not await db.execute(_END, person_id, now):
                return False
            successor = await _successor(person_id)
            await db.execute("DELETE FROM grants WHERE person_id = $1", person_id)
            await db.execute(
                "UPDATE sign_in_tokens SET used_at = $2 WHERE person_id = $1 AND used_at IS NULL",
                person_id,
                now,
            )
            await db.execute(
                "DELETE FROM deputies WHERE person_id = $1 OR deputy_id = $1", person_id
            )
            # Asks before deliveries, as everybody else takes them.
            await db.execute(
                "UPDATE asks SET state = 'withdrawn', next_step_at = NULL "
                "WHERE person_id = $1 AND state = 'open'",
                person_id,
            )
            await db.execute(_WITHDRAW, person_id, now)
            for hook in self._hooks:
                await hook(Leaver(person_id, successor))
            await self.tell_of_shifts(person_id, now)
            await audit.record(now, by, "person.left", f"persons:{person_id}", **detail)
        return True

    async def end_due(self) -> int:
        """Access ends with the last day of work; how many people's. One transaction each, so that
        no locks of two people are held at once.
        """
        rows = await db.fetch(_DUE, _today(self.clock))
        return sum([await self.end(row["id"], "system", why="last_day") for row in rows])

    async def tell_of_shifts(self, person_id: int, beyond: datetime) -> int:
        """The managers of each unit hear of shifts that are planned beyond an instant, once; how
        many shifts there are.
        """
        rows = await db.fetch(_BEYOND, person_id, beyond)
        for unit in sorted({row["unit_id"] for row in rows}):
            shifts = [row["id"] for row in rows if row["unit_id"] == unit]
            people = [one for one in await managers(unit) if one != person_id] or await hr_heads()
            await self.ledger.notify(
                SHIFTS,
                person_id,
                people,
                context={"shifts": shifts},
                once=f"{SHIFTS}:{person_id}:{unit}:{beyond.isoformat()}",
            )
        return len(rows)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = [shift for subject in subjects for shift in subject.context["shifts"]]
        rows = {row["id"]: row for row in await db.fetch(_SHIFTS, ids)}
        return {
            subject.message_id: _shown(
                [rows[shift] for shift in subject.context["shifts"] if shift in rows]
            )
            for subject in subjects
        }


def _shown(shifts: Sequence[db.Row]) -> Facts:
    if not shifts:
        return Facts({}, False, "the shift was changed")
    return Facts(
        {
            "name": shifts[0]["person"],
            "last_day": shifts[0]["leaves_on"] or "",
            "shifts": [shift_words(row) for row in shifts[:LINES]],
            "count": len(shifts),
            "more": max(len(shifts) - LINES, 0),
        }
    )


async def _successor(leaver: int) -> int | None:
    """Another manager of what they managed, else of the unit they worked in, else an HR head."""
    beside = [row["person_id"] for row in await db.fetch(_BESIDE, leaver)]
    unit = await db.fetch_value("SELECT unit_id FROM persons WHERE id = $1", leaver)
    heads = await managers(unit) if unit is not None else []
    able = [one for one in (*beside, *heads, *await hr_heads()) if one != leaver]
    return able[0] if able else None


def _today(clock: Clock) -> date:
    return clock.now().astimezone(SHANGHAI).date()
