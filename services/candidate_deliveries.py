"""A message's delivery to a candidate: its first rung, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models import db
from models.ledger import DeliveryState
from services import jobs
from services.candidate_reach import OPTED_OUT, Ways, first_of, ways
from services.purposes import Purpose

_TO_CANDIDATE = """
WITH made AS (
    INSERT INTO deliveries
        (message_id, candidate_id, channel, address, state, priority, not_before, expires_at,
         reason)
    VALUES ($1, $2::bigint, $3, $2::bigint::text, $4, $5, $6, $7, $8) RETURNING id, state, reason
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, state, $9, reason FROM made
"""


async def write(
    message_id: int,
    candidate_id: int,
    purpose: Purpose,
    ladder: Sequence[str],
    due: datetime,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Queue it on the first rung of `ladder` that would take a message of this purpose now.

    Without any it has failed; to whom wishes none, or was erased, it is suppressed.
    """
    found = await ways(candidate_id, purpose.priority, now)
    channel = first_of(ladder, found, only=purpose.only)
    state, reason = _beginning(found, channel, purpose)
    await db.execute(
        _TO_CANDIDATE,
        message_id,
        candidate_id,
        channel or "none",
        state,
        int(purpose.priority),
        due,
        expires_at,
        reason,
        now,
    )
    await jobs.enqueue(jobs.DELIVER)


def _beginning(
    found: Ways, channel: str | None, purpose: Purpose
) -> tuple[DeliveryState, str | None]:
    """How a delivery to a candidate begins."""
    if found.erased:
        return DeliveryState.SUPPRESSED, "erased"
    if found.opted_out and not purpose.always:
        return DeliveryState.SUPPRESSED, OPTED_OUT
    if channel is None:
        return DeliveryState.FAILED, "no_channel"
    return DeliveryState.QUEUED, None
