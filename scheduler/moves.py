"""What each delivery of a parcel becomes after its call: pure rules, nothing is written here."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.channels import Failure, Refused, SendFailed, Sent
from models.policies import Budgets
from scheduler.parcels import Parcel

REPEAT_WINDOW = timedelta(minutes=25)  # inside the 30 minutes of the platform's duplicate check
REPEAT_AFTER = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=5)
WINDOW_WAIT = timedelta(seconds=60)

Outcome = Sent | SendFailed


@dataclass(frozen=True, slots=True)
class Move:
    """The next state of one delivery."""

    delivery_id: int
    state: str
    not_before: datetime | None = None
    repeat_until: datetime | None = None
    code: int | None = None
    reason: str | None = None
    attempt: int = 0
    next_rung: bool = False
    platform_id: str = ""


def backoff(attempts: int) -> timedelta:
    """Full jitter: anywhere up to 2^attempts seconds, at most five minutes."""
    ceiling = min(2.0 ** min(attempts + 1, 10), LONGEST_BACKOFF.total_seconds())
    return timedelta(seconds=random.uniform(0.5, ceiling))  # noqa: S311 -- not a secret


def moves(parcel: Parcel, outcome: Outcome, budgets: Budgets, now: datetime) -> list[Move]:
    """What each delivery of a parcel becomes. Never more than the platform said."""
    if isinstance(outcome, Sent):
        return [
            _one(parcel, delivery, address, outcome, budgets, now)
            for delivery, address in zip(parcel.deliveries, parcel.reached_at, strict=True)
        ]
    return [_failed(parcel, delivery, outcome, budgets, now) for delivery in parcel.deliveries]


def _one(
    parcel: Parcel, delivery: int, address: str, sent: Sent, budgets: Budgets, now: datetime
) -> Move:
    """What a call that went through did for one receiver."""
    refused = sent.refused.get(address)
    if refused is not None:
        return _refused(parcel, delivery, refused, budgets, now)
    platform_id = sent.each.get(address, "")
    if not sent.confirmed:
        return Move(delivery, "unknown", reason="not confirmed yet", platform_id=platform_id)
    return Move(delivery, "accepted", platform_id=platform_id)


def _refused(
    parcel: Parcel, delivery: int, refused: Refused, budgets: Budgets, now: datetime
) -> Move:
    """This receiver alone: the others of the call are not touched by it."""
    failed = SendFailed(
        refused.failure, code=refused.code, reason=refused.reason, wait=refused.wait
    )
    move = _failed(parcel, delivery, failed, budgets, now)
    waits = move.state == "queued" and move.not_before is None
    return replace(move, not_before=now + (refused.wait or WINDOW_WAIT)) if waits else move


def _failed(
    parcel: Parcel,
    delivery: int,
    failed: SendFailed,
    budgets: Budgets,
    now: datetime,
) -> Move:
    code, reason = failed.code, (failed.reason or str(failed.failure))[:255]
    if parcel.repeat:
        return _still_unknown(parcel, delivery, failed, now)
    match failed.failure:
        case Failure.UNKNOWN:
            until = parcel.first_at + REPEAT_WINDOW
            repeat = parcel.repeatable and now < until
            after = now + REPEAT_AFTER + backoff(parcel.attempts)
            return Move(
                delivery, "unknown", after, until if repeat else None, code, reason, attempt=1
            )
        case Failure.WINDOW | Failure.CONFIGURATION:
            # The channel rests; its deliveries keep their places in the queue.
            return Move(delivery, "queued", None, None, code, reason)
        case Failure.RETRY if parcel.attempts + 1 < budgets.send_attempts:
            after = now + (failed.wait or backoff(parcel.attempts))
            return Move(delivery, "queued", after, None, code, reason, attempt=1)
        case Failure.RECIPIENT:
            return Move(delivery, "failed", None, None, code, reason, next_rung=True)
        case Failure.RETRY | Failure.REQUEST:
            return Move(delivery, "failed", None, None, code, reason)


def _still_unknown(parcel: Parcel, delivery: int, failed: SendFailed, now: datetime) -> Move:
    """The first call may have arrived, so that a failed repeat proves nothing: ask again later.

    A new call instead would reach people twice, and `failed` would be more than is known.
    """
    code, reason = failed.code, (failed.reason or str(failed.failure))[:255]
    if failed.failure in (Failure.RECIPIENT, Failure.REQUEST):
        return Move(delivery, "unknown", None, None, code, reason)
    resting = failed.failure in (Failure.WINDOW, Failure.CONFIGURATION)
    wait = (failed.wait or WINDOW_WAIT) if resting else REPEAT_AFTER + backoff(parcel.attempts)
    until = parcel.first_at + REPEAT_WINDOW
    repeat = parcel.repeatable and now < until
    attempt = 0 if resting else 1
    return Move(delivery, "unknown", now + wait, until if repeat else None, code, reason, attempt)
