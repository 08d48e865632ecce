"""代理: who decides in a manager's place, and on which days."""

from __future__ import annotations

from datetime import date

from models import db
from models.clock import SHANGHAI, Clock
from services import audit
from services.actors import Actor
from services.permissions import Act, may_anywhere
from services.refusals import Refusal

LONGEST = 60  # days


class Deputies:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def appoint(self, by: Actor, deputy: int, first: date, last: date) -> None:
        """Replace the appointment of `by`. Raises Refusal: not a manager, or no sensible days."""
        if not may_anywhere(by, Act.APPROVE_SWAP):
            raise Refusal("not_allowed")
        today = self.clock.now().astimezone(SHANGHAI).date()
        if last < first or last < today or (last - first).days > LONGEST:
            raise Refusal("deputy_days", most=LONGEST)
        async with db.transaction():
            await self.dismiss(by)
            await db.execute(
                "INSERT INTO deputies (person_id, deputy_id, first_day, last_day) "
                "VALUES ($1, $2, $3, $4)",
                by.person_id,
                deputy,
                first,
                last,
            )
            await audit.record(
                self.clock.now(),
                by,
                "deputy.appointed",
                f"persons:{deputy}",
                first=first,
                last=last,
            )

    async def dismiss(self, by: Actor) -> int:
        """End every appointment `by` made; how many there were."""
        gone = await db.execute("DELETE FROM deputies WHERE person_id = $1", by.person_id)
        if gone:
            await audit.record(self.clock.now(), by, "deputy.dismissed", f"persons:{by.person_id}")
        return gone
