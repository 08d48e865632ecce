"""How asking stops: at the quota, by a cancellation, at its time. What is unsent stays unsent."""

from __future__ import annotations

import json

from models import db
from models.asks import AskState
from models.callouts import CallKind, CallState
from models.clock import SHANGHAI, Clock
from services import audit
from services.asks import Asks
from services.callout_curve import measure
from services.callout_listeners import heirs, listeners
from services.ledger import Ledger

ASK = {
    CallKind.VOLUNTARY: "callouts.ask",
    CallKind.ORDERED: "callouts.ordered",
    CallKind.DRILL: "callouts.drill",
}
BOARD = "callouts.board"
TOLD = "callouts.told"
CANCELLED = "callouts.cancelled"

_STAND_DOWN = """
UPDATE call_answers SET state = 'stood_down' WHERE call_out_id = $1 AND state = 'asked'
"""
_CLOSE = """
UPDATE call_outs SET state = $2, closed_at = $3, next_wave_at = NULL, board_at = $3
 WHERE id = $1 AND state IN ('asking', 'full') RETURNING *
"""
_COMING = """
SELECT person_id FROM call_answers WHERE call_out_id = $1 AND state = 'yes' ORDER BY id
"""


class CallEnds:
    """Every method wants the call-out's row locked by its caller. Locks are taken in the order
    call-out, ask, answer: escalation holds an ask when it marks the answer."""

    def __init__(self, ledger: Ledger, asks: Asks, clock: Clock) -> None:
        self.ledger = ledger
        self.asks = asks
        self.clock = clock

    async def full(self, call: db.Row) -> None:
        """The quota is met: the silent see it on their card alone, nobody is rung again."""
        await self._stop_asking(call, "enough have said yes")
        await self.tell(call, "full")
        await self.show_now(call)
        subject, now = f"call_outs:{call['id']}", self.clock.now()
        await audit.record(now, "system", "callout.full", subject, taken=call["taken"])

    async def ended(self, call: db.Row) -> None:
        """Its time has come: the answer curve is kept, and the launcher reads how it went."""
        now = self.clock.now()
        curve = await measure(call["id"], now)
        if await db.fetch_one(_CLOSE, call["id"], CallState.ENDED, now) is None:
            return
        if curve is not None:
            body = json.dumps(curve.points)
            await db.execute("UPDATE call_outs SET curve = $2 WHERE id = $1", call["id"], body)
        await self._stop_asking(call, "the time has come")
        await self.ledger.redraw([BOARD], [call["id"]])
        await self.tell(call, "ended")
        await audit.record(
            now, "system", "callout.ended", f"call_outs:{call['id']}", taken=call["taken"]
        )

    async def cancelled(self, call: db.Row, by: object, name: str, why: str) -> None:
        """Those who said yes hear it at once, at any hour; the others see it on their card."""
        now = self.clock.now()
        if await db.fetch_one(_CLOSE, call["id"], CallState.CANCELLED, now) is None:
            return
        coming = [row["person_id"] for row in await db.fetch(_COMING, call["id"])]
        await self._stop_asking(call, "the call-out was cancelled")
        await self.ledger.redraw([BOARD], [call["id"]])
        if coming:
            context = {"by": name, "why": why}
            once = f"{CANCELLED}:{call['id']}"
            await self.ledger.notify(CANCELLED, call["id"], coming, context=context, once=once)
        await audit.record(
            now, by, "callout.cancelled", f"call_outs:{call['id']}", told=len(coming), why=why
        )

    async def tell(self, call: db.Row, what: str, once: str | None = None, **more: object) -> None:
        """A line to the launcher, or to who has taken over. What it tells has just been decided,
        once, under the lock."""
        to = await listeners(call, self.clock.now().astimezone(SHANGHAI).date())
        context = {"what": what, **more}
        await self.ledger.notify(TOLD, call["id"], to, context=context, once=once)

    async def show_now(self, call: db.Row) -> None:
        """The board as it is now, also where a card can be redrawn only once (WeCom): done when
        the quota is met or will not be, which is what its launcher waits to see."""
        await self.ledger.redraw([BOARD], [call["id"]], spend=True)

    async def hand_over(self, call: db.Row, name: str) -> None:
        """The launcher, of this name, has left: others go on with it, and see its board."""
        await self.tell(call, "handed", name=name)
        await self.ledger.notify(BOARD, call["id"], await heirs(call))

    async def _stop_asking(self, call: db.Row, why: str) -> None:
        purpose = [ASK[CallKind(call["kind"])]]
        await self.asks.close(purpose, [call["id"]], AskState.WITHDRAWN)
        await db.execute(_STAND_DOWN, call["id"])
        await self.ledger.withdraw(purpose, [call["id"]], why)
        await self.ledger.redraw(purpose, [call["id"]])
