"""Who may decide on which seat of an approval: its approver, a deputy, or a stand-in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

from models import db
from models.approvals import Rule
from models.clock import SHANGHAI, Clock
from services import todos
from services.actors import Actor
from services.asks import Asks
from services.escalation import Silent
from services.refusals import Refusal
from services.units import hr_heads

_SEATS = """
SELECT person_id, decision, decided_by_id, stand_in_id
  FROM approvers WHERE approval_id = $1 ORDER BY position
"""
_DEPUTISES = """
SELECT person_id FROM deputies
 WHERE deputy_id = $1 AND person_id = ANY($2) AND $3 BETWEEN first_day AND last_day
"""
_DEPUTIES = """
SELECT deputy_id FROM deputies WHERE person_id = $1 AND $2 BETWEEN first_day AND last_day
"""
_STAND_IN = """
UPDATE approvers SET stand_in_id = $3
 WHERE approval_id = $1 AND person_id = $2 AND decision IS NULL
"""


async def seat_of(approval: db.Row, by: Actor, today: date) -> int:
    """The person on whose seat `by` decides: themselves, or whom they stand in for today.

    Raises Refusal: their own request, voted already, or no seat of theirs.
    """
    if by.person_id == approval["requester_id"]:
        raise Refusal("own_request")
    all_seats = await db.fetch(_SEATS, approval["id"])
    if any(seat["decided_by_id"] == by.person_id for seat in all_seats):
        raise Refusal("already_voted")
    waiting = [seat for seat in all_seats if seat["decision"] is None]
    if approval["rule"] == Rule.IN_ORDER:
        waiting = waiting[:1]
    for seat in waiting:
        if by.person_id in (seat["person_id"], seat["stand_in_id"]):
            return int(seat["person_id"])
    people = [seat["person_id"] for seat in waiting]
    found = await db.fetch(_DEPUTISES, by.person_id, people, today)
    if found:
        return int(found[0]["person_id"])
    raise Refusal("not_allowed")


class Substitutes:
    """Whom an approval is also asked of when its approver stays silent.

    `beside` is told, by purpose and approval, whom it will be asked of, before they are.
    """

    def __init__(
        self,
        asks: Asks,
        clock: Clock,
        beside: Callable[[str, int, Sequence[int]], Awaitable[None]],
    ) -> None:
        self.asks = asks
        self.clock = clock
        self._beside = beside

    async def ask_deputies(self, silent: Sequence[Silent]) -> None:
        """Who deputises today for somebody silent is asked too, and may decide on their seat."""
        today = self.clock.now().astimezone(SHANGHAI).date()
        for ask in silent:
            rows = await db.fetch(_DEPUTIES, ask.person_id, today)
            await self._ask_also(ask, [row["deputy_id"] for row in rows], "deputy")

    async def ask_hr_heads(self, silent: Sequence[Silent]) -> None:
        """The HR head may decide on the seat of somebody who stays silent. Never a silent yes."""
        for ask in silent:
            requester = await db.fetch_value(
                "SELECT requester_id FROM approvals WHERE id = $1", ask.subject_id
            )
            heads = [person for person in await hr_heads() if person != requester][:1]
            for head in heads:
                await db.execute(_STAND_IN, ask.subject_id, ask.person_id, head)
            await self._ask_also(ask, heads, "hr")

    async def _ask_also(self, ask: Silent, people: Sequence[int], why: str) -> None:
        if people:
            await self._beside(ask.purpose, ask.subject_id, people)
            await self.asks.open(
                ask.purpose,
                ask.subject_id,
                people,
                policy="approval_stand_in",
                deadline=ask.deadline,
                once=f"{ask.purpose}:{ask.subject_id}:{why}:{ask.person_id}",
            )
            await todos.want(ask.subject_id, people, self.clock.now())
