"""我的资料, 更正, 删除我的资料, 为什么发给我: a candidate's rights, used in words (PIPL 44–48).

Deleting everything is asked back once, and only 确认删除 within a day deletes: a number or a 好的
could belong to another question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from models import db
from models.asks import AskState
from models.clock import Clock
from models.ledger import Priority
from services import audit
from services.asks import Asks
from services.candidate_reach import KF, MAIL
from services.candidate_tasks import CandidateTasks
from services.candidate_words import CandidateWords
from services.erasure import Erasure
from services.forgetting import Forgetting
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.understanding.choices import Wish, only_thanks, wish

HELD, WHY, CONFIRM = "candidates.held", "candidates.why", "candidates.confirm_delete"
PASSED_ON = "candidates.correction_passed_on"
WITHIN = timedelta(hours=24)

_HELD = """
SELECT c.id, c.source, c.pool_consent_at IS NOT NULL AS pool,
       c.phone IS NOT NULL AS phone_known, c.email IS NOT NULL AS email_known,
       EXISTS (SELECT 1 FROM kf_contacts k WHERE k.candidate_id = c.id) AS chat,
       (SELECT count(*) FROM applications a WHERE a.candidate_id = c.id) AS applications,
       (SELECT count(*) FROM applications a WHERE a.candidate_id = c.id
           AND a.profile IS NOT NULL) AS profiles,
       (SELECT count(*) FROM interviews i JOIN applications a ON a.id = i.application_id
         WHERE a.candidate_id = c.id) AS interviews,
       (SELECT count(*) FROM scorecards s JOIN interviews i ON i.id = s.interview_id
          JOIN applications a ON a.id = i.application_id
         WHERE a.candidate_id = c.id) AS scorecards,
       (SELECT count(*) FROM outcomes o JOIN interviews i ON i.id = o.interview_id
          JOIN applications a ON a.id = i.application_id
         WHERE a.candidate_id = c.id AND o.state = 'sent') AS outcomes,
       (SELECT count(*) FROM deliveries d WHERE d.candidate_id = c.id) AS messages
  FROM candidates c WHERE c.id = $1 AND c.erased_at IS NULL
"""
# What they were sent last, answers to their own words aside.
_LAST = """
SELECT m.purpose FROM deliveries d JOIN messages m ON m.id = d.message_id
 WHERE d.candidate_id = $1 AND d.state IN ('accepted', 'seen', 'answered', 'unknown')
   AND m.purpose <> ALL($2)
 ORDER BY d.claimed_at DESC NULLS LAST, d.id DESC LIMIT 1
"""
REASONS = {
    "interviews": "interview",
    "outcomes": "outcome",
    "candidates.kept": "outcome",
    "candidates.choice_unclear": "outcome",
}
_RECRUITER = """
SELECT p.recruiter_id FROM applications a JOIN postings p ON p.id = a.posting_id
 WHERE a.candidate_id = $1 ORDER BY a.id DESC LIMIT 1
"""


class PrivacyWords:
    def __init__(
        self,
        ledger: Ledger,
        asks: Asks,
        erasure: Erasure,
        forgetting: Forgetting,
        words: CandidateWords,
        tasks: CandidateTasks,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.asks = asks
        self.erasure = erasure
        self.forgetting = forgetting
        self.words = words
        self.tasks = tasks
        self.clock = clock
        chat = (KF, MAIL)  # what is said of one's data is written, to the place where they write
        ledger.purposes.add(
            [
                Purpose(name, self._facts, Priority.DECISION, quiet=False, always=True, only=chat)
                for name in (HELD, WHY, CONFIRM, PASSED_ON)
            ]
        )

    async def hear(self, candidate_id: int, text: str) -> bool:
        """Do what they ask about their own data; False when they ask for something else.

        False as well after their data was deleted: then nobody knows them any more.
        """
        wished = wish(text)
        if wished is None and only_thanks(text):  # for the receipt: nobody need look at it
            return await self.erasure.pending(candidate_id)
        if wished is None or await self._gone(candidate_id):
            return False
        async with db.transaction():
            match wished:
                case Wish.VIEW:
                    await self._show(candidate_id)
                case Wish.WHY:
                    await self._tell(WHY, candidate_id, await self._reason(candidate_id))
                case Wish.CORRECT:
                    await self._correct(candidate_id, text)
                case Wish.DELETE:
                    await self._ask_back(candidate_id)
                case Wish.CONFIRM_DELETE:
                    await self._confirm(candidate_id)
        return True

    async def held(self, candidate_id: int) -> dict[str, Any] | None:
        """What we hold, by kind, and until when; None when there is nothing (any more)."""
        row = await db.fetch_one(_HELD, candidate_id)
        if row is None:
            return None
        return {**row, "until": await self.forgetting.last_day(candidate_id)}

    async def _gone(self, candidate_id: int) -> bool:
        sql = "SELECT erased_at IS NOT NULL FROM candidates WHERE id = $1"
        return await db.fetch_value(sql, candidate_id) is not False

    async def _show(self, candidate_id: int) -> None:
        held = await self.held(candidate_id)
        assert held is not None
        until = held.pop("until")
        held.pop("id")
        now = self.clock.now()
        await audit.record(now, _by(candidate_id), "candidate.data_shown", _subject(candidate_id))
        await self._tell(HELD, candidate_id, {**held, "until": until.isoformat()})

    async def _reason(self, candidate_id: int) -> dict[str, Any]:
        own = [HELD, WHY, CONFIRM, PASSED_ON, "candidates.reply", "candidates.clarify"]
        last = await db.fetch_value(_LAST, candidate_id, own) or ""
        reason = REASONS.get(last) or REASONS.get(last.partition(".")[0]) or "other"
        source = await db.fetch_value("SELECT source FROM candidates WHERE id = $1", candidate_id)
        until = await self.forgetting.last_day(candidate_id)
        assert until is not None
        return {"reason": reason, "source": source or "", "until": until.isoformat()}

    async def _correct(self, candidate_id: int, text: str) -> None:
        recruiter = await db.fetch_value(_RECRUITER, candidate_id)
        if recruiter is not None:
            await self.tasks.open(
                "question", person=recruiter, candidate_id=candidate_id, detail={"words": text}
            )
        await self._tell(PASSED_ON, candidate_id, {})

    async def _ask_back(self, candidate_id: int) -> None:
        if await self.erasure.pending(candidate_id):
            return
        await self.asks.close([CONFIRM], [candidate_id], AskState.WITHDRAWN)
        await self.asks.open_to_candidate(
            CONFIRM,
            candidate_id,
            candidate_id,
            policy="confirm_delete",
            deadline=self.clock.now() + WITHIN,
        )

    async def _confirm(self, candidate_id: int) -> None:
        """Without an open question it is a first wish, and asked back like any."""
        if await self.erasure.pending(candidate_id):
            return
        if await self.asks.answered_by_candidate([CONFIRM], candidate_id, candidate_id, "yes"):
            await self.erasure.request(candidate_id, _by(candidate_id), "wished (chat)")
        else:
            await self._ask_back(candidate_id)

    async def _tell(self, purpose: str, candidate_id: int, context: Mapping[str, Any]) -> None:
        await self.ledger.notify_candidate(purpose, candidate_id, candidate_id, context=context)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        known = await self.words.of([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts({**known[subject.subject_id], **subject.context})
            for subject in subjects
            if subject.subject_id in known
        }


def _by(candidate_id: int) -> str:
    return f"candidate:{candidate_id}"


def _subject(candidate_id: int) -> str:
    return f"candidates:{candidate_id}"
