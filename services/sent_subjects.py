"""What a send to a candidate is about, found by the only name that a channel knows: its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models import db, sealed
from services.ledger import CONTEXT

# An outcome's messages name the outcome, a new link's the old link; of all others the interview is
# the subject, or, where the candidate is, the newest interview they have.
_SENT = """
SELECT m.purpose, m.context, d.candidate_id, coalesce(
    CASE WHEN m.purpose LIKE 'outcomes.%' OR m.purpose LIKE 'ratings.%'
         THEN (SELECT o.interview_id FROM outcomes o WHERE o.id = m.subject_id)
         WHEN m.purpose = 'candidates.new_link'
         THEN (SELECT l.interview_id FROM entry_links l WHERE l.id = m.subject_id)
         WHEN m.purpose LIKE 'interviews.%'
         THEN (SELECT i.id FROM interviews i WHERE i.id = m.subject_id) END,
    (SELECT max(i.id) FROM interviews i JOIN applications a ON a.id = i.application_id
      WHERE a.candidate_id = d.candidate_id)) AS interview_id
  FROM sends s
  JOIN deliveries d ON d.send_id = s.id
  JOIN messages m ON m.id = d.message_id
 WHERE s.task_id = $1 AND d.candidate_id IS NOT NULL LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class SentSubject:
    """`interview_id` is None for a candidate who was never invited."""

    purpose: str
    candidate_id: int
    interview_id: int | None
    context: Mapping[str, Any] = field(default_factory=dict)


async def subject_of(task_id: str) -> SentSubject | None:
    """None for a send that went to nobody outside."""
    row = await db.fetch_one(_SENT, task_id)
    if row is None:
        return None
    context = sealed.open_json(CONTEXT, row["context"]) if row["context"] else {}
    return SentSubject(row["purpose"], row["candidate_id"], row["interview_id"], context)
