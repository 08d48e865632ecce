"""What became of a send, written down for many at once: states, history, pauses, next rungs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.channels import Channel, Failure, SendFailed, Sent
from models import db
from models.policies import Budgets
from scheduler.moves import REPEAT_WINDOW, WINDOW_WAIT, Move, Outcome, moves
from scheduler.parcels import Parcel
from services import jobs
from services.candidate_reach import first_of, ways
from services.reach import Ladder

_MOVE = """
WITH news AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[],
                         $5::int[], $6::text[], $7::smallint[])
               AS n(id, state, not_before, repeat_until, code, reason, attempt)
), moved AS (
    UPDATE deliveries d
       SET state = n.state, not_before = coalesce(n.not_before, d.not_before),
           repeat_until = n.repeat_until, code = n.code, reason = n.reason,
           attempts = d.attempts + n.attempt
      FROM news n WHERE d.id = n.id AND (d.state = 'sending'
           -- Somebody took us for dead meanwhile and may be repeating it: only good news count.
           OR d.state = 'unknown' AND n.state IN ('accepted', 'unknown'))
    RETURNING d.id, d.state, d.reason
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, state, $8, reason FROM moved
"""
_ACCEPT = """
WITH moved AS (
    UPDATE deliveries SET state = 'accepted', repeat_until = NULL, code = NULL, reason = NULL
     WHERE id = ANY($1) AND state IN ('sending', 'unknown')
    RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at) SELECT id, 'accepted', $2 FROM moved
"""
_NAME = """
UPDATE deliveries d SET platform_id = n.platform_id
  FROM unnest($1::bigint[], $2::text[]) AS n(id, platform_id) WHERE d.id = n.id
"""
_ACCEPT_SENDS = """
UPDATE sends s SET platform_message_id = n.platform_id, response_code = n.code, accepted_at = $4
  FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n(id, platform_id, code)
 WHERE s.id = n.id
"""
_PAUSE = """
INSERT INTO channel_pauses (channel, until, code, reason, cure) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (channel) DO UPDATE SET until = greatest(channel_pauses.until, excluded.until),
    code = excluded.code, reason = excluded.reason, cure = excluded.cure
"""
_RESUME = """
DELETE FROM channel_pauses WHERE channel = $1 AND code = ANY($2)
"""
_PRESUME = """
WITH moved AS (
    UPDATE deliveries d
       SET state = 'unknown', not_before = $2::timestamptz, attempts = attempts + 1,
           reason = $4::text,
           repeat_until = CASE WHEN s.repeatable THEN s.first_at + $3::interval END
      FROM sends s
     WHERE s.id = d.send_id AND {whose} AND d.state = 'sending'
    RETURNING d.id, d.reason
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'unknown', $2, reason FROM moved
"""
# The last delivery of its message only: an older one has been followed already.
_CANDIDATE = """
SELECT d.candidate_id, d.priority, array_agg(t.channel) AS tried
  FROM deliveries d
  JOIN deliveries t ON t.message_id = d.message_id AND t.candidate_id = d.candidate_id
 WHERE d.id = $1 AND d.state = 'failed'
 GROUP BY d.id HAVING max(t.id) = d.id
"""
_NEXT_RUNG = """
WITH made AS (
    INSERT INTO deliveries
        (message_id, person_id, candidate_id, channel, address, state, priority, not_before,
         expires_at)
    SELECT message_id, person_id, candidate_id, $2, $3, 'queued', priority, $4, expires_at
      FROM deliveries WHERE id = $1 RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'queued', $4, 'next channel' FROM made
"""


async def write(
    results: Sequence[tuple[Parcel, Outcome]],
    channel: Channel,
    ladder: Ladder,
    budgets: Budgets,
    now: datetime,
) -> None:
    """Record these outcomes in one transaction."""
    all_moves = [
        move for parcel, outcome in results for move in moves(parcel, outcome, budgets, now)
    ]
    async with db.transaction():
        await _write_moves(all_moves, now)
        await _write_sends(results, now)
        for failed in {id(o): o for _, o in results if isinstance(o, SendFailed)}.values():
            await _maybe_pause(failed, channel, now)
        for move in all_moves:
            if move.next_rung:
                await climb(move.delivery_id, ladder, now)
            elif move.state == "failed":
                await climb_for_candidate(move.delivery_id, ladder, now)


async def _write_moves(all_moves: Sequence[Move], now: datetime) -> None:
    accepted = [move.delivery_id for move in all_moves if move.state == "accepted"]
    others = [move for move in all_moves if move.state != "accepted"]
    named = [move for move in all_moves if move.platform_id]
    if named:
        await db.execute(
            _NAME, [move.delivery_id for move in named], [move.platform_id for move in named]
        )
    if accepted:  # nearly all, and they need no more than their ids
        await db.execute(_ACCEPT, accepted, now)
    if others:
        await db.execute(
            _MOVE,
            [move.delivery_id for move in others],
            [move.state for move in others],
            [move.not_before for move in others],
            [move.repeat_until for move in others],
            [move.code for move in others],
            [move.reason for move in others],
            [move.attempt for move in others],
            now,
        )


async def _write_sends(results: Sequence[tuple[Parcel, Outcome]], now: datetime) -> None:
    sent = [(parcel, outcome) for parcel, outcome in results if isinstance(outcome, Sent)]
    if sent:
        await db.execute(
            _ACCEPT_SENDS,
            [parcel.send_id for parcel, _ in sent],
            [outcome.message_id or None for _, outcome in sent],
            [outcome.response_code for _, outcome in sent],
            now,
        )


async def _maybe_pause(failed: SendFailed, channel: Channel, now: datetime) -> None:
    if failed.failure not in (Failure.WINDOW, Failure.CONFIGURATION):
        return
    until = now + (failed.wait or WINDOW_WAIT)
    await pause(channel.name, until, failed.code, failed.reason, failed.cure)


async def pause(channel: str, until: datetime, code: int, reason: str, cure: str) -> None:
    """Let a channel rest; its deliveries keep their places, and operators see the cure."""
    await db.execute(_PAUSE, channel, until, code, reason[:255], cure[:512])


async def resume(channel: str, codes: Sequence[int]) -> None:
    """End a channel's rest before its time, if it rests for one of these codes."""
    await db.execute(_RESUME, channel, list(codes))


async def climb(delivery_id: int, ladder: Ladder, now: datetime) -> None:
    """They cannot be reached here: try the next channel of the ladder, if there is one."""
    row = await db.fetch_one(
        "SELECT d.person_id, array_agg(t.channel) AS tried FROM deliveries d "
        "JOIN deliveries t ON t.message_id = d.message_id AND t.person_id = d.person_id "
        "WHERE d.id = $1 AND d.person_id IS NOT NULL GROUP BY d.person_id",
        delivery_id,
    )
    if row is None:
        await climb_for_candidate(delivery_id, ladder, now)
        return
    rung = await ladder.next_rung(row["person_id"], row["tried"])
    if rung is not None:
        await db.execute(_NEXT_RUNG, delivery_id, *rung, now)
        await jobs.enqueue(jobs.DELIVER)


async def climb_for_candidate(delivery_id: int, ladder: Ladder, now: datetime) -> None:
    """A candidate has nobody to ask why nothing came: whatever failed, the next channel is tried.

    Nothing happens for persons and groups, and nothing twice for one delivery.
    """
    row = await db.fetch_one(_CANDIDATE, delivery_id)
    if row is None:
        return
    found = await ways(row["candidate_id"], row["priority"], now)
    channel = first_of(ladder.candidates, found, row["tried"])
    if channel is not None:
        await db.execute(_NEXT_RUNG, delivery_id, channel, str(row["candidate_id"]), now)
        await jobs.enqueue(jobs.DELIVER)


async def presume_lost(sends: Sequence[int], now: datetime) -> int:
    """We live, but could not write down what became of these sends: they may have arrived."""
    why = "the outcome could not be recorded"
    return await db.execute(
        _PRESUME.format(whose="s.id = ANY($1)"), list(sends), now, REPEAT_WINDOW, why
    )


async def presume_unknown(worker_id: int, now: datetime) -> int:
    """A worker died: what it was sending may have arrived. Repeat only where that is harmless."""
    why = "the sending process died"
    return await db.execute(
        _PRESUME.format(whose="d.claimed_by = $1"), worker_id, now, REPEAT_WINDOW, why
    )
