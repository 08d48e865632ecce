"""A rejected candidate is asked once for 1–5 points: later, by day, and never by telephone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from models import db
from models.clock import Clock
from models.ledger import Priority
from services.candidate_reach import KF, MAIL, first_of, ways
from services.candidate_words import CandidateWords
from services.ledger import Ledger
from services.outcome_choices import RATING
from services.purposes import Facts, Purpose, Subject
from services.working_days import WorkingTime

CHEAP = (KF, MAIL)  # a text message costs money, a call costs a person's time
AFTER = timedelta(hours=24)
LATEST = timedelta(days=14)  # after that nobody remembers how it was
USEFUL = timedelta(days=2)
BATCH = 100

# Rejections that are known to have arrived, whose receivers may be asked.
_DUE = """
SELECT o.id, a.candidate_id, got.at AS arrived_at, o.choice FROM outcomes o
  JOIN interviews i ON i.id = o.interview_id JOIN applications a ON a.id = i.application_id
  JOIN candidates c ON c.id = a.candidate_id
  JOIN LATERAL (SELECT min(e.at) AS at FROM messages m
                  JOIN deliveries d ON d.message_id = m.id AND d.candidate_id = c.id
                  JOIN delivery_events e ON e.delivery_id = d.id
                 WHERE m.subject_id = o.id AND m.purpose LIKE 'outcomes.%' AND m.purpose <> $4
                   AND d.state IN ('accepted', 'seen', 'answered')
                   AND e.state IN ('accepted', 'seen', 'answered')) got ON got.at <= $1
 WHERE o.kind = 'rejected' AND o.state = 'sent' AND o.rating_asked_at IS NULL
   AND o.sent_at > $2 AND o.choice IS DISTINCT FROM 'delete'
   AND c.erased_at IS NULL AND c.opted_out_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM outcomes n JOIN interviews j ON j.id = n.interview_id
                     JOIN applications b ON b.id = j.application_id
                    WHERE b.candidate_id = c.id AND n.kind = 'rejected' AND n.state = 'sent'
                      AND (n.sent_at, n.id) > (o.sent_at, o.id))
   AND NOT EXISTS (SELECT 1 FROM interviews j JOIN applications b ON b.id = j.application_id
                    WHERE b.candidate_id = c.id
                      AND j.state IN ('invited', 'choosing', 'confirmed'))
 ORDER BY o.id LIMIT $3
"""
_ASKED = """
UPDATE outcomes SET rating_asked_at = $2 WHERE id = $1 AND rating_asked_at IS NULL RETURNING id
"""
_FACTS = """
SELECT o.id, o.choice, o.rating, a.candidate_id FROM outcomes o
  JOIN interviews i ON i.id = o.interview_id JOIN applications a ON a.id = i.application_id
 WHERE o.id = ANY($1)
"""


class Ratings:
    def __init__(
        self, ledger: Ledger, words: CandidateWords, working_time: WorkingTime, clock: Clock
    ) -> None:
        self.ledger = ledger
        self.words = words
        self.working_time = working_time
        self.clock = clock
        ledger.purposes.add(
            [Purpose(RATING, self._facts, Priority.DIGEST, useful_for=USEFUL, only=CHEAP)]
        )

    async def ask_due(self) -> int:
        """Ask whoever got their rejection a day ago and can be asked cheaply; how many."""
        now = self.clock.now()
        rows = await db.fetch(_DUE, now - AFTER, now - LATEST, BATCH, RATING)
        return sum([await self._ask(row, now) for row in rows])

    async def _ask(self, row: db.Row, now: datetime) -> bool:
        if now < self.ask_at(row["arrived_at"]):
            return False
        found = await ways(row["candidate_id"], Priority.DIGEST, now)
        if first_of(self.ledger.ladder.candidates, found, only=CHEAP) is None:
            return False  # perhaps they write again and the window opens
        async with db.transaction():
            if await db.fetch_one(_ASKED, row["id"], now) is None:
                return False
            once = f"{RATING}:{row['id']}"
            await self.ledger.notify_candidate(RATING, row["id"], row["candidate_id"], once=once)
        return True

    def ask_at(self, arrived: datetime) -> datetime:
        """The first minute of office time a day later."""
        moment = self.working_time.add_working_minutes(arrived + AFTER, timedelta(minutes=1))
        return moment.at

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        rows = await db.fetch(_FACTS, [subject.subject_id for subject in subjects])
        known = await self.words.of([row["candidate_id"] for row in rows])
        facts = {
            row["id"]: Facts(
                {**known[row["candidate_id"]], "choice": row["choice"] or ""},
                stands=row["rating"] is None,
                why_not="they gave their points",
            )
            for row in rows
            if row["candidate_id"] in known
        }
        return {
            subject.message_id: facts[subject.subject_id]
            for subject in subjects
            if subject.subject_id in facts
        }
