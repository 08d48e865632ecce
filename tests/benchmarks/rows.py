"""People, messages and shifts by the thousand, written as the services would have written them."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from models import sealed
from services import jobs
from services.ledger import CONTEXT
from tests.support.hospital import RING

_PEOPLE = """
WITH units AS (
    INSERT INTO units (code, name) SELECT 'U' || n, '病区' || n FROM generate_series(1, 100) n
    RETURNING id
), numbered AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS no, count(*) OVER () AS of FROM units
), people AS (
    INSERT INTO persons (staff_no, name, unit_id)
    SELECT 'S' || n, '护士' || n, u.id FROM generate_series(0, $1 - 1) n
      JOIN numbered u ON u.no = n % u.of
    RETURNING id, staff_no
)
INSERT INTO identities (person_id, platform, user_id)
SELECT id, 'wecom', 'n' || substr(staff_no, 2) FROM people
"""
_MESSAGES = """
WITH said AS (
    INSERT INTO messages (purpose, subject_id, context, priority, created_at)
    SELECT 'replies.late', 0, context, 20, $2 FROM unnest($1::text[]) AS t(context)
    RETURNING id
), people AS (
    SELECT i.person_id, i.user_id, row_number() OVER (ORDER BY i.person_id) AS no
      FROM identities i
), told AS (
    INSERT INTO deliveries
        (message_id, person_id, channel, address, state, priority, not_before, expires_at)
    SELECT m.id, p.person_id, 'wecom_app', p.user_id, 'queued', 20, $2,
           $2::timestamptz + interval '2 hours'
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS no FROM said) m JOIN people p USING (no)
    RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at) SELECT id, 'queued', $2 FROM told
"""
_SHIFTS = """
INSERT INTO shifts (unit_id, person_id, day, code, name, kind, starts_at, ends_at, hours, state,
                    remind_at)
SELECT p.unit_id, p.id, $2::timestamptz::date + turn, k.code, k.name, k.kind,
       $2::timestamptz + make_interval(days => turn),
       $2::timestamptz + make_interval(days => turn, hours => 8), k.hours, 'planned', $1
  FROM persons p CROSS JOIN generate_series(0, $3 - 1) turn
  JOIN (VALUES (0, 'A', '白班A', 'day', '08:00–16:00'),
               (1, 'P', '中班', 'evening', '16:00–24:00'),
               (2, 'N', '夜班N', 'night', '00:00–08:00'),
               (3, '责', '责任班', 'day', '08:00–17:30'))
       AS k(no, code, name, kind, hours) ON k.no = (p.id / 100) % 4
"""
SETTLED = """
SELECT NOT EXISTS (SELECT 1 FROM deliveries WHERE state IN ('queued', 'sending', 'unknown'))
"""


async def people(connection: asyncpg.Connection, count: int) -> None:
    """Persons n0, n1, … on WeCom, in a hundred wards."""
    await connection.execute(_PEOPLE, count)
    await connection.execute("ANALYZE")


async def different(connection: asyncpg.Connection, count: int, at: datetime) -> None:
    """That many messages, each with its own words and its own receiver."""
    sealed.install(RING)
    contexts = [sealed.seal_json(CONTEXT, {"text": f"第{n}条通知"}) for n in range(count)]
    await connection.execute(_MESSAGES, contexts, at)


async def shifts(
    connection: asyncpg.Connection, remind_at: datetime, first: datetime, each: int
) -> int:
    """`each` shifts a person, on days in a row, all to be reminded of at one instant."""
    status: str = await connection.execute(_SHIFTS, remind_at, first, each)
    await connection.execute("ANALYZE shifts")
    return int(status.rsplit(" ", 1)[-1])


async def wake(connection: asyncpg.Connection) -> None:
    """The job that the ledger adds with what it queues."""
    from pgqueuer import Queries
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver

    await Queries(AsyncpgDriver(connection)).enqueue(
        jobs.DELIVER, b"", jobs.PRIORITIES[jobs.DELIVER]
    )
