"""Asking a platform what became of messages: of those it only promised, and of open questions.

A work notification is promised before it is sent, and dropped without a word when a limit is
passed; so its deliveries stay unknown until the platform has told. What was accepted is asked for
once more shortly before somebody is reminded of it: who has read it is not told to be silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from bot.channels import Channel, Receipt, ReceiptState, SendFailed, TellsReceipts
from models import db
from models.clock import Clock
from scheduler import outcomes
from services import receipts
from services.reach import Ladder

log = structlog.get_logger()

FIRST_AFTER = timedelta(seconds=10)
KNOWN_FOR = timedelta(hours=24)  # the platform tells nothing about older messages
BEFORE_STEP = timedelta(minutes=10)
BATCH = 50

# Asked for at 10 s, 20 s, 40 s … after the sending: what is not told soon is not told often.
# A send made by several calls has an id for each receiver instead of one for all.
_PROMISED = """
WITH due AS (
SELECT s.id, s.channel, s.platform_message_id FROM sends s
 WHERE s.channel = ANY($1)
   AND s.first_at BETWEEN $2::timestamptz - $4::interval AND $2::timestamptz - $3::interval
   AND (s.asked_at IS NULL OR $2::timestamptz - s.asked_at >= s.asked_at - s.first_at)
   AND EXISTS (SELECT 1 FROM deliveries d WHERE d.send_id = s.id AND d.state = 'unknown'
                  AND d.repeat_until IS NULL
                  AND coalesce(d.platform_id, s.platform_message_id) IS NOT NULL)
 ORDER BY s.first_at LIMIT $5
)
SELECT DISTINCT due.id, due.channel,
       coalesce(d.platform_id, due.platform_message_id) AS platform_message_id
  FROM due JOIN deliveries d ON d.send_id = due.id
 WHERE d.state = 'unknown' AND coalesce(d.platform_id, due.platform_message_id) IS NOT NULL
"""
_BEFORE_A_STEP = """
SELECT DISTINCT s.id, s.channel, s.platform_message_id
  FROM asks a
  JOIN deliveries d ON d.message_id = a.message_id AND d.person_id = a.person_id
  JOIN sends s ON s.id = d.send_id
 WHERE a.state = 'open' AND a.next_step_at BETWEEN $2 AND $2::timestamptz + $3::interval
   AND d.state = 'accepted' AND s.channel = ANY($1) AND s.platform_message_id IS NOT NULL
   AND s.first_at > $2::timestamptz - $4::interval
   AND (s.asked_at IS NULL OR s.asked_at < $2::timestamptz - $3::interval)
 LIMIT $5
"""
_MEMBERS = """
SELECT d.id, d.address FROM deliveries d JOIN sends s ON s.id = d.send_id
 WHERE s.id = $1 AND d.state IN ('unknown', 'accepted')
   AND coalesce(d.platform_id, s.platform_message_id) = $2
"""
_STATES = {
    ReceiptState.ARRIVED: "accepted",
    ReceiptState.SEEN: "seen",
    ReceiptState.FAILED: "failed",
}


class ReceiptAsker:
    def __init__(self, channels: Mapping[str, Channel], ladder: Ladder, clock: Clock) -> None:
        self.asked = {name: c for name, c in channels.items() if isinstance(c, TellsReceipts)}
        self.ladder = ladder
        self.clock = clock

    async def run(self) -> int:
        """Ask for what is due; how many deliveries it was news for."""
        if not self.asked:
            return 0
        now, names = self.clock.now(), list(self.asked)
        promised = await db.fetch(_PROMISED, names, now, FIRST_AFTER, KNOWN_FOR, BATCH)
        before = await db.fetch(_BEFORE_A_STEP, names, now, BEFORE_STEP, KNOWN_FOR, BATCH)
        sends = {(row["id"], row["platform_message_id"]): row for row in (*promised, *before)}
        return sum([await self._ask(row) for row in sends.values()])

    async def _ask(self, send: db.Row) -> int:
        members = await db.fetch(_MEMBERS, send["id"], send["platform_message_id"])
        channel = self.asked[send["channel"]]
        try:
            found = await channel.receipts(
                send["platform_message_id"], [row["address"] for row in members]
            )
        except SendFailed as failed:
            log.warning("receipts_failed", channel=send["channel"], code=failed.code)
            found = {}
        async with db.transaction():
            await db.execute(
                "UPDATE sends SET asked_at = $2 WHERE id = $1", send["id"], self.clock.now()
            )
            return await self._write(members, found)

    async def _write(self, members: Sequence[db.Row], found: Mapping[str, Receipt]) -> int:
        now = self.clock.now()
        told = [(row["id"], found[row["address"]]) for row in members if row["address"] in found]
        if not told:
            return 0
        rows = [(id_, _STATES[each.state], each.code, each.reason[:255]) for id_, each in told]
        written = await receipts.write(rows, now)
        for delivery, receipt in told:
            # Who was reached after all, or is being told elsewhere already, needs no next rung.
            if receipt.state is ReceiptState.FAILED and delivery in written:
                await outcomes.climb(delivery, self.ladder, now)
        return len(written)
