"""After a rejection: may we keep the CV until the printed day, or shall it go now; and 1–5 points.

Only an unambiguous answer to the open question of the newest rejection counts. Silence is no
consent: the record then ends at its term (`services/forgetting.py`). A bare number belongs to the
question asked last: 1 and 2 mean the CV until the points are asked for, points from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services import audit
from services.candidate_reach import KF, MAIL, SMS
from services.candidate_words import CandidateWords
from services.erasure import Erasure
from services.erasure_scope import lock_interviews
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.understanding import choices as said
from services.understanding.choices import Choice

KEPT, UNCLEAR, THANKS = "candidates.kept", "candidates.choice_unclear", "candidates.rated"
RATING = "outcomes.rating"  # asked by services/ratings.py

# The newest rejection decides. It is superseded by an invitation that came after it: what they say
# then is about that. The points count as asked once they were sent, not before.
_NEWEST = """
SELECT o.id, o.choice, o.keep_until, o.rating, c.erased_at,
       EXISTS (SELECT 1 FROM messages m JOIN deliveries d ON d.message_id = m.id
                WHERE m.purpose = $2 AND m.subject_id = o.id
                  AND d.state IN ('accepted', 'seen', 'answered', 'unknown')) AS points_asked,
       EXISTS (SELECT 1 FROM interviews n JOIN applications b ON b.id = n.application_id
                WHERE b.candidate_id = c.id AND n.invited_at > o.sent_at
                  AND n.state IN ('invited', 'choosing', 'confirmed')) AS superseded
  FROM outcomes o JOIN interviews i ON i.id = o.interview_id
  JOIN applications a ON a.id = i.application_id JOIN candidates c ON c.id = a.candidate_id
 WHERE c.id = $1 AND o.kind = 'rejected' AND o.state = 'sent'
 ORDER BY o.sent_at DESC, o.id DESC LIMIT 1
"""
_CHOOSE = """
UPDATE outcomes SET choice = $2, chosen_at = $3 WHERE id = $1 AND choice IS NULL RETURNING id
"""
_CONSENT = """
UPDATE candidates SET pool_consent_at = $2, pool_until = $3 WHERE id = $1 AND erased_at IS NULL
"""
_RATE = """
UPDATE outcomes SET rating = $2, rated_at = $3
 WHERE id = $1 AND rating IS NULL AND rating_asked_at IS NOT NULL RETURNING id
"""
_OF_OUTCOMES = """
SELECT o.id, o.keep_until, a.candidate_id FROM outcomes o
  JOIN interviews i ON i.id = o.interview_id JOIN applications a ON a.id = i.application_id
 WHERE o.id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class Open:
    """The newest rejection and which of its two questions can still be answered."""

    outcome_id: int
    keep_until: date
    choice: Choice | None
    may_choose: bool
    may_rate: bool
    points_asked: bool


