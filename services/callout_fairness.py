"""Who was asked how often, who came, who said no: so that it is not always the same people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import db
from services.actors import Actor
from services.offices import Office, works_for
from services.refusals import Refusal

REMEMBERED = timedelta(days=365)

# Joined by those who rank people; a drill asks too, but nobody had to come.
COUNTS = """
SELECT a.person_id, count(*) AS asked,
       count(*) FILTER (WHERE a.state = 'yes' AND c.kind <> 'drill') AS accepted
  FROM call_answers a JOIN call_outs c ON c.id = a.call_out_id
 WHERE a.asked_at > {since}
 GROUP BY a.person_id
"""
_LEDGER = """
SELECT p.id AS person_id, p.name, p.staff_no, u.name AS unit,
       count(a.id) AS asked,
       count(a.id) FILTER (WHERE a.state = 'yes' AND c.kind <> 'drill') AS accepted,
       count(a.id) FILTER (WHERE a.state = 'yes' AND c.kind = 'drill') AS drills,
       count(a.id) FILTER (WHERE a.state = 'no') AS declined,
       count(a.id) FILTER (WHERE a.state = 'left') AS gave_back,
       count(a.id) FILTER (WHERE a.state = 'too_late') AS too_late,
       count(a.id) FILTER (WHERE a.state IN ('asked', 'stood_down')) AS silent,
       max(a.asked_at) AS last_asked
  FROM call_answers a
  JOIN call_outs c ON c.id = a.call_out_id
  JOIN persons p ON p.id = a.person_id
  LEFT JOIN units u ON u.id = p.unit_id
 WHERE a.asked_at > $1 AND p.active AND ($2::bigint[] IS NULL OR p.unit_id = ANY($2))
 GROUP BY p.id, u.name
 ORDER BY accepted DESC, asked DESC, p.staff_no LIMIT $3 OFFSET $4
"""


@dataclass(frozen=True, slots=True)
class FairRow:
    """One person's year of call-outs. `silent`: asked and never answered."""

    person_id: int
    name: str
    staff_no: str
    unit: str | None
    asked: int
    accepted: int
    drills: int
    declined: int
    gave_back: int
    too_late: int
    silent: int
    last_asked: datetime


async def fairness(by: Actor, now: datetime, limit: int = 100, offset: int = 0) -> list[FairRow]:
    """The last twelve months, who came most first: the offices see all, a manager their people.

    Raises Refusal("not_allowed").
    """
    everybody = await works_for(by, [Office.HR, Office.NURSING, Office.MEDICAL])
    if not everybody and not by.manages:
        raise Refusal("not_allowed")
    units = None if everybody else list(by.manages)
    rows = await db.fetch(_LEDGER, now - REMEMBERED, units, limit, offset)
    return [FairRow(**row) for row in rows]
