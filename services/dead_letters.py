"""What could not be handled or sent, taken up again because an operator asked for it."""

from __future__ import annotations

from models import db
from models.clock import Clock
from services import audit, jobs
from services.actors import Actor
from services.ledger import Ledger
from services.permissions import Act, require
from services.refusals import Refusal

_REVIVE = """
UPDATE inbox SET state = 'pending', retry_at = $2 WHERE id = $1 AND state = 'dead'
RETURNING sender
"""


class DeadLetters:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock

    async def retry_event(self, by: Actor, inbox_id: int) -> None:
        """Handle a dead event once more. Raises Refusal: not allowed, or no longer dead."""
        require(by, Act.RETRY_DEAD)
        now = self.clock.now()
        async with db.transaction():
            sender = await db.fetch_value(_REVIVE, inbox_id, now)
            if sender is None:
                raise Refusal("not_dead")
            await audit.record(now, by, "inbox.retried", f"inbox:{inbox_id}")
            await jobs.enqueue(jobs.HANDLE, sender)

    async def send_again(self, by: Actor, delivery_id: int) -> None:
        """A new delivery of the same message; the failed one stays what it is. Raises Refusal."""
        require(by, Act.RETRY_DEAD)
        async with db.transaction():
            await db.lock(f"delivery:{delivery_id}")
            if not await self.ledger.send_again(delivery_id):
                raise Refusal("not_dead")
            await audit.record(
                self.clock.now(), by, "delivery.sent_again", f"deliveries:{delivery_id}"
            )
