"""Who may see and invite candidates: the HR office, that is managers of a unit of kind `hr`."""

from __future__ import annotations

from models import db
from services.actors import Actor
from services.permissions import Act, may
from services.refusals import Refusal

HR = "hr"  # Unit.kind of the office that recruits

_OFFICES = "SELECT id FROM units WHERE kind = 'hr' ORDER BY id"
_RECRUITERS = """
SELECT DISTINCT g.person_id FROM grants g
  JOIN persons p ON p.id = g.person_id LEFT JOIN units u ON u.id = g.unit_id
 WHERE p.active AND (g.role = 'hr_head' OR g.role = 'manager' AND u.kind = 'hr')
 ORDER BY g.person_id
"""


async def may_recruit(by: Actor) -> bool:
    """Whether they may see candidates, invite them and prepare results, for any post."""
    if may(by, Act.RECRUIT):
        return True
    offices = [row["id"] for row in await db.fetch(_OFFICES)]
    return any(may(by, Act.RECRUIT, office) for office in offices)


async def require_recruiting(by: Actor, posting_id: int | None = None) -> None:
    """Raises Refusal("not_allowed"). Whoever answers for a post may always work on it."""
    if await may_recruit(by):
        return
    if posting_id is not None:
        owner = await db.fetch_value("SELECT recruiter_id FROM postings WHERE id = $1", posting_id)
        if owner == by.person_id:
            return
    raise Refusal("not_allowed")


async def recruiters() -> list[int]:
    """Everybody of the HR office who may recruit, and the HR heads."""
    return [row["person_id"] for row in await db.fetch(_RECRUITERS)]
