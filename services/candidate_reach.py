"""On which channel a candidate can be reached now, and what the channel must be told to do so.

A bot cannot open a conversation in WeChat: customer service carries five messages within 48 hours
of the candidate's last words (wecom.md §6). The last of the five is kept for what needs an
answer, so that the window can be opened anew by it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import db, sealed
from models.clock import Clock
from models.ledger import Priority

KF, MAIL, SMS, PHONE = "wecom_kf", "mail", "sms", "phone_task"
WINDOW = timedelta(hours=48)
MESSAGES = 5
OPTED_OUT = "wishes no more messages"  # why a delivery was suppressed
KEPT = 1  # of the five, for questions and answers

_WAYS = """
SELECT c.opted_out_at, c.erased_at, c.email IS NOT NULL AS mail, c.phone IS NOT NULL AS phone,
       EXISTS (SELECT 1 FROM kf_contacts k
                WHERE k.candidate_id = c.id AND k.last_said_at > $2 AND k.sent < $3
                  AND k.state IN (0, 1)) AS kf
  FROM candidates c WHERE c.id = $1
"""
_OPEN_WINDOW = """
k.candidate_id = $1 AND k.last_said_at > $2 AND k.state IN (0, 1)
"""
_SPEND = f"""
UPDATE kf_contacts SET sent = sent + 1
 WHERE id = (SELECT id FROM kf_contacts k WHERE {_OPEN_WINDOW} AND k.sent < $3
              ORDER BY k.last_said_at DESC LIMIT 1 FOR UPDATE)
RETURNING open_kfid, external_user
"""
_KNOWN = f"""
SELECT open_kfid, external_user FROM kf_contacts k WHERE {_OPEN_WINDOW}
 ORDER BY k.last_said_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Ways:
    """What there is of a candidate, whether or not anything may be said to them."""

    channels: frozenset[str]
    opted_out: bool
    erased: bool


async def ways(candidate_id: int, priority: int, now: datetime) -> Ways:
    """Which channels would take a message of this priority now."""
    room = MESSAGES if priority < Priority.REMINDER else MESSAGES - KEPT
    row = await db.fetch_one(_WAYS, candidate_id, now - WINDOW, room)
    if row is None:
        return Ways(frozenset(), opted_out=False, erased=True)
    there = {KF: row["kf"], MAIL: row["mail"], SMS: row["phone"], PHONE: row["phone"]}
    return Ways(
        frozenset(name for name, usable in there.items() if usable),
        opted_out=row["opted_out_at"] is not None,
        erased=row["erased_at"] is not None,
    )


async def opted_out(candidates: Collection[int]) -> set[int]:
    """Which of these wish no more messages at this moment."""
    if not candidates:
        return set()
    rows = await db.fetch(
        "SELECT id FROM candidates WHERE id = ANY($1) AND opted_out_at IS NOT NULL",
        list(candidates),
    )
    return {row["id"] for row in rows}


def first_of(
    ladder: Sequence[str],
    found: Ways,
    tried: Sequence[str] = (),
    only: Sequence[str] | None = None,
) -> str | None:
    """The next channel of the ladder to try; None when there is none left."""
    for channel in ladder:
        allowed = only is None or channel in only
        if allowed and channel in found.channels and channel not in tried:
            return channel
    return None


class Doors:
    """From a candidate's id, which is all a delivery holds, to what a channel needs."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def mail(self, candidate_id: int) -> str:
        return await self._column(candidate_id, "email")

    async def phone(self, candidate_id: int) -> str:
        return await self._column(candidate_id, "phone")

    async def _column(self, candidate_id: int, column: str) -> str:
        """ "" when it is not known (any more)."""
        value = await db.fetch_value(
            f"SELECT {column} FROM candidates WHERE id = $1", candidate_id
        )
        return sealed.open_sealed(f"candidates.{column}", value) if value else ""

    async def spend_kf(self, candidate_id: int) -> tuple[str, str] | None:
        """Account and customer, and one of the five messages is used up; None: the window is shut.

        Counted before the call, so that a crash costs a message of the window and never an error.
        """
        since = self.clock.now() - WINDOW
        return _contact(await db.fetch_one(_SPEND, candidate_id, since, MESSAGES))

    async def kf(self, candidate_id: int) -> tuple[str, str] | None:
        """The same without counting, for a repeat of a call."""
        since = self.clock.now() - WINDOW
        return _contact(await db.fetch_one(_KNOWN, candidate_id, since))

    async def give_back_kf(self, candidate_id: int) -> None:
        """The call certainly brought nothing."""
        await db.execute(
            "UPDATE kf_contacts SET sent = greatest(sent - 1, 0) WHERE id = ("
            "SELECT id FROM kf_contacts WHERE candidate_id = $1 "
            "ORDER BY last_said_at DESC NULLS LAST LIMIT 1)",
            candidate_id,
        )


def _contact(row: db.Row | None) -> tuple[str, str] | None:
    if row is None or row["external_user"] is None:
        return None
    return row["open_kfid"], sealed.open_sealed("kf_contacts.external_user", row["external_user"])
