"""The short way: an event whose handler only reads is stored together with its answer."""

from __future__ import annotations

import asyncio

import structlog

from bot import wire_form
from bot.dispatch import Dispatcher
from bot.events import Event, Reply
from models import db
from models.clock import Clock

log = structlog.get_logger()

BUDGET = 2.0  # seconds; the long way needs the rest

# Nothing is stored, and the long way taken, for a repeat and while an earlier event of the same
# sender is being handled (it holds the lock) or waits.
_STORE = """
INSERT INTO inbox (event_id, sender, kind, payload, reply, state, received_at)
SELECT $1, $2::text, $3, $4, $5, 'done', $6
 WHERE pg_try_advisory_xact_lock(hashtextextended($2, 1))
   AND NOT EXISTS (SELECT 1 FROM inbox WHERE sender = $2 AND state = 'pending')
ON CONFLICT (event_id) DO NOTHING RETURNING id
"""


async def answer(event: Event, dispatcher: Dispatcher, clock: Clock) -> Reply | None:
    """The reply, made first and then stored with its event by one statement, without BEGIN.

    None when that was not possible and nothing was stored: then the event goes the long way.
    """
    try:
        async with asyncio.timeout(BUDGET), db.one_connection():
            reply = await dispatcher.handle(event)
            if reply is None:
                return None
            stored = await db.fetch_value(
                _STORE,
                event.event_id,
                wire_form.sender(event),
                type(event).__name__,
                wire_form.seal_event(event),
                wire_form.seal_reply(reply),
                clock.now(),
            )
    except Exception as error:
        log.warning("event_not_answered", kind=type(event).__name__, exc_info=error)
        return None
    return reply if stored is not None else None