class OutcomeChoices:
    def __init__(
        self, ledger: Ledger, erasure: Erasure, words: CandidateWords, clock: Clock
    ) -> None:
        self.ledger = ledger
        self.erasure = erasure
        self.words = words
        self.clock = clock
        chat = (KF, MAIL)
        ledger.purposes.add(
            [
                Purpose(KEPT, self._facts, Priority.DECISION, quiet=False, only=(*chat, SMS)),
                Purpose(UNCLEAR, self._facts, Priority.DECISION, quiet=False, only=chat),
                Purpose(THANKS, self._facts, Priority.DECISION, quiet=False, only=chat),
            ]
        )

    async def hear(self, candidate_id: int, text: str) -> bool:
        """Take what they said as an answer to the open question; False when it is none."""
        async with db.transaction():
            found = await self._open(candidate_id)
            if found is None:
                return False
            choice, points = said.choice(text), said.points(text)
            if found.may_rate and points is not None and not said.said_in_words(text):
                return await self._rated(candidate_id, found.outcome_id, points)
            if (
                found.may_choose
                and choice
                and (not found.points_asked or said.said_in_words(text))
            ):
                await self._choose(candidate_id, found, choice, "chat")
                return True
            if choice is not None and choice == found.choice and not found.points_asked:
                return True  # said twice, or delivered twice
            return await self._doubtful(found, candidate_id, text)

    async def keep(self, candidate_id: int, *, via: str) -> date:
        """They agree; the day until which it is kept. Raises Refusal: `question_closed`,
        `candidate_erased`.

        Agreeing twice is the same. Deletion once chosen is not taken back here.
        """
        return await self._chosen(candidate_id, Choice.KEEP, via)

    async def delete(self, candidate_id: int, *, via: str) -> None:
        """They want it gone now, also after they had agreed. Raises Refusal: candidate_erased."""
        async with db.transaction():
            found = await self._open(candidate_id)
            if found is not None and found.may_choose:
                await self._choose(candidate_id, found, Choice.DELETE, via)
            else:
                await self.erasure.request(candidate_id, _by(candidate_id), f"wished ({via})")

    async def rate(self, candidate_id: int, points: int, *, via: str = "page") -> None:
        """How they found our way of dealing with them, once.

        Raises ValueError outside 1 to 5; Refusal: `question_closed` when nothing is asked.
        """
        if points not in range(1, 6):
            raise ValueError("points are 1 to 5")
        async with db.transaction():
            found = await self._open(candidate_id)
            if found is None or not await self._count(candidate_id, found.outcome_id, points, via):
                raise await self._closed(candidate_id)

    async def open_question(self, candidate_id: int) -> Open | None:
        """What can be answered now, for whoever shows the questions elsewhere than in chat."""
        return await self._open(candidate_id, lock=False)

    # Small steps.

    async def _open(self, candidate_id: int, *, lock: bool = True) -> Open | None:
        if lock:
            await lock_interviews(candidate_id)
        row = await db.fetch_one(
            _NEWEST + ("FOR UPDATE OF o" if lock else ""), candidate_id, RATING
        )
        if row is None or row["erased_at"] is not None or row["superseded"]:
            return None
        if await self.erasure.pending(candidate_id):
            return None
        today = self.clock.now().astimezone(SHANGHAI).date()
        alive = row["keep_until"] is not None and row["keep_until"] >= today
        return Open(
            row["id"],
            row["keep_until"] or today,
            Choice(row["choice"]) if row["choice"] else None,
            may_choose=alive and row["choice"] is None,
            may_rate=row["points_asked"] and row["rating"] is None,
            points_asked=row["points_asked"],
        )

    async def _closed(self, candidate_id: int) -> Refusal:
        sql = "SELECT erased_at IS NULL FROM candidates WHERE id = $1"
        known = await db.fetch_value(sql, candidate_id)
        return Refusal("question_closed" if known else "candidate_erased")

    async def _chosen(self, candidate_id: int, choice: Choice, via: str) -> date:
        async with db.transaction():
            found = await self._open(candidate_id)
            if found is None or not (found.may_choose or found.choice == choice):
                raise await self._closed(candidate_id)
            if found.may_choose:
                await self._choose(candidate_id, found, choice, via)
            return found.keep_until

    async def _choose(self, candidate_id: int, found: Open, choice: Choice, via: str) -> None:
        now, outcome = self.clock.now(), found.outcome_id
        if await db.fetch_one(_CHOOSE, outcome, choice.value, now) is None:
            return
        by = _by(candidate_id)
        await audit.record(
            now, by, f"candidate.chose_{choice}", f"candidates:{candidate_id}", via=via,
            outcome=outcome, until=found.keep_until,
        )  # fmt: skip
        if choice is Choice.DELETE:
            await self.erasure.request(candidate_id, by, f"chosen after the result ({via})")
            return
        await db.execute(_CONSENT, candidate_id, now, found.keep_until)
        await self._say(KEPT, outcome, candidate_id)

    async def _rated(self, candidate_id: int, outcome: int, points: int) -> bool:
        if await self._count(candidate_id, outcome, points, "chat"):
            await self._say(THANKS, outcome, candidate_id)
        return True

    async def _count(self, candidate_id: int, outcome: int, points: int, via: str) -> bool:
        now = self.clock.now()
        if await db.fetch_one(_RATE, outcome, points, now) is None:
            return False
        await audit.record(now, _by(candidate_id), "outcome.rated", f"outcomes:{outcome}", via=via)
        return True

    async def _doubtful(self, found: Open, candidate_id: int, text: str) -> bool:
        """Polite words need no answer; words that may be meant for us are asked about, once."""
        if said.only_thanks(text):
            return True
        if not found.may_choose or found.points_asked or not said.may_mean_choice(text):
            return False
        return await self._say(UNCLEAR, found.outcome_id, candidate_id) is not None

    async def _say(self, purpose: str, outcome: int, candidate_id: int) -> int | None:
        once = f"{purpose}:{outcome}"
        return await self.ledger.notify_candidate(purpose, outcome, candidate_id, once=once)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        rows = await db.fetch(_OF_OUTCOMES, [subject.subject_id for subject in subjects])
        known = await self.words.of([row["candidate_id"] for row in rows])
        facts = {
            row["id"]: Facts({**known[row["candidate_id"]], "keep_until": row["keep_until"]})
            for row in rows
            if row["candidate_id"] in known
        }
        return {
            subject.message_id: facts[subject.subject_id]
            for subject in subjects
            if subject.subject_id in facts
        }


def _by(candidate_id: int) -> str:
    return f"candidate:{candidate_id}"
