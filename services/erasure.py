"""Deletion of a candidate's data, with a receipt they can quote and a proof that holds no data.

Whoever asks is told that it is done, and for that their address must live a little longer: so
asking ends everything that goes on about them at once and queues the receipt, and the tick
`erasure.finish` deletes as soon as the receipt was sent or failed, after 24 hours in any case.
What is due by its term (`services/forgetting.py`) is deleted without a word.

The proof is `services/erasure_proof.py`. Art. 47 of the Personal Information Protection Law.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from models import db
from models.clock import Clock
from models.ledger import Priority
from services import audit, erasure_scope, erasure_traces
from services.actors import Actor
from services.approvals import Approvals
from services.candidate_reach import KF, MAIL, SMS
from services.candidate_tasks import KINDS, CandidateTasks
from services.candidate_words import CandidateWords
from services.erasure_proof import ASKED, ERASED, proof_of
from services.erasure_scope import Scope
from services.erasure_wipe import wipe
from services.ledger import Ledger
from services.outcome_notices import FULL_TEXT, TOLD, WAITING
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import require_recruiting
from services.refusals import Refusal

log = structlog.get_logger()

RECEIPT = "candidates.deleted"
LEFT = "interviews.candidate_left"
LONGEST = timedelta(hours=24)  # after which data goes although the receipt did not
# A platform may take a message and say within seconds that it did not arrive: then the next
# channel is tried, for which the address is needed.
SETTLES = timedelta(minutes=1)
BATCH = 50
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misread aloud

_WAITING = """
SELECT m.subject_id AS candidate_id FROM messages m
  JOIN candidates c ON c.id = m.subject_id AND c.erased_at IS NULL
 WHERE m.purpose = $1
   AND (m.created_at <= $2 OR NOT EXISTS (
            SELECT 1 FROM deliveries d WHERE d.candidate_id = c.id
               AND (d.state IN ('queued', 'sending')
                    OR d.state = 'unknown' AND d.repeat_until IS NOT NULL
                    OR EXISTS (SELECT 1 FROM delivery_events e
                                WHERE e.delivery_id = d.id AND e.at > $3))))
 ORDER BY m.id LIMIT $4
"""
# A message that was being written while its receiver was erased.
_LEFTOVERS = """
SELECT DISTINCT c.id FROM candidates c JOIN deliveries d ON d.candidate_id = c.id
 WHERE c.erased_at IS NOT NULL LIMIT $1
"""
_STOP_MESSAGES = """
UPDATE candidates SET opted_out_at = coalesce(opted_out_at, $2), pool_consent_at = NULL,
       pool_until = NULL
 WHERE id = $1
