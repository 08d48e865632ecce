"""Shift reminders: planned once per shift, said the evening before, acknowledged with one tap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from models.policies import Escalate, Policies, Step
from services import audit, jobs
from services.actors import Actor
from services.asks import Asks
from services.barred_shifts import ended_licences
from services.call_places import beside_shifts
from services.escalation import Escalation, Silent
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.reach import FIRST_RUNG
from services.refusals import Refusal
from services.units import managers

REMINDER = "shifts.reminder"
NAG = "shifts.reminder_nag"
SILENT = "shifts.reminder_silent"
REMINDERS = (REMINDER, NAG)
BATCH = 10_000
EARLY = 3  # o'clock

# Everything for a batch of shifts in one statement: marking them planned, the message, the
# delivery with its history, the ask. A person without a channel gets a failed delivery, a shift
# that is too close an expired one: both can be seen, neither is silent.
_PLAN = f"""
WITH due AS MATERIALIZED (
    SELECT s.id, s.person_id, s.starts_at, s.remind_at FROM shifts s
     WHERE s.state = 'planned' AND s.remind_at <= $3::timestamptz
       AND NOT EXISTS (  -- after their last day; it stays due, should the exit be cancelled
           SELECT 1 FROM persons p WHERE p.id = s.person_id
              AND s.starts_at >= (p.leaves_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')
     ORDER BY s.remind_at, s.id LIMIT $4 FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE shifts SET remind_at = NULL FROM due WHERE shifts.id = due.id
), ready AS MATERIALIZED (
    SELECT due.*, greatest(due.remind_at, $5::timestamptz) AS at,
           due.starts_at - $6::interval AS until,
           coalesce(r.channel, 'none') AS channel, coalesce(r.address, '') AS address,
           CASE WHEN r.channel IS NULL THEN 'failed'
                WHEN due.starts_at - $6::interval <= $5 THEN 'expired'
                ELSE 'queued' END AS state
      FROM due LEFT JOIN ({FIRST_RUNG}) r ON r.person_id = due.person_id
), said AS (
    INSERT INTO messages (purpose, subject_id, dedupe_key, priority, created_at)
    SELECT '{REMINDER}', id, '{REMINDER}:' || id, $7::smallint, $5 FROM ready
    ON CONFLICT (dedupe_key) DO NOTHING
    RETURNING id AS message_id, subject_id
), told AS (
    INSERT INTO deliveries (message_id, person_id, channel, address, state, priority, not_before,
                            expires_at, reason)
    SELECT message_id, person_id, channel, address, state, $7::smallint, at, until,
           CASE state WHEN 'failed' THEN 'no_channel'
                      WHEN 'expired' THEN 'planned too late' END
      FROM said JOIN ready ON ready.id = said.subject_id
    RETURNING id, state, reason
), history AS (
    INSERT INTO delivery_events (delivery_id, state, at, detail)
    SELECT id, state, $5, reason FROM told
), asked AS (
    INSERT INTO asks (purpose, message_id, person_id, subject_id, opened_at, deadline, policy,
                      next_step_at)
    SELECT '{REMINDER}', message_id, person_id, id, at, starts_at, 'shift_reminder',
           CASE WHEN $8::time IS NULL THEN at + $9::interval
                ELSE greatest(at + interval '15 minutes',
                              (timezone('Asia/Shanghai', at)::date + $8::time)
                              AT TIME ZONE 'Asia/Shanghai') END
      FROM said JOIN ready ON ready.id = said.subject_id WHERE state <> 'expired'
)
SELECT count(*) AS planned, count(*) FILTER (WHERE state = 'queued' AND at <= $5) AS now,
       count(*) FILTER (WHERE state = 'expired') AS late FROM ready
"""

_FACTS = """
SELECT s.id, s.person_id, s.day, s.name, s.kind, s.role, s.hours, s.starts_at, s.ends_at, s.state,
       u.name AS unit
  FROM shifts s JOIN units u ON u.id = s.unit_id WHERE s.id = ANY($1)
"""
_SILENT = """
SELECT p.name, s.name AS shift, s.hours, s.starts_at, d.state
  FROM asks a JOIN shifts s ON s.id = a.subject_id JOIN persons p ON p.id = a.person_id
  LEFT JOIN LATERAL (SELECT state FROM deliveries
                      WHERE message_id = a.message_id AND person_id = a.person_id
                      ORDER BY id DESC LIMIT 1) d ON true
 WHERE a.purpose = $1 AND a.state = 'open' AND s.unit_id = $2 AND s.state = 'planned'
   AND timezone('Asia/Shanghai', a.opened_at)::date = $3
 ORDER BY s.starts_at, p.name
"""


class Reminders:
    def __init__(
        self,
        ledger: Ledger,
        asks: Asks,
        escalation: Escalation,
        policies: Policies,
        clock: Clock,
        blocking: Mapping[str, str] | None = None,
    ) -> None:
        """`blocking`: licences without which nobody works clinically, key → name."""
        self.ledger = ledger
        self.asks = asks
        self.policies = policies
        self.clock = clock
        self.blocking = dict(blocking or {})
        ledger.purposes.add(
            [
                Purpose(REMINDER, self._facts),
                Purpose(NAG, self._facts),
                Purpose(SILENT, self._silent_facts, Priority.DIGEST, quiet=False),
            ]
        )
        escalation.on(REMINDER, Escalate.LIST_TO_MANAGER, self._list_silent)

    async def plan(self) -> int:
        """Write the reminders of every shift whose time is near; how many. Idempotent."""
        total = 0
        while planned := await self._plan_batch():
            total += planned
        return total

    async def _plan_batch(self) -> int:
        now = self.clock.now()
        policy = self.policies.reminders
        step = self._first_step()
        async with db.transaction():
            row = await db.fetch_one(
                _PLAN,
                *self.ledger.ladder.arguments,
                now + policy.plan_ahead,
                BATCH,
                now,
                policy.too_late,
                int(Priority.REMINDER),
                step.at if step else None,
                step.after if step else None,
            )
            assert row is not None
            if row["late"]:
                await audit.record(
                    now, "system", "reminders.too_late", "shifts", count=row["late"]
                )
            if row["now"]:
                await jobs.enqueue(jobs.DELIVER)
        return int(row["planned"])

    def _first_step(self) -> Step | None:
        steps = self.policies.escalation("shift_reminder").steps
        return steps[0] if steps else None

    async def acknowledge(self, shift_id: int, by: Actor) -> datetime:
        """收到. Returns when it was acknowledged; raises Refusal when there is nothing to."""
        now = self.clock.now()
        if await self.asks.answer(REMINDERS, shift_id, by.person_id, "acknowledged"):
            await audit.record(now, by, "shift.acknowledged", f"shifts:{shift_id}")
            return now
        ask = await self.asks.find([REMINDER], shift_id, by.person_id)
        if ask is None:
            raise Refusal("card_not_yours")
        if ask.answered_at is not None:
            return ask.answered_at
        raise Refusal("shift_changed" if ask.state == "withdrawn" else "shift_begun")

    async def acknowledge_all(self, by: Actor) -> list[db.Row]:
        """收到 written instead of tapped: every open reminder of this person; their shifts."""
        rows = await db.fetch(
            "SELECT DISTINCT subject_id FROM asks "
            "WHERE purpose = $1 AND person_id = $2 AND state = 'open'",
            REMINDER,
            by.person_id,
        )
        for row in rows:
            await self.acknowledge(row["subject_id"], by)
        ids = [row["subject_id"] for row in rows]
        await self.ledger.redraw(REMINDERS, ids)
        return await db.fetch("SELECT * FROM shifts WHERE id = ANY($1) ORDER BY starts_at", ids)

    async def card_facts(self, shift_id: int, answered_at: datetime | None) -> dict[str, Any]:
        """What the reminder's card shows now, for redrawing it under the tapper's finger."""
        row = await db.fetch_one(_FACTS, [shift_id])
        if row is None:
            raise Refusal("card_unknown")
        barred = await ended_licences([shift_id], self.blocking)
        also = await beside_shifts([row])
        return _card(row, barred.get(shift_id), also[shift_id], answered_at)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = [subject.subject_id for subject in subjects]
        shifts = {row["id"]: row for row in await db.fetch(_FACTS, ids)}
        answers = await db.fetch(
            "SELECT subject_id, answered_at FROM asks "
            "WHERE purpose = $1 AND subject_id = ANY($2) AND state = 'answered'",
            REMINDER,
            ids,
        )
        answered = {row["subject_id"]: row["answered_at"] for row in answers}
        barred = await ended_licences(ids, self.blocking)
        also, now = await beside_shifts([*shifts.values()]), self.clock.now()
        return {
            subject.message_id: Facts(
                _card(
                    shifts[subject.subject_id],
                    barred.get(subject.subject_id),
                    also[subject.subject_id],
                    answered.get(subject.subject_id),
                ),
                *_stands(shifts[subject.subject_id], answered.get(subject.subject_id), now),
            )
            for subject in subjects
            if subject.subject_id in shifts
        }

    async def _list_silent(self, silent: Sequence[Silent]) -> None:
        """One list per unit and evening to its managers, however many are silent."""
        rows = await db.fetch(
            "SELECT DISTINCT s.unit_id, timezone('Asia/Shanghai', a.opened_at)::date AS evening "
            "FROM asks a JOIN shifts s ON s.id = a.subject_id WHERE a.id = ANY($1)",
            [ask.ask_id for ask in silent],
        )
        for row in rows:
            await self.ledger.notify(
                SILENT,
                row["unit_id"],
                await managers(row["unit_id"]),
                context={"evening": row["evening"].isoformat()},
                once=f"{SILENT}:{row['unit_id']}:{row['evening']}",
            )

    async def silent_now(self, unit_id: int) -> dict[str, Any]:
        """Who of this unit has not answered today's reminders, for whoever asks."""
        today = self.clock.now().astimezone(SHANGHAI).date()
        return await self._silent_list(unit_id, today)

    async def _silent_list(self, unit_id: int, evening: date) -> dict[str, Any]:
        rows = await db.fetch(_SILENT, REMINDER, unit_id, evening)
        unit = await db.fetch_value("SELECT name FROM units WHERE id = $1", unit_id)
        asked = await self._asked(unit_id, evening)
        return {"unit": unit, "silent": rows, "count": len(rows), "asked": asked}

    async def _silent_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = {}
        for subject in subjects:
            evening = date.fromisoformat(subject.context["evening"])
            facts = await self._silent_list(subject.subject_id, evening)
            found[subject.message_id] = Facts(facts, bool(facts["silent"]), "everybody answered")
        return found

    async def _asked(self, unit_id: int, evening: date) -> int:
        count: int = await db.fetch_value(
            "SELECT count(*) FROM asks a JOIN shifts s ON s.id = a.subject_id "
            "WHERE a.purpose = $1 AND s.unit_id = $2 AND a.state IN ('open', 'answered') "
            "AND timezone('Asia/Shanghai', a.opened_at)::date = $3",
            REMINDER,
            unit_id,
            evening,
        )
        return count


def shift_facts(row: db.Row, barred: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A shift for templates. `starts_on` is the day it really starts, also for nights.

    `barred` is the licence that will have ended by then: nobody is ordered to such a shift.
    """
    starts = row["starts_at"].astimezone(SHANGHAI)
    return {
        "starts_on": starts.date(),
        # A shift from midnight is worked, in people's minds, in the night of the day before.
        "eve": starts.date() - timedelta(days=1) if starts.hour < EARLY else None,
        "name": row["name"],
        "role": row["role"],
        "hours": row["hours"],
        "unit": row["unit"],
        "changed": row["state"] != "planned",
        "barred": barred,
    }


def _card(
    row: db.Row, barred: Mapping[str, Any] | None, also: str, answered_at: datetime | None
) -> dict[str, Any]:
    """`also` are places in call-outs that they have on the same day."""
    return shift_facts(row, barred) | {"also": also, "answered_at": answered_at}


def _stands(row: db.Row, answered_at: datetime | None, now: datetime) -> tuple[bool, str]:
    """Whether the reminder is still to be said, and why it would not be."""
    stands = row["state"] == "planned" and row["starts_at"] > now and answered_at is None
    return stands, "the shift was changed" if row["state"] != "planned" else "answered or begun"
