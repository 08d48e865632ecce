"""Rows of the ledger in any state, for tests of what may become of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from bot.pipeline import CARRIES_REPLY
from bot.wiring import Services
from models import db, sealed
from services.ledger import CONTEXT

_MESSAGE = """
INSERT INTO messages (purpose, subject_id, context, priority, created_at)
VALUES ($1, 0, $2, 20, $3) RETURNING id
"""
_DELIVERY = """
INSERT INTO deliveries (message_id, person_id, channel, address, state, priority, not_before,
                        expires_at, claimed_by, claimed_at, send_id)
SELECT $1, i.person_id, 'wecom_app', i.user_id, $2, 20, $3::timestamptz, $4, $5, $3, $6
  FROM identities i WHERE i.user_id = $7 RETURNING id
"""
_SEND = """
INSERT INTO sends (channel, task_id, is_card, first_at) VALUES ('wecom_app', $1, false, $2)
RETURNING id
"""


async def one_message(now: datetime, text: str = "您好") -> int:
    context = sealed.seal_json(CONTEXT, {"text": text})
    message: int = await db.fetch_value(_MESSAGE, CARRIES_REPLY, context, now)
    return message


async def one_delivery(
    state: str, now: datetime, *, user: str = "li", claimed_by: int | None = None
) -> int:
    """A delivery as it stands after having come to `state` in the usual way."""
    send = await one_send(now) if state not in ("queued", "expired", "suppressed") else None
    delivery: int = await db.fetch_value(
        _DELIVERY,
        await one_message(now),
        state,
        now,
        now + timedelta(hours=2),
        claimed_by,
        send,
        user,
    )
    return delivery


async def one_send(now: datetime) -> int:
    send: int = await db.fetch_value(_SEND, secrets.token_urlsafe(12), now)
    return send


async def state_of(delivery: int) -> str:
    return str(await db.fetch_value("SELECT state FROM deliveries WHERE id = $1", delivery))


async def history_of(delivery: int) -> list[str]:
    rows: list[dict[str, Any]] = await db.fetch(
        "SELECT state FROM delivery_events WHERE delivery_id = $1 ORDER BY id", delivery
    )
    return [row["state"] for row in rows]


async def write_many(services: Services, numbers: Iterable[int]) -> list[int]:
    """A different message with each number to everybody, at once; the ids of all such deliveries.

    One transaction: one claim of a worker takes them all.
    """
    people = await db.fetch("SELECT person_id, user_id FROM identities ORDER BY person_id")
    async with db.transaction():
        for row, number in product(people, numbers):
            context = {"text": f"第{number}条，给{row['user_id']}"}
            await services.ledger.notify(
                CARRIES_REPLY, number, [row["person_id"]], context=context
            )
    found = await db.fetch(
        "SELECT d.id FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = $1 ORDER BY d.id",
        CARRIES_REPLY,
    )
    return [row["id"] for row in found]
