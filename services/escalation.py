"""What happens while an ask stays open: steps as data, carried out once each, in order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from models import db
from models.clock import Clock
from models.policies import Escalate, Policies
from services.ledger import Ledger

log = structlog.get_logger()

BATCH = 500

_DUE = """
SELECT id, purpose, message_id, person_id, candidate_id, subject_id, opened_at, deadline, policy,
       step
  FROM asks WHERE state = 'open' AND next_step_at <= $1
 ORDER BY next_step_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_NEXT = """
UPDATE asks a SET step = n.step, next_step_at = n.at
  FROM unnest($1::bigint[], $2::smallint[], $3::timestamptz[]) AS n(id, step, at)
 WHERE a.id = n.id
"""


@dataclass(frozen=True, slots=True)
class Silent:
    """An ask that nobody has answered: exactly one of person and candidate is named."""

    ask_id: int
    step: int
    message_id: int
    purpose: str
    person_id: int | None
    candidate_id: int | None
    subject_id: int
    opened_at: datetime
    deadline: datetime


Act = Callable[[Sequence[Silent]], Awaitable[None]]


class Escalation:
    """Features register what a step means for their asks; a nag is the same for all."""

    def __init__(self, ledger: Ledger, policies: Policies, clock: Clock) -> None:
        self.ledger = ledger
        self.policies = policies
        self.clock = clock
        self._acts: dict[tuple[str, Escalate], Act] = {}

    def on(self, purpose: str, step: Escalate, act: Act) -> None:
        self._acts[(purpose, step)] = act

    async def run_due(self) -> int:
        """Carry out what is due, in one transaction; how many asks moved on."""
        async with db.transaction():
            rows = await db.fetch(_DUE, self.clock.now(), BATCH)
            groups: dict[tuple[str, Escalate], list[Silent]] = {}
            following: list[tuple[int, int, datetime | None]] = []
            for row in rows:
                steps = self.policies.escalation(row["policy"]).steps
                done = row["step"] + 1
                after = steps[done].due(row["opened_at"]) if done < len(steps) else None
                following.append((row["id"], done, after))
                if row["step"] < len(steps):
                    act = steps[row["step"]].act
                    groups.setdefault((row["purpose"], act), []).append(_silent(row))
            await self._carry_out(groups)
            if following:
                ids, numbers, instants = zip(*following, strict=True)
                await db.execute(_NEXT, list(ids), list(numbers), list(instants))
        return len(rows)

    async def _carry_out(self, groups: dict[tuple[str, Escalate], list[Silent]]) -> None:
        for (purpose, step), silent in groups.items():
            act = self._acts.get((purpose, step))
            if act is not None:
                await act(silent)
            elif step == Escalate.NAG:
                await self._nag(purpose, silent)
            else:
                log.warning("escalation_step_without_meaning", purpose=purpose, step=step)

    async def _nag(self, purpose: str, silent: Sequence[Silent]) -> None:
        """Ask the same person again, with the purpose's own nag words where it has some."""
        words = f"{purpose}_nag"
        name = words if words in self.ledger.purposes else purpose
        for ask in silent:
            await self.ledger.repeat(
                ask.message_id,
                name,
                person=ask.person_id,
                candidate=ask.candidate_id,
                once=f"nag:{ask.ask_id}:{ask.step}",
                expires_at=ask.deadline,
            )


def _silent(row: db.Row) -> Silent:
    return Silent(
        row["id"],
        row["step"],
        row["message_id"],
        row["purpose"],
        row["person_id"],
        row["candidate_id"],
        row["subject_id"],
        row["opened_at"],
        row["deadline"],
    )
