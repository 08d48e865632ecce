"""Anybody of the hospital by name or number, for those who look after all of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from models import db
from services.refusals import Refusal

LATELY = timedelta(days=31)

_FIND = """
SELECT p.id, p.name, p.staff_no, p.title, p.active, p.unit_id, u.name AS unit
  FROM persons p LEFT JOIN units u ON u.id = p.unit_id
 WHERE (p.name = $1 OR lower(p.staff_no) = lower($1)) AND (p.active OR p.left_at > $2)
 ORDER BY p.active DESC, p.id LIMIT 9
"""


async def find(text: str, now: datetime, *, left_lately: bool = False) -> db.Row:
    """The one person with this full name or number; with `left_lately` also who has just gone.

    Raises Refusal: nobody, or several, who are then named with their numbers.
    """
    rows = await db.fetch(_FIND, text.strip(), now - LATELY if left_lately else now)
    if len(rows) == 1:
        return rows[0]
    if not rows:
        raise Refusal("person_unknown", name=text)
    people = [{"name": r["name"], "staff_no": r["staff_no"], "unit": r["unit"]} for r in rows]
    raise Refusal("person_twice", name=text, people=people)
