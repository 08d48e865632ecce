"""Approved results leave: at their time, in the allowed hours, exactly the words approved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from models import db
from models.candidates import Stage
from models.clock import Clock
from models.ledger import Priority
from models.outcomes import OutcomeKind
from services import audit, outcome_facts
from services.ledger import Ledger
from services.outcome_facts import Prepared
from services.outcome_notices import OutcomeNotices
from services.purposes import Facts, Purpose, Subject
from services.working_days import WorkingTime

log = structlog.get_logger()

REJECTION, OFFER = "outcomes.rejection", "outcomes.offer"
PURPOSES = {OutcomeKind.REJECTED: REJECTION, OutcomeKind.PASSED: OFFER}
STAGES = {OutcomeKind.REJECTED: Stage.DECLINED, OutcomeKind.PASSED: Stage.OFFERED}
USEFUL = timedelta(days=14)  # longer than the longest holiday, in which nothing may leave
BATCH = 100

Left = Callable[[Prepared], Awaitable[None]]

# What is told to all at once waits for the public notice (services/result_notices.py).
_DUE = """
SELECT o.id FROM outcomes o JOIN interviews i ON i.id = o.interview_id
  JOIN applications a ON a.id = i.application_id JOIN postings p ON p.id = a.posting_id
 WHERE o.state = 'waiting' AND o.send_after <= $1
   AND (p.notice_within IS NULL OR i.notice_id IS NOT NULL)
 ORDER BY o.send_after, o.id LIMIT $2
"""
_SEND = """
UPDATE outcomes SET state = 'sent', sent_at = $2 WHERE id = $1 AND state = 'waiting' RETURNING id
"""
_LATER = """
UPDATE outcomes SET send_after = $2 WHERE id = $1 AND state = 'waiting'
"""
_DAMAGED = """
UPDATE outcomes SET state = 'withdrawn' WHERE id = $1 AND state = 'waiting' RETURNING id
"""


class OutcomeSender:
    """`then` is called for each letter, in the transaction that sends it."""

    def __init__(
        self,
        ledger: Ledger,
        notices: OutcomeNotices,
        working_time: WorkingTime,
        clock: Clock,
        then: Left,
    ) -> None:
        self._then = then
        self.ledger = ledger
        self.notices = notices
        self.working_time = working_time
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(
                    REJECTION,
                    self._words,
                    Priority.DECISION,
                    useful_for=USEFUL,
                    always=True,
                    window=self._allowed_from,
                ),
                Purpose(OFFER, self._words, Priority.DECISION, useful_for=USEFUL, always=True),
            ]
        )

    async def tick(self) -> int:
        """Send what is due; how many left. Each in a transaction of its own."""
        rows = await db.fetch(_DUE, self.clock.now(), BATCH)
        return sum([await self._send(row["id"]) for row in rows])

    async def _send(self, outcome_id: int) -> bool:
        async with db.transaction():
            found = await outcome_facts.locked(outcome_id)
            now = self.clock.now()
            if found.awaits_notice:
                return False
            if found.kind == OutcomeKind.REJECTED and self._allowed_from(now) > now:
                # It was due in the allowed hours, and nobody worked until they were over.
                await db.execute(_LATER, found.id, self._allowed_from(now))
                return False
            if not found.sealed_text or not found.intact:
                await self._keep_back(found)
                return False
            if await db.fetch_value(_SEND, found.id, now) is None:
                return False  # taken back while this one waited for the lock
            await self._say(found, now)
        return True

    async def _say(self, found: Prepared, now: datetime) -> None:
        purpose = PURPOSES[found.kind]
        await self.ledger.notify_candidate(
            purpose, found.id, found.candidate_id, once=f"{purpose}:{found.id}"
        )
        await self._then(found)
        await db.execute(
            "UPDATE applications SET stage = $2 WHERE id = $1",
            found.application_id,
            STAGES[found.kind].value,
        )
        await db.execute(
            "UPDATE interviews SET closed_at = $2 WHERE id = $1", found.interview_id, now
        )
        await self.notices.changed(found.id)
        await audit.record(
            now, "system", "outcome.sent", f"outcomes:{found.id}", hash=found.text_hash
        )

    async def _keep_back(self, found: Prepared) -> None:
        """What lies there is not what was approved: nobody is sent such a text."""
        if await db.fetch_value(_DAMAGED, found.id) is None:
            return
        log.error("outcome_text_altered", outcome=found.id)
        await audit.record(self.clock.now(), "system", "outcome.kept_back", f"outcomes:{found.id}")
        await self.notices.tell(found.id, "damaged")
        await self.notices.changed(found.id)

    def _allowed_from(self, instant: datetime) -> datetime:
        """The first instant from then on at which a rejection may leave."""
        return self.working_time.next_goodbye(instant).at

    async def _words(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        """The approved words, or nothing: never others."""
        found = await outcome_facts.load([subject.subject_id for subject in subjects])
        return {
            subject.message_id: _said(found[subject.subject_id])
            for subject in subjects
            if subject.subject_id in found
        }


def _said(found: Prepared) -> Facts:
    if not found.sealed_text:
        return Facts({}, stands=False, why_not="the candidate's data was erased")
    if not found.intact:
        return Facts({}, broken="the text is not the one that was approved")
    return Facts({"text": found.text})
