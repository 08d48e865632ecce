"""What is kept too long is deleted; what is still at work, and the audit log, stay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from tests.support.deciding import asked
from tests.support.ledger import one_delivery

COUNTS = """
SELECT (SELECT count(*) FROM messages) AS messages,
       (SELECT count(*) FROM deliveries) AS deliveries,
       (SELECT count(*) FROM sends) AS sends, (SELECT count(*) FROM inbox) AS inbox
"""
_INBOX = """
INSERT INTO inbox (event_id, sender, kind, payload, state, received_at)
VALUES ($1, 'wecom:li', 'TextSaid', 'x', $2, $3)
"""


async def counts() -> tuple[int, ...]:
    row = await db.fetch_one(COUNTS)
    assert row is not None
    return tuple(row.values())


async def test_after_its_term_nothing_of_a_message_is_left(
    services: Services, clock: ManualClock
) -> None:
    await one_delivery("accepted", clock.now())
    await db.execute(_INBOX, "old", "done", clock.now())
    clock.advance(timedelta(days=399))
    assert await services.retention.forget_old() == 0
    await one_delivery("accepted", clock.now(), user="wang")
    clock.advance(timedelta(days=1, seconds=1))
    assert await services.retention.forget_old() > 0
    assert await counts() == (1, 1, 1, 0)
    left = await db.fetch_value(
        "SELECT count(*) FROM delivery_events e WHERE NOT EXISTS "
        "(SELECT 1 FROM deliveries d WHERE d.id = e.delivery_id)"
    )
    assert left == 0
    proof = await db.fetch_one("SELECT detail FROM audit_rows WHERE action = 'records.forgotten'")
    assert proof is not None


@pytest.mark.parametrize("state", ["queued", "sending"])
async def test_what_is_still_to_be_sent_stays(
    services: Services, clock: ManualClock, state: str
) -> None:
    await one_delivery(state, clock.now())
    clock.advance(timedelta(days=500))
    await services.retention.forget_old()
    assert (await counts())[:2] == (1, 1)


async def test_open_questions_and_unhandled_events_stay(
    services: Services, clock: ManualClock
) -> None:
    await asked(services, "sun", "1214", "wang")
    await db.execute("UPDATE deliveries SET state = 'accepted'")
    await db.execute(_INBOX, "dead", "dead", clock.now())
    await db.execute(_INBOX, "pending", "pending", clock.now())
    clock.advance(timedelta(days=500))
    await services.retention.forget_old()
    assert await counts() == (1, 1, 0, 2)


async def test_many_are_forgotten_batch_by_batch(services: Services, clock: ManualClock) -> None:
    await db.execute(
        "INSERT INTO inbox (event_id, sender, kind, payload, state, received_at) "
        "SELECT 'e' || n, 'wecom:li', 'TextSaid', 'x', 'done', $1 "
        "FROM generate_series(1, 2500) AS n",
        clock.now(),
    )
    clock.advance(timedelta(days=401))
    assert [await services.retention.forget_old() for _ in range(4)] == [1000, 1000, 500, 0]
