"""What is no longer true and cannot be redrawn is taken back, where the platform can.

A message that several people share with other news stays: taking it back would take theirs too.
So does what somebody has answered: it is part of their conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog

from bot.channels import Channel, Failure, SendFailed
from models import db

log = structlog.get_logger()

# `response_code` is empty, not null, where a card never had one: it cannot be redrawn.
_ALONE = """
SELECT s.id, s.channel, s.platform_message_id FROM sends s
 WHERE s.is_card AND s.response_code = '' AND s.platform_message_id IS NOT NULL
   AND s.first_at > $2::timestamptz - interval '24 hours'
   AND s.id IN (SELECT d.send_id FROM deliveries d JOIN messages m ON m.id = d.message_id
                 WHERE m.id = $1 AND m.withdrawn_at IS NOT NULL
                   AND d.state IN ('accepted', 'seen'))
   AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.send_id = s.id
                      AND (o.message_id <> $1 OR o.state = 'answered'))
"""
_TAKEN_BACK = """
WITH moved AS (
    UPDATE deliveries SET state = 'withdrawn', reason = 'taken back'
     WHERE send_id = $1 AND state IN ('accepted', 'seen') RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'withdrawn', $2, 'taken back' FROM moved
"""


class TakeBackLater(Exception):
    """The platform did not take it back now; the job should come again."""


async def take_back(message_id: int, channels: Mapping[str, Channel], now: datetime) -> int:
    """Take back what is out of this withdrawn message; how many sends.

    Raises TakeBackLater on a passing fault. What a platform will not take back stays, and answers
    politely when it is used.
    """
    taken = 0
    for send in await db.fetch(_ALONE, message_id, now):
        channel = channels.get(send["channel"])
        if channel is None:
            continue
        try:
            await channel.recall(send["platform_message_id"])
        except SendFailed as failed:
            log.warning("not_taken_back", code=failed.code, failure=failed.failure)
            if failed.failure in (Failure.RETRY, Failure.WINDOW):
                raise TakeBackLater from failed
            continue
        async with db.transaction():
            taken += await db.execute(_TAKEN_BACK, send["id"], now)
    return taken
