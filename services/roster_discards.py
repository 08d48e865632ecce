"""丢弃: an imported draft that nobody wants is put away, and can be published no more."""

from __future__ import annotations

from datetime import datetime

from models import db
from services import audit
from services.actors import Actor
from services.permissions import Act, require
from services.refusals import Refusal

_DISCARD = "UPDATE rosters SET state = 'discarded' WHERE id = $1 AND state = 'draft'"
# One that was drafted here is asked about on a card, which would go on asking.
_ASKED_ABOUT = "SELECT 1 FROM roster_runs WHERE roster_id = $1 AND state = 'ready'"


async def discard(by: Actor, roster_id: int, now: datetime) -> None:
    """Raises Refusal: not allowed, no draft any more, or a card asks what becomes of it."""
    row = await db.fetch_one("SELECT unit_id, source FROM rosters WHERE id = $1", roster_id)
    if row is None:
        raise Refusal("roster_unknown")
    require(by, Act.IMPORT_ROSTER, row["unit_id"])
    async with db.transaction():
        await db.lock(f"roster:{row['unit_id']}")
        if await db.fetch_value(_ASKED_ABOUT, roster_id):
            raise Refusal("roster_asked_about")
        if not await db.execute(_DISCARD, roster_id):
            raise Refusal("roster_not_draft")
        await audit.record(now, by, "roster.discarded", f"rosters:{roster_id}", file=row["source"])
