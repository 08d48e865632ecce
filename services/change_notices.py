"""A changed roster: each person whose own coming shifts moved gets one message, old → new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from models import db, sealed
from models.asks import AskState
from models.clock import Clock
from models.ledger import Priority
from models.policies import Escalate, Policies
from services import audit
from services.actors import Actor
from services.asks import Asks
from services.escalation import Escalation, Silent
from services.ledger import CONTEXT, Ledger
from services.purposes import Facts, Purpose, Subject
from services.reminders import REMINDERS
from services.roster_changes import PersonChange
from services.units import managers

CHANGED = "rosters.changed"
SILENT = "rosters.changed_silent"
MOST_LINES = 12


class ChangeNotices:
    def __init__(
        self, ledger: Ledger, asks: Asks, escalation: Escalation, policies: Policies, clock: Clock
    ) -> None:
        self.ledger = ledger
        self.asks = asks
        self.policies = policies
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(CHANGED, self._facts, Priority.REMINDER),
                Purpose(SILENT, self._silent_facts, Priority.DIGEST, quiet=False),
            ]
        )
        escalation.on(CHANGED, Escalate.LIST_TO_MANAGER, self._list_silent)

    async def tell(
        self,
        unit_id: int,
        roster_id: int,
        moved: Mapping[int, PersonChange],
        known: set[tuple[int, date]],
    ) -> int:
        """Tell those whose published, coming days moved; how many persons were told.

        `known` are the (person, day) that had a roster before: a new period moves nobody.
        """
        await self.forget([row["id"] for change in moved.values() for row in change.gone])
        told = 0
        for person, change in moved.items():
            gone = [row for row in change.gone if self._concerns(row, known)]
            come = [row for row in change.come if self._concerns(row, known)]
            if gone or come:
                await self._tell_one(unit_id, roster_id, person, gone, come)
                told += 1
        return told

    def _concerns(self, row: db.Row, known: set[tuple[int, date]]) -> bool:
        in_future: bool = row["starts_at"] > self.clock.now()
        return in_future and (row["person_id"], row["day"]) in known

    async def forget(self, shift_ids: Sequence[int]) -> None:
        """Reminders of shifts that are no more are withdrawn, and their cards say so."""
        if shift_ids:
            await self.ledger.withdraw(REMINDERS, shift_ids, "the shift was changed")
            await self.asks.close(REMINDERS, shift_ids, AskState.WITHDRAWN)
            await self.ledger.redraw(REMINDERS, shift_ids)

    async def _tell_one(
        self,
        unit_id: int,
        roster_id: int,
        person: int,
        gone: Sequence[db.Row],
        come: Sequence[db.Row],
    ) -> None:
        soonest: datetime = min(row["starts_at"] for row in (*gone, *come))
        confirm = soonest - self.clock.now() <= self.policies.reminders.confirm_change_within
        context = {
            "unit_id": unit_id,
            "person_id": person,
            "lines": lines(gone, come)[:MOST_LINES],
            "more": max(0, len(lines(gone, come)) - MOST_LINES),
            "confirm": confirm,
            "soonest": soonest.isoformat(),
        }
        once = f"{CHANGED}:{roster_id}:{person}"
        if not confirm:
            await self.ledger.notify(CHANGED, roster_id, [person], context=context, once=once)
            return
        await self.asks.open(
            CHANGED,
            roster_id,
            [person],
            policy="shift_change",
            deadline=soonest,
            context=context,
            once=once,
        )

    async def acknowledge(self, by: Actor, roster_id: int, message_id: int) -> dict[str, Any]:
        """收到 on a change notice; the facts to redraw it with. Idempotent."""
        if await self.asks.answer([CHANGED], roster_id, by.person_id, "acknowledged"):
            await audit.record(self.clock.now(), by, "change.acknowledged", f"rosters:{roster_id}")
        row = await db.fetch_one(
            "SELECT id AS message_id, subject_id, context FROM messages WHERE id = $1", message_id
        )
        assert row is not None
        context = sealed.open_json(CONTEXT, row["context"]) if row["context"] else {}
        facts = await self._facts([Subject(message_id, roster_id, context)])
        return dict(facts[message_id].context)

    async def acknowledge_all(self, by: Actor) -> int:
        """收到 written instead of tapped: every open change notice of this person."""
        rows = await db.fetch(
            "SELECT DISTINCT subject_id FROM asks "
            "WHERE purpose = $1 AND person_id = $2 AND state = 'open'",
            CHANGED,
            by.person_id,
        )
        now = self.clock.now()
        for row in rows:
            roster_id = row["subject_id"]
            await self.asks.answer([CHANGED], roster_id, by.person_id, "acknowledged")
            await audit.record(now, by, "change.acknowledged", f"rosters:{roster_id}")
        return len(rows)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        rows = await db.fetch(
            "SELECT message_id, answered_at FROM asks WHERE message_id = ANY($1)",
            [subject.message_id for subject in subjects],
        )
        answered = {row["message_id"]: row["answered_at"] for row in rows}
        now = self.clock.now()
        return {
            subject.message_id: Facts(
                {**subject.context, "answered_at": answered.get(subject.message_id)},
                stands=datetime.fromisoformat(subject.context["soonest"]) > now
                or not subject.context["confirm"],
                why_not="the shift has begun",
            )
            for subject in subjects
        }

    async def _list_silent(self, silent: Sequence[Silent]) -> None:
        """One list per roster version to the unit's managers: who has not confirmed."""
        for roster_id in {ask.subject_id for ask in silent}:
            unit_id = await db.fetch_value("SELECT unit_id FROM rosters WHERE id = $1", roster_id)
            once = f"{SILENT}:{roster_id}"
            await self.ledger.notify(SILENT, roster_id, await managers(unit_id), once=once)

    async def _silent_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = {}
        for subject in subjects:
            rows = await db.fetch(
                "SELECT p.name FROM asks a JOIN persons p ON p.id = a.person_id "
                "WHERE a.purpose = $1 AND a.subject_id = $2 AND a.state = 'open' ORDER BY p.name",
                CHANGED,
                subject.subject_id,
            )
            names = [row["name"] for row in rows]
            found[subject.message_id] = Facts({"names": names}, bool(names), "all confirmed")
        return found


def lines(gone: Sequence[db.Row], come: Sequence[db.Row]) -> list[dict[str, Any]]:
    """One line a day: what was, what is. JSON, because it travels in the message's context."""
    rows = sorted(
        [(row["day"], "old", row) for row in gone] + [(row["day"], "new", row) for row in come],
        key=lambda item: (item[0], item[1]),
    )
    result = []
    for day, members in groupby(rows, key=lambda item: item[0]):
        found: dict[str, list[str]] = {"old": [], "new": []}
        for _, side, row in members:
            found[side].append(f"{row['name']} {row['hours']}")
        result.append(
            {
                "day": day.isoformat(),
                "old": "、".join(found["old"]),
                "new": "、".join(found["new"]),
            }
        )
    return result
