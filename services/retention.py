"""Records are kept as long as people are told they are, and then deleted, with proof and no data.

Art. 19 of the Personal Information Protection Law: no longer than the purpose needs. The term is
the hospital's to set (`records_kept`), and 为什么发给我 says it. The audit log stays: it says who
did what to which record, and holds no message.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from models import db
from models.clock import Clock
from services import audit

BATCH = 1000
LINKS_KEPT = timedelta(days=1)  # after a sign-in link or session has ended

# Whatever is still at work stays, however old: an open question, a delivery to be sent.
_OLD_MESSAGES = """
SELECT m.id FROM messages m
 WHERE m.created_at < $1
   AND NOT EXISTS (SELECT 1 FROM asks a WHERE a.message_id = m.id AND a.state = 'open')
   AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id
                      AND d.state IN ('queued', 'sending'))
 ORDER BY m.id LIMIT $2
"""
_DELETIONS = (
    "DELETE FROM delivery_events WHERE delivery_id IN "
    "(SELECT id FROM deliveries WHERE message_id = ANY($1))",
    "DELETE FROM asks WHERE message_id = ANY($1)",
    "DELETE FROM deliveries WHERE message_id = ANY($1)",
    "DELETE FROM messages WHERE id = ANY($1)",
)
_OLD_SENDS = """
DELETE FROM sends s WHERE s.id IN (
    SELECT id FROM sends WHERE first_at < $1
       AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.send_id = sends.id) LIMIT $2)
"""
_OLD_EVENTS = """
DELETE FROM inbox WHERE id IN (
    SELECT id FROM inbox WHERE state = 'done' AND received_at < $1 ORDER BY id LIMIT $2)
"""
# With everybody's answers to it: who came when is remembered no longer than what was said.
_OLD_CALL_OUTS = "DELETE FROM call_outs WHERE ends_at < $1"
_OLD_LINKS = "DELETE FROM sign_in_tokens WHERE expires_at < $1"
_OLD_UPLOADS = "DELETE FROM upload_links WHERE expires_at < $1"


class Retention:
    """`kept` is how long messages and what was said are kept."""

    def __init__(self, kept: timedelta, clock: Clock) -> None:
        self.kept = kept
        self.clock = clock

    async def forget_old(self) -> int:
        """One batch of everything that is too old; how many rows, so that the rest comes next."""
        now = self.clock.now()
        before = now - self.kept
        async with db.transaction():
            messages = await self._messages(before)
            events = await db.execute(_OLD_EVENTS, before, BATCH)
            sends = await db.execute(_OLD_SENDS, before, BATCH)
            links = await db.execute(_OLD_LINKS, now - LINKS_KEPT)
            links += await db.execute(_OLD_UPLOADS, now - LINKS_KEPT)
            calls = await db.execute(_OLD_CALL_OUTS, before)
            if messages or events:
                await audit.record(
                    now, "system", "records.forgotten", "", messages=messages, events=events
                )
        return messages + events + sends + links + calls

    async def _messages(self, before: datetime) -> int:
        ids = [row["id"] for row in await db.fetch(_OLD_MESSAGES, before, BATCH)]
        if ids:
            for deletion in _DELETIONS:
                await db.execute(deletion, ids)
        return len(ids)
