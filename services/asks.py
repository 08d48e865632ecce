"""Asks: a question to a person, its deadline, its answer, and the steps while nobody answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import db
from models.asks import AskState
from models.clock import Clock
from models.policies import Policies
from services.ledger import Ledger

_OPEN = """
INSERT INTO asks (purpose, message_id, person_id, subject_id, opened_at, deadline, policy,
                  next_step_at)
SELECT $1, $2, person_id, $4, $5, $6, $7, $8 FROM unnest($3::bigint[]) AS t(person_id)
"""
_OPEN_TO_CANDIDATE = """
INSERT INTO asks (purpose, message_id, candidate_id, subject_id, opened_at, deadline, policy,
                  next_step_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_CANDIDATE_ANSWER = """
UPDATE asks SET state = 'answered', answer = $4, answered_at = $5, next_step_at = NULL
 WHERE purpose = ANY($1) AND subject_id = $2 AND candidate_id = $3 AND state = 'open'
RETURNING message_id
"""
_CANDIDATE_DELIVERY = """
WITH moved AS (
    UPDATE deliveries SET state = 'answered'
     WHERE message_id = ANY($1) AND candidate_id = $2 AND state IN ('accepted', 'seen', 'unknown')
    RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at) SELECT id, 'answered', $3 FROM moved
"""
_ANSWER = """
UPDATE asks SET state = 'answered', answer = $4, answered_at = $5, next_step_at = NULL
 WHERE purpose = ANY($1) AND subject_id = $2 AND person_id = $3 AND state = 'open'
RETURNING message_id
"""
_ANSWER_ONE = """
UPDATE asks SET state = 'answered', answer = $3, answered_at = $4, next_step_at = NULL
 WHERE message_id = $1 AND person_id = $2 AND state = 'open' AND deadline > $4
RETURNING message_id
"""
_CLOSE = """
UPDATE asks SET state = $3, next_step_at = NULL
 WHERE purpose = ANY($1) AND subject_id = ANY($2) AND state = 'open'
"""
_DELIVERY_ANSWERED = """
WITH moved AS (
    UPDATE deliveries SET state = 'answered'
     WHERE message_id = ANY($1) AND person_id = $2 AND state IN ('accepted', 'seen', 'unknown')
    RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at) SELECT id, 'answered', $3 FROM moved
"""


@dataclass(frozen=True, slots=True)
class AskView:
    """An ask as it stands, for polite answers to late taps."""

    id: int
    state: AskState
    answer: str | None
    answered_at: datetime | None


class Asks:
    def __init__(self, ledger: Ledger, policies: Policies, clock: Clock) -> None:
        self.ledger = ledger
        self.policies = policies
        self.clock = clock

    async def open(
        self,
        purpose: str,
        subject_id: int,
        to: Sequence[int],
        *,
        policy: str,
        deadline: datetime | None = None,
        context: Mapping[str, Any] | None = None,
        once: str | None = None,
    ) -> int | None:
        """Ask these persons; the message's id, or None when `once` says it was asked before."""
        message_id = await self.ledger.notify(
            purpose, subject_id, to, context=context, once=once, expires_at=deadline
        )
        if message_id is None:
            return None
        now, until, first = self._times(policy, deadline)
        people = list(dict.fromkeys(to))
        await db.execute(_OPEN, purpose, message_id, people, subject_id, now, until, policy, first)
        return message_id

    async def open_to_candidate(
        self,
        purpose: str,
        subject_id: int,
        candidate_id: int,
        *,
        policy: str,
        deadline: datetime | None = None,
        context: Mapping[str, Any] | None = None,
        once: str | None = None,
    ) -> int | None:
        """Ask a candidate; the message's id, or None when `once` says it was asked before."""
        message_id = await self.ledger.notify_candidate(
            purpose, subject_id, candidate_id, context=context, once=once, expires_at=deadline
        )
        if message_id is None:
            return None
        now, until, first = self._times(policy, deadline)
        await db.execute(
            _OPEN_TO_CANDIDATE,
            purpose,
            message_id,
            candidate_id,
            subject_id,
            now,
            until,
            policy,
            first,
        )
        return message_id

    def _times(
        self, policy: str, deadline: datetime | None
    ) -> tuple[datetime, datetime, datetime | None]:
        """Now, the deadline, and when the first step of the escalation is due."""
        now = self.clock.now()
        escalation = self.policies.escalation(policy)
        first = escalation.steps[0].due(now) if escalation.steps else None
        return now, deadline or now + escalation.deadline, first

    async def answered_by_candidate(
        self, purposes: Sequence[str], subject_id: int, candidate_id: int, answer: str
    ) -> bool:
        """Record a candidate's answer, once. False when nothing was open for them any more."""
        now = self.clock.now()
        rows = await db.fetch(
            _CANDIDATE_ANSWER, list(purposes), subject_id, candidate_id, answer, now
        )
        messages = [row["message_id"] for row in rows]
        if messages:
            await db.execute(_CANDIDATE_DELIVERY, messages, candidate_id, now)
        return bool(messages)

    async def answer(
        self, purposes: Sequence[str], subject_id: int, person_id: int, answer: str
    ) -> bool:
        """Record one person's answer, once. False when nothing was open for them any more."""
        now = self.clock.now()
        rows = await db.fetch(_ANSWER, list(purposes), subject_id, person_id, answer, now)
        messages = [row["message_id"] for row in rows]
        if messages:
            await db.execute(_DELIVERY_ANSWERED, messages, person_id, now)
        return bool(messages)

    async def answer_one(self, message_id: int, person_id: int, answer: str) -> bool:
        """The same for one message, where a person may be asked several things of a subject."""
        now = self.clock.now()
        rows = await db.fetch(_ANSWER_ONE, message_id, person_id, answer, now)
        if rows:
            await db.execute(_DELIVERY_ANSWERED, [message_id], person_id, now)
        return bool(rows)

    async def close(
        self, purposes: Sequence[str], subjects: Sequence[int], state: AskState
    ) -> None:
        """Nobody needs to answer any more: withdrawn, or decided by somebody else."""
        await db.execute(_CLOSE, list(purposes), list(subjects), str(state))

    async def find(
        self, purposes: Sequence[str], subject_id: int, person_id: int
    ) -> AskView | None:
        """The newest ask of these purposes to this person about this subject."""
        row = await db.fetch_one(
            "SELECT id, state, answer, answered_at FROM asks WHERE purpose = ANY($1) "
            "AND subject_id = $2 AND person_id = $3 ORDER BY id DESC LIMIT 1",
            list(purposes),
            subject_id,
            person_id,
        )
        if row is None:
            return None
        return AskView(row["id"], AskState(row["state"]), row["answer"], row["answered_at"])

    async def expire_due(self) -> int:
        """Asks whose deadline has passed are no longer waited for."""
        return await db.execute(
            "UPDATE asks SET state = 'expired', next_step_at = NULL "
            "WHERE state = 'open' AND deadline <= $1",
            self.clock.now(),
        )
