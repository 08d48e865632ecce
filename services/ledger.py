"""The ledger: what is to be said to whom. Rows join the caller's transaction, with their job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models import db, sealed
from models.clock import Clock
from services import candidate_deliveries, group_deliveries, jobs, person_deliveries
from services.purposes import Purposes
from services.reach import Ladder

CONTEXT = "messages.context"

_MESSAGE = """
INSERT INTO messages (purpose, subject_id, dedupe_key, context, priority, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (dedupe_key) DO NOTHING RETURNING id
"""
_WITHDRAW = """
WITH marked AS (
    UPDATE messages SET withdrawn_at = $3
     WHERE purpose = ANY($1) AND subject_id = ANY($2) AND withdrawn_at IS NULL RETURNING id
), gone AS (
    UPDATE deliveries d SET state = 'withdrawn', reason = $4
      FROM marked WHERE d.message_id = marked.id AND d.state = 'queued' RETURNING d.id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'withdrawn', $3, $4 FROM gone
"""
_AGAIN = """
SELECT m.id, d.person_id, d.group_id, d.candidate_id, m.priority, m.purpose, m.created_at
  FROM deliveries d
  JOIN messages m ON m.id = d.message_id
 WHERE d.id = $1 AND d.state = 'failed' AND m.withdrawn_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM deliveries later WHERE later.message_id = d.message_id
                      AND later.person_id IS NOT DISTINCT FROM d.person_id
                      AND later.group_id IS NOT DISTINCT FROM d.group_id
                      AND later.candidate_id IS NOT DISTINCT FROM d.candidate_id
                      AND later.id > d.id)
"""


class Ledger:
    """Says things. Sending is the delivery worker's work, after the transaction commits."""

    def __init__(self, purposes: Purposes, ladder: Ladder, clock: Clock) -> None:
        self.purposes = purposes
        self.ladder = ladder
        self.clock = clock

    async def notify(
        self,
        purpose_name: str,
        subject_id: int,
        to: Sequence[int],
        *,
        context: Mapping[str, Any] | None = None,
        once: str | None = None,
        not_before: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> int | None:
        """Queue one content for these persons; the message's id.

        With `once`, a key that makes it happen a single time: None when it already did. Persons
        without any channel get a failed delivery, so that somebody sees it.
        """
        purpose = self.purposes[purpose_name]
        now = self.clock.now()
        due = max(not_before or now, now)
        message_id = await self._message(purpose_name, subject_id, context, once)
        if message_id is None:
            return None
        expiry = expires_at or due + purpose.useful_for
        await person_deliveries.write(
            message_id, to, self.ladder, int(purpose.priority), due, expiry, now
        )
        if due <= now:
            await jobs.enqueue(jobs.DELIVER)
        return message_id

    async def notify_candidate(
        self,
        purpose_name: str,
        subject_id: int,
        candidate_id: int,
        *,
        context: Mapping[str, Any] | None = None,
        once: str | None = None,
        not_before: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> int | None:
        """Queue a message to a candidate on the first channel that would take it now; its id.

        None when `once` says that it was said before. To whom wishes no more messages, or was
        erased, it is suppressed; without any channel it has failed, and somebody sees it.
        """
        purpose = self.purposes[purpose_name]
        now = self.clock.now()
        due = max(not_before or now, now)
        message_id = await self._message(purpose_name, subject_id, context, once)
        if message_id is not None:
            expiry = expires_at or due + purpose.useful_for
            rungs = self.ladder.candidates
            await candidate_deliveries.write(
                message_id, candidate_id, purpose, rungs, due, expiry, now
            )
        return message_id

    async def announce(
        self,
        purpose_name: str,
        subject_id: int,
        groups: Sequence[int],
        *,
        context: Mapping[str, Any] | None = None,
        once: str | None = None,
    ) -> int | None:
        """Queue one content for these group chats; the message's id.

        None when none of them is bound any more, or when `once` says that it was said before.
        """
        now = self.clock.now()
        doors = await group_deliveries.doors(groups, bound_by=now)
        if not doors:
            return None
        message_id = await self._message(purpose_name, subject_id, context, once)
        if message_id is not None:
            purpose = self.purposes[purpose_name]
            await group_deliveries.write(
                message_id, doors, int(purpose.priority), now, now + purpose.useful_for
            )
        return message_id

    async def _message(
        self,
        purpose: str,
        subject_id: int,
        context: Mapping[str, Any] | None,
        once: str | None,
    ) -> int | None:
        body = sealed.seal_json(CONTEXT, dict(context)) if context else None
        priority = self.purposes[purpose].priority
        message_id: int | None = await db.fetch_value(
            _MESSAGE, purpose, subject_id, once, body, priority, self.clock.now()
        )
        return message_id

    async def leave_group(self, group_id: int, why: str) -> None:
        """What was still to be posted there is withdrawn: it is no longer this unit's group."""
        await group_deliveries.withdraw(group_id, self.clock.now(), why)

    async def repeat(
        self,
        message_id: int,
        purpose_name: str,
        *,
        person: int | None = None,
        candidate: int | None = None,
        once: str,
        expires_at: datetime,
    ) -> int | None:
        """Say again to one person or candidate what a message said, for a purpose (a nag)."""
        original = await db.fetch_one(
            "SELECT subject_id, context FROM messages WHERE id = $1", message_id
        )
        assert original is not None
        body = original["context"]
        context = sealed.open_json(CONTEXT, body) if body else None
        if candidate is not None:
            return await self.notify_candidate(
                purpose_name,
                original["subject_id"],
                candidate,
                context=context,
                once=once,
                expires_at=expires_at,
            )
        return await self.notify(
            purpose_name,
            original["subject_id"],
            [] if person is None else [person],
            context=context,
            once=once,
            expires_at=expires_at,
        )

    async def next_channel(
        self, message_id: int, people: Sequence[int], expires_at: datetime
    ) -> list[int]:
        """Send a message to these once more, each on the next channel that has not carried it.

        Gives those for whom there is such a channel. One statement, however many they are.
        """
        now = self.clock.now()
        moved = await person_deliveries.climb(message_id, people, self.ladder, now, expires_at)
        if moved:
            await jobs.enqueue(jobs.DELIVER)
        return moved

    async def send_again(self, delivery_id: int) -> bool:
        """Queue a failed delivery's message to its receiver anew; False when that makes no sense.

        It keeps to the guard like any other: what is no longer true is withdrawn, not sent.
        """
        row = await db.fetch_one(_AGAIN, delivery_id)
        if row is None:
            return False
        now, useful = self.clock.now(), self.purposes[row["purpose"]].useful_for
        if row["candidate_id"] is not None:
            purpose = self.purposes[row["purpose"]]
            await candidate_deliveries.write(
                row["id"],
                row["candidate_id"],
                purpose,
                self.ladder.candidates,
                now,
                now + useful,
                now,
            )
            return True
        if row["person_id"] is None:
            # Not where the group has become another unit's since.
            doors = await group_deliveries.doors([row["group_id"]], bound_by=row["created_at"])
            if doors:
                await group_deliveries.write(row["id"], doors, row["priority"], now, now + useful)
            return bool(doors)
        await person_deliveries.write(
            row["id"], [row["person_id"]], self.ladder, row["priority"], now, now + useful, now
        )
        await jobs.enqueue(jobs.DELIVER)
        return True

    async def withdraw(self, purposes: Sequence[str], subjects: Sequence[int], why: str) -> None:
        """What these purposes say is no longer true of these subjects: the unsent never leave."""
        await db.execute(_WITHDRAW, list(purposes), list(subjects), self.clock.now(), why)

    async def redraw(
        self, purposes: Sequence[str], subjects: Sequence[int], *, spend: bool = False
    ) -> None:
        """Cards already out about these subjects show their new state, to all who have one.

        `spend`: also where that takes the only code an open card has, which then keeps this state
        until it is tapped.
        """
        rows = await db.fetch(
            "SELECT DISTINCT m.id FROM messages m JOIN deliveries d ON d.message_id = m.id "
            "WHERE m.purpose = ANY($1) AND m.subject_id = ANY($2) AND d.send_id IS NOT NULL",
            list(purposes),
            list(subjects),
        )
        await self.redraw_messages([row["id"] for row in rows], spend=spend)

    async def redraw_messages(self, messages: Sequence[int], *, spend: bool = False) -> None:
        """The same for messages that are known by their ids."""
        for message_id in messages:
            how = f" {jobs.SPEND}" if spend else ""
            await jobs.enqueue(jobs.REDRAW, f"{message_id}{how}")
