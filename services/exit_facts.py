"""A leaving as its cards show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models import db
from models.clock import SHANGHAI
from services.purposes import Facts, Subject
from services.refusals import Refusal

_FACTS = """
SELECT c.id, c.person_id, c.anchor, c.state, c.closed_at, c.by_id, p.name, p.staff_no, p.active,
       u.name AS unit, b.name AS requester,
       (SELECT count(*) FROM shifts s WHERE s.person_id = p.id AND s.state = 'planned'
           AND s.starts_at >= greatest(
               CASE WHEN c.anchor > ($2::timestamptz AT TIME ZONE 'Asia/Shanghai')::date
                    THEN (c.anchor + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' END,
               $2)) AS shifts,
       EXISTS (SELECT 1 FROM grants g WHERE g.person_id = p.id) AS manages
  FROM checklists c JOIN persons p ON p.id = c.person_id LEFT JOIN units u ON u.id = p.unit_id
  LEFT JOIN persons b ON b.id = c.by_id WHERE c.id = ANY($1)
"""


async def shown(exit_id: int, now: datetime) -> dict[str, Any]:
    """What is known of one now. Raises Refusal("card_unknown")."""
    rows = await db.fetch(_FACTS, [exit_id], now)
    if not rows:
        raise Refusal("card_unknown")
    return _facts_of(rows[0], now)


def _facts_of(row: db.Row, now: datetime) -> dict[str, Any]:
    at_once = row["anchor"] <= now.astimezone(SHANGHAI).date()
    return dict(row) | {"unit": row["unit"] or "", "at_once": at_once}


async def of_messages(
    subjects: Sequence[Subject], stands: Sequence[str], now: datetime
) -> Mapping[int, Facts]:
    """What messages about exits say; true while the list is in one of these states."""
    rows = await db.fetch(_FACTS, [one.subject_id for one in subjects], now)
    by_id = {row["id"]: row for row in rows}
    return {
        subject.message_id: Facts(
            _facts_of(by_id[subject.subject_id], now),
            by_id[subject.subject_id]["state"] in stands,
            "no longer true",
        )
        for subject in subjects
        if subject.subject_id in by_id
    }