"""


class Erasure:
    def __init__(
        self,
        ledger: Ledger,
        approvals: Approvals,
        tasks: CandidateTasks,
        words: CandidateWords,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.approvals = approvals
        self.tasks = tasks
        self.words = words
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(
                    RECEIPT,
                    self._receipt_facts,
                    Priority.DECISION,
                    quiet=False,
                    useful_for=LONGEST,
                    always=True,
                    only=(KF, MAIL, SMS),
                ),
                Purpose(LEFT, self._left_facts, Priority.DECISION),
            ]
        )

    async def request(self, candidate_id: int, by: Actor | str, why: str) -> str:
        """End everything about them, queue the receipt and have them deleted; the receipt's id.

        Asked again it is the same receipt. Raises Refusal: `not_allowed`, `candidate_unknown`,
        `candidate_erased`.
        """
        async with db.transaction():
            scope = await self._scope(candidate_id, by)
            if scope.candidate["erased_at"] is not None:
                raise Refusal("candidate_erased")
            asked = await self._asked(candidate_id)
            if asked:
                return asked
            await self._stop(scope, by)
            await db.execute(_STOP_MESSAGES, candidate_id, self.clock.now())
            receipt = _new_receipt()
            await self._note(ASKED, candidate_id, by, receipt=receipt, why=why)
            await self.ledger.notify_candidate(
                RECEIPT, candidate_id, candidate_id, context={"receipt": receipt}
            )
        return receipt

    async def erase(self, candidate_id: int, by: Actor | str, why: str) -> str:
        """Delete everything that names or describes them, now and at once; the receipt's id.

        Done a second time it changes nothing. Raises Refusal: `not_allowed`, `candidate_unknown`.
        """
        async with db.transaction():
            scope = await self._scope(candidate_id, by)
            if scope.candidate["erased_at"] is not None:
                done = await proof_of(scope.candidate["ref"])
                return done.receipt if done else ""
            receipt = await self._asked(candidate_id) or _new_receipt()
            await self._stop(scope, by)
            counts = await self._wipe(scope)
            await self._note(ERASED, candidate_id, by, receipt=receipt, why=why, counts=counts)
        return receipt

    async def pending(self, candidate_id: int) -> bool:
        """Whether they asked, and are about to be deleted."""
        return await self._asked(candidate_id) is not None

    async def finish_due(self) -> int:
        """Delete whoever was told so, or could not be told in a day; how many."""
        now = self.clock.now()
        rows = await db.fetch(_WAITING, RECEIPT, now - LONGEST, now - SETTLES, BATCH)
        done = sum([await self._try(row["candidate_id"]) for row in rows])
        return done + await self._sweep()

    async def _try(self, candidate_id: int) -> bool:
        """One of many: what goes wrong with one is tried again and holds up nobody."""
        row = await db.fetch_one(
            "SELECT actor, detail::jsonb ->> 'why' AS why FROM audit_rows "
            "WHERE action = $1 AND subject = $2 ORDER BY id DESC LIMIT 1",
            ASKED,
            f"candidates:{candidate_id}",
        )
        try:
            await self.erase(
                candidate_id, row["actor"] if row else "system", row["why"] if row else "asked"
            )
        except Exception as error:
            log.warning("erasure_postponed", candidate=candidate_id, error=type(error).__name__)
            return False
        return True

    async def _sweep(self) -> int:
        """What came to somebody in the instant of their deletion goes as well."""
        rows = await db.fetch(_LEFTOVERS, BATCH)
        for row in rows:
            async with db.transaction():
                scope = await erasure_scope.locked(row["id"])
                assert scope is not None
                counts = await self._wipe(scope)
                await self._note("candidate.swept", row["id"], "system", counts=counts)
        return len(rows)

    # Small steps.

    async def _scope(self, candidate_id: int, by: Actor | str) -> Scope:
        if isinstance(by, Actor):
            await require_recruiting(by)
        scope = await erasure_scope.locked(candidate_id)
        if scope is None:
            raise Refusal("candidate_unknown")
        return scope

    async def _asked(self, candidate_id: int) -> str | None:
        """The receipt of a deletion that was asked for and is not done yet."""
        detail = await db.fetch_value(
            "SELECT r.detail::jsonb ->> 'receipt' FROM audit_rows r "
            "JOIN candidates c ON c.id = $3 AND c.erased_at IS NULL "
            "WHERE r.action = $1 AND r.subject = $2 ORDER BY r.id DESC LIMIT 1",
            ASKED,
            f"candidates:{candidate_id}",
            candidate_id,
        )
        return None if detail is None else str(detail)

    async def _stop(self, scope: Scope, by: Actor | str) -> None:
        """Colleagues' cards change, and whoever awaited them hears that they do not come."""
        now, left = self.clock.now(), by != "system"
        ahead = await erasure_scope.stop(scope, now, "the candidate leaves", left=left)
        for approval in scope.approvals:
            await self.approvals.withdraw(approval)
        await self.ledger.withdraw(
            [FULL_TEXT, WAITING, TOLD], scope.outcomes, "the candidate leaves"
        )
        await self.ledger.redraw([WAITING], scope.outcomes)
        await self.tasks.withdraw(tuple(KINDS), candidate_id=scope.candidate_id)
        for interview in scope.interviews:
            await self.tasks.withdraw(tuple(KINDS), interview_id=interview)
        for interview, recruiter in ahead:
            await self.ledger.notify(LEFT, interview, [recruiter], once=f"{LEFT}:{interview}")

    async def _wipe(self, scope: Scope) -> Mapping[str, int]:
        marks = erasure_traces.marks_of(scope.candidate)
        traces = await erasure_traces.find(marks, scope.candidate["created_at"])
        return await wipe(scope, traces, self.clock.now())

    async def _note(self, action: str, candidate_id: int, by: Actor | str, **detail: Any) -> None:
        await audit.record(self.clock.now(), by, action, f"candidates:{candidate_id}", **detail)

    async def _receipt_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        known = await self.words.of([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts({**known[subject.subject_id], **subject.context})
            for subject in subjects
            if subject.subject_id in known
        }

    async def _left_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        rows = await db.fetch(
            "SELECT i.id, p.title AS post, s.starts_at AS starts, s.place FROM interviews i "
            "JOIN slots s ON s.id = i.slot_id JOIN postings p ON p.id = s.posting_id "
            "WHERE i.id = ANY($1)",
            [subject.subject_id for subject in subjects],
        )
        facts = {row["id"]: Facts(dict(row)) for row in rows}
        return {
            subject.message_id: facts[subject.subject_id]
            for subject in subjects
            if subject.subject_id in facts
        }


def _new_receipt() -> str:
    return "SC" + "".join(secrets.choice(_ALPHABET) for _ in range(8))
