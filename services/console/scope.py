"""Which units an actor sees: the HR head all of them, a manager their own."""

from __future__ import annotations

from models import db
from services.actors import Actor
from services.permissions import Act, require
from services.refusals import Refusal

_UNITS = """
SELECT u.id, u.name,
       (SELECT count(*) FROM persons p WHERE p.unit_id = u.id AND p.active) AS people,
       EXISTS (SELECT 1 FROM rosters r WHERE r.unit_id = u.id)
       OR EXISTS (SELECT 1 FROM grants g WHERE g.unit_id = u.id) AS rostered
  FROM units u WHERE $1::bigint[] IS NULL OR u.id = ANY($1) ORDER BY rostered DESC, u.id
"""


def unit_ids(actor: Actor) -> list[int] | None:
    """The units to read; None means all of them."""
    return None if actor.hr_head else sorted(actor.manages)


async def units(actor: Actor) -> list[db.Row]:
    """Id, name and number of people of every unit in the actor's scope."""
    return await db.fetch(_UNITS, unit_ids(actor))


async def unit(actor: Actor, unit_id: int) -> db.Row:
    """One unit. Raises Refusal("not_allowed"), also where there is none."""
    require(actor, Act.SEE_UNIT_ROSTER, unit_id)
    row = await db.fetch_one("SELECT id, name FROM units WHERE id = $1", unit_id)
    if row is None:
        raise Refusal("not_allowed")
    return row
