"""Seats and states of interviews: changed by conditional UPDATEs, under locks in a fixed order.

Whoever changes an interview locks its row first, then slots in the order of their ids, then the
application. Nobody waits the other way round, so that no two can wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models import db
from models.candidates import Stage
from models.interviews import OPEN, SEATED, TRANSITIONS, InterviewState
from services.refusals import Refusal

_LOCKED = """
SELECT i.*, a.candidate_id, a.posting_id, p.recruiter_id
  FROM interviews i JOIN applications a ON a.id = i.application_id
  JOIN postings p ON p.id = a.posting_id
 WHERE i.id = $1 FOR UPDATE OF i
"""
_LOCK_SLOTS = "SELECT id FROM slots WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
_TAKE = """
UPDATE slots SET taken = taken + 1
 WHERE id = $1 AND posting_id = $2 AND state = 'open' AND taken < capacity AND starts_at > $3
RETURNING id
"""
_RELEASE = "UPDATE slots SET taken = taken - 1 WHERE id = $1 AND taken > 0"
_MOVE = """
UPDATE interviews
   SET state = $3::text, slot_id = $4::bigint, unclear = 0,
       offered = CASE WHEN $3::text = 'choosing' THEN offered ELSE '[]' END,
       confirmed_at = CASE WHEN $3::text = 'confirmed' THEN $5::timestamptz
                           WHEN $3::text = 'choosing' THEN NULL ELSE confirmed_at END,
       closed_at = CASE WHEN $6 THEN NULL ELSE $5::timestamptz END,
       queue_no = CASE WHEN slot_id IS NOT DISTINCT FROM $4::bigint THEN queue_no END,
       sequence = sequence + CASE WHEN $3::text = 'cancelled' THEN 1
                                  WHEN slot_id IS DISTINCT FROM $4::bigint THEN 1 ELSE 0 END
 WHERE id = $1 AND state = $2 RETURNING *
"""
_STAGE = "UPDATE applications SET stage = $2 WHERE id = $1 AND stage <> $2"
_SAT = (InterviewState.HELD, InterviewState.NO_SHOW)  # over: the seat was theirs


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an interview; slots are None where no seat was or is held."""

    interview_id: int
    candidate_id: int
    before: InterviewState
    after: InterviewState
    old_slot: int | None
    new_slot: int | None


async def locked(interview_id: int) -> db.Row:
    """The interview's row with candidate, posting and recruiter, until the transaction ends.

    Raises Refusal("interview_unknown").
    """
    row = await db.fetch_one(_LOCKED, interview_id)
    if row is None:
        raise Refusal("interview_unknown")
    return row


def seat_of(interview: db.Row) -> int | None:
    """The slot in which this interview holds a seat."""
    return interview["slot_id"] if interview["state"] in SEATED else None


async def take(slot_id: int, posting_id: int, now: datetime) -> None:
    """One seat more is taken, or Refusal("slot_taken"): full, cancelled, begun, another post's."""
    if await db.fetch_value(_TAKE, slot_id, posting_id, now) is None:
        raise Refusal("slot_taken")


async def release(slot_id: int) -> None:
    await db.execute(_RELEASE, slot_id)


async def move(
    interview: db.Row, after: InterviewState, now: datetime, slot_id: int | None = None
) -> Change:
    """From the state in which the locked row was read, with the seat it has then.

    A new `slot_id` is taken before the old seat is given back. Raises Refusal: slot_taken, or
    interview_<state> where the interview no longer allows it; then nothing was changed.
    """
    before = InterviewState(interview["state"])
    if after not in TRANSITIONS[before]:
        raise Refusal(f"interview_{before}")
    old = seat_of(interview)
    wanted = old if after in _SAT else slot_id if after in SEATED else None
    if old != wanted:
        await _swap(old, wanted, interview["posting_id"], now)
    kept = wanted if wanted is not None else _remembered(interview, after)
    moved = await db.fetch_one(_MOVE, interview["id"], before, after, kept, now, after in OPEN)
    if moved is None:  # the row is locked, so this cannot be; better a refusal than two truths
        raise Refusal(f"interview_{before}")
    return Change(interview["id"], interview["candidate_id"], before, after, old, wanted)


def _remembered(interview: db.Row, after: InterviewState) -> int | None:
    """A closed interview still knows when it was to be; one that chooses has no time."""
    return None if after is InterviewState.CHOOSING else interview["slot_id"]


async def _swap(old: int | None, new: int | None, posting_id: int, now: datetime) -> None:
    both: Sequence[int] = [slot for slot in (old, new) if slot is not None]
    await db.fetch(_LOCK_SLOTS, both)
    if new is not None:
        await take(new, posting_id, now)
    if old is not None:
        await release(old)


async def set_stage(application_id: int, stage: Stage) -> None:
    await db.execute(_STAGE, application_id, stage)
