"""Cards that are already on phones show what was decided, once for everybody who has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from bot.channels import AGAIN, Channel, Failure, SendFailed
from models import db
from models.cards import Card
from models.clock import Clock
from scheduler.rendering import Renderer
from scheduler.taking_back import take_back
from services.purposes import Facts

log = structlog.get_logger()

# A code is good for one call, or for any number (AGAIN). It is let go after the call: who is
# killed in between leaves it to the next try, which the platform refuses if the first arrived.
_CODES = """
SELECT s.id, s.task_id, s.channel, s.response_code FROM sends s
 WHERE s.response_code <> '' AND s.first_at > $2::timestamptz - interval '72 hours'
   AND s.id IN (SELECT send_id FROM deliveries WHERE message_id = $1)
   AND ($4 OR s.response_code = $3)
 ORDER BY s.id
"""
_SPENT = "UPDATE sends SET response_code = $3 WHERE id = $1 AND response_code = $2"
_RECEIVERS = """
SELECT address FROM deliveries
 WHERE send_id = $1 AND message_id = $2 AND state = ANY($3)
"""
_ARRIVED = ("accepted", "seen", "unknown")
# Decided while its card was on the way: it has no code yet, and nobody would come back for it.
_ON_THE_WAY = """
SELECT EXISTS (SELECT 1 FROM deliveries WHERE message_id = $1 AND state = 'sending')
"""


class RedrawLater(Exception):
    """It cannot be redrawn now, or not all of it; the job should come again."""


class Redrawer:
    def __init__(self, channels: Mapping[str, Channel], renderer: Renderer, clock: Clock) -> None:
        self.channels = channels
        self.renderer = renderer
        self.clock = clock

    async def redraw(self, message_id: int, *, spend: bool = False) -> int:
        """Redraw the cards of a message if they are closed now; how many sends were redrawn.

        A live card is redrawn while it is open too; a code that is good for once is spent on that
        only with `spend`.
        What never could be redrawn is taken back, if nobody needs it any more. Raises RedrawLater
        or TakeBackLater on a passing fault. A card that cannot be redrawn any more answers
        politely when it is tapped.
        """
        card, facts = await self._card(message_id)
        if card is None or not (card.closed or facts.live):
            return 0
        closes = bool(card.closed)
        sends = await db.fetch(_CODES, message_id, self.clock.now(), AGAIN, closes or spend)
        shown = _ARRIVED if facts.spares_answered else (*_ARRIVED, "answered")
        later: list[Exception] = []
        for send in sends:  # one that has to wait holds up no other
            try:
                await self._redraw_send(send, message_id, card, shown)
            except Exception as error:
                later.append(error)
        if later:
            raise later[0]
        if await db.fetch_value(_ON_THE_WAY, message_id):
            raise RedrawLater("one of its cards is still being sent")
        if closes:
            await take_back(message_id, self.channels, self.clock.now())
        return len(sends)

    async def _card(self, message_id: int) -> tuple[Card | None, Facts]:
        rows = await db.fetch(
            "SELECT id AS message_id, purpose, subject_id, context FROM messages WHERE id = $1",
            message_id,
        )
        facts = await self.renderer.facts_of(rows)
        if message_id not in facts or facts[message_id][1].broken:
            return None, Facts({})
        template, fact = facts[message_id]
        content = self.renderer.content(template, fact.context)
        return content if isinstance(content, Card) else None, fact

    async def _redraw_send(
        self, send: db.Row, message_id: int, card: Card, shown: Sequence[str]
    ) -> None:
        channel = self.channels.get(send["channel"])
        rows = await db.fetch(_RECEIVERS, send["id"], message_id, list(shown))
        receivers = [row["address"] for row in rows]
        if channel is None or not receivers:
            return
        code = send["response_code"]
        fresh: str | None = code if code == AGAIN else None
        try:
            fresh = (
                await channel.redraw(card, receivers, response_code=code, key=send["task_id"])
                or None
            )
        except SendFailed as failed:
            log.warning("redraw_failed", code=failed.code, failure=failed.failure)
            if failed.failure in (Failure.RETRY, Failure.WINDOW, Failure.CONFIGURATION):
                raise RedrawLater from failed
        await db.execute(_SPENT, send["id"], code, fresh)
