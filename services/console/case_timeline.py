"""What happened in one case, in order: applied, ticked, invited, told, answered, seen, decided.

Of what a candidate wrote only its kind is shown, and of a message how far it is known to have
come. The words of both stay where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models import db

# Each part gives: at, event, word (looked up in `table`), by (a person), channel.
_TIMELINE = """
WITH mine AS (SELECT i.* FROM interviews i WHERE i.application_id = $1)
SELECT a.created_at AS at, 'applied' AS event, '' AS word, NULL AS by, '' AS channel
  FROM applications a WHERE a.id = $1
UNION ALL
SELECT a.matched_at, 'ticked', '', p.name, '' FROM applications a
  JOIN persons p ON p.id = a.matched_by_id WHERE a.id = $1 AND a.matched_at IS NOT NULL
UNION ALL
SELECT m.invited_at, 'invited', '', p.name, '' FROM mine m JOIN persons p ON p.id = m.invited_by_id
UNION ALL
SELECT m.confirmed_at, 'confirmed', '', NULL, '' FROM mine m WHERE m.confirmed_at IS NOT NULL
UNION ALL
SELECT m.arrived_at, 'arrived', '', NULL, '' FROM mine m WHERE m.arrived_at IS NOT NULL
UNION ALL
SELECT m.ended_at, 'ended', '', NULL, '' FROM mine m WHERE m.ended_at IS NOT NULL
UNION ALL
SELECT m.closed_at, 'closed', m.state, NULL, '' FROM mine m WHERE m.closed_at IS NOT NULL
UNION ALL
SELECT coalesce(e.at, d.not_before), 'message', g.purpose, d.state, d.channel
  FROM deliveries d JOIN messages g ON g.id = d.message_id
  LEFT JOIN LATERAL (SELECT at FROM delivery_events WHERE delivery_id = d.id
                      ORDER BY id DESC LIMIT 1) e ON true
 WHERE d.candidate_id = $2
UNION ALL
SELECT q.answered_at, 'answer', q.answer, NULL, '' FROM asks q
 WHERE q.candidate_id = $2 AND q.answered_at IS NOT NULL AND q.answer IS NOT NULL
UNION ALL
SELECT t.opened_at, 'task', t.kind, p.name, '' FROM candidate_tasks t
  JOIN persons p ON p.id = t.person_id WHERE t.candidate_id = $2
UNION ALL
SELECT t.done_at, 'task_done', coalesce(t.outcome, ''), p.name, '' FROM candidate_tasks t
  LEFT JOIN persons p ON p.id = t.done_by_id WHERE t.candidate_id = $2 AND t.done_at IS NOT NULL
UNION ALL
SELECT k.submitted_at, 'scored', k.verdict, p.name, '' FROM scorecards k
  JOIN mine m ON m.id = k.interview_id JOIN persons p ON p.id = k.interviewer_id
UNION ALL
SELECT o.prepared_at, 'prepared', o.kind, p.name, '' FROM outcomes o
  JOIN mine m ON m.id = o.interview_id JOIN persons p ON p.id = o.prepared_by_id
UNION ALL
SELECT o.sent_at, 'sent', o.kind, NULL, '' FROM outcomes o JOIN mine m ON m.id = o.interview_id
 WHERE o.sent_at IS NOT NULL
UNION ALL
SELECT o.chosen_at, 'chose', o.choice, NULL, '' FROM outcomes o
  JOIN mine m ON m.id = o.interview_id WHERE o.chosen_at IS NOT NULL
UNION ALL
SELECT o.rated_at, 'rated', o.rating::text, NULL, '' FROM outcomes o
  JOIN mine m ON m.id = o.interview_id WHERE o.rated_at IS NOT NULL
 ORDER BY at DESC LIMIT 500
"""
# How things follow one another that happened at one instant.
ORDER = (
    "applied",
    "ticked",
    "invited",
    "message",
    "answer",
    "confirmed",
    "task",
    "task_done",
    "arrived",
    "ended",
    "scored",
    "prepared",
    "sent",
    "closed",
    "chose",
    "rated",
)


@dataclass(frozen=True, slots=True)
class Event:
    """`word` is a key of the console's words for this kind of event; for a message `state` is
    that of its delivery."""

    at: datetime
    event: str
    word: str
    by: str
    channel: str
    state: str


async def timeline(application_id: int, candidate_id: int) -> Sequence[Event]:
    """Oldest first. Messages, answers and tasks are the candidate's, of all their applications."""
    rows = await db.fetch(_TIMELINE, application_id, candidate_id)
    found = [_event(row) for row in rows]
    return sorted(found, key=lambda event: (event.at, ORDER.index(event.event)))


def _event(row: db.Row) -> Event:
    message = row["event"] == "message"
    return Event(
        row["at"],
        row["event"],
        row["word"] or "",
        "" if message else row["by"] or "",
        row["channel"],
        row["by"] if message else "",
    )
