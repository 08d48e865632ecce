"""Numbers in the queue of a slot: the lowest that is free, and never one twice.

Whoever gives numbers holds the slot's row first; a statement after the lock sees all that was
given before. Slots are locked in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from models import db
from models.clock import SHANGHAI
from services import interview_seats

_LOCK = "SELECT id FROM slots WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
# Who leaves gives their number to the next who comes.
_LOWEST = """
UPDATE interviews i SET queue_no = (
       SELECT min(n) FROM generate_series(1, 1 + (
                     SELECT count(*) FROM interviews o
                      WHERE o.slot_id = i.slot_id AND o.queue_no IS NOT NULL)) AS n
        WHERE NOT EXISTS (
              SELECT 1 FROM interviews o
               WHERE o.slot_id = i.slot_id AND o.queue_no = n
                 AND o.state IN ('confirmed', 'held')))
 WHERE i.id = $1 AND i.slot_id = $2 AND i.state = 'confirmed' AND i.queue_no IS NULL
   AND EXISTS (SELECT 1 FROM slots s WHERE s.id = $2 AND (s.group_name <> '' OR s.capacity > 1))
RETURNING queue_no
"""
_LAST = """
UPDATE interviews i SET queue_no = (
       SELECT coalesce(max(o.queue_no), 0) + 1 FROM interviews o
        WHERE o.slot_id = i.slot_id AND o.id <> i.id)
 WHERE i.id = $1 AND i.slot_id = $2 AND i.state = 'confirmed' RETURNING queue_no
"""
_FORGET = "UPDATE interviews SET queue_no = NULL, arrived_at = NULL WHERE id = $1"
_CALLED = """
SELECT 1 FROM messages m JOIN interviews i ON i.id = m.subject_id
 WHERE m.purpose = 'interviews.called' AND i.slot_id = $1 LIMIT 1
"""
_LATER = """
SELECT s.id, s.group_name FROM slots s
 WHERE s.posting_id = $1 AND s.state = 'open' AND s.group_name <> '' AND s.id <> $2
   AND s.starts_at >= $3 AND s.starts_at < $4 AND s.taken < s.capacity
 ORDER BY s.starts_at, length(s.group_name), s.group_name, s.id
"""
_TAKE = """
UPDATE slots SET taken = taken + 1
 WHERE id = $1 AND state = 'open' AND taken < capacity RETURNING id
"""
_RESEAT = """
UPDATE interviews SET slot_id = $2, queue_no = NULL WHERE id = $1 AND state = 'confirmed'
"""


async def give(interview_id: int, slot_id: int) -> int | None:
    """The lowest free number of a group or of a slot with several seats, unless they have one."""
    await db.fetch(_LOCK, [slot_id])
    number: int | None = await db.fetch_value(_LOWEST, interview_id, slot_id)
    return number


async def take_back(interview_id: int) -> None:
    """They left the slot: their number is free, and they have not arrived anywhere."""
    await db.execute(_FORGET, interview_id)


async def was_called(slot_id: int) -> bool:
    """Whether anybody of this slot was told to come to a room."""
    return await db.fetch_value(_CALLED, slot_id) is not None


async def after_the_call(interview: db.Row, slot: db.Row) -> tuple[str, int | None]:
    """Group and number of somebody who came when their group had been called: the next group of
    the day with a seat, that was not called either, else the end of their own."""
    end = end_of_day(slot["starts_at"])
    later = await db.fetch(_LATER, slot["posting_id"], slot["id"], slot["starts_at"], end)
    await db.fetch(_LOCK, [slot["id"], *(each["id"] for each in later)])
    for each in later:
        if await was_called(each["id"]) or await db.fetch_value(_TAKE, each["id"]) is None:
            continue
        await interview_seats.release(slot["id"])
        await db.execute(_RESEAT, interview["id"], each["id"])
        return each["group_name"], await give(interview["id"], each["id"])
    return slot["group_name"], await db.fetch_value(_LAST, interview["id"], slot["id"])


async def hold(slots: Sequence[int]) -> None:
    """Nobody else gives numbers there until the transaction ends."""
    await db.fetch(_LOCK, list(slots))


def end_of_day(instant: datetime) -> datetime:
    """The midnight after this local day."""
    day = instant.astimezone(SHANGHAI).date() + timedelta(days=1)
    return datetime.combine(day, time(), SHANGHAI)
