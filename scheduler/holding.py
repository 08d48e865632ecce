"""Which due deliveries must not leave now: withdrawn, too late, at night, beyond a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels import Channel
from models import db
from models.ledger import Priority
from models.policies import Policies
from services import quiet
from services.candidate_reach import OPTED_OUT, opted_out
from services.purposes import Purposes
from services.quotas import Quotas

_USED = """
SELECT person_id,
       count(*) FILTER (WHERE claimed_at > $2::timestamptz - interval '1 minute') AS minute,
       count(*) AS hour
  FROM deliveries
 WHERE person_id = ANY($1) AND channel = $3 AND claimed_at > $2::timestamptz - interval '1 hour'
 GROUP BY person_id
"""
_USED_BY_GROUPS = """
SELECT address,
       count(*) FILTER (WHERE claimed_at > $2::timestamptz - interval '1 minute') AS minute,
       count(*) AS hour
  FROM deliveries
 WHERE person_id IS NULL AND address = ANY($1) AND channel = $3
   AND claimed_at > $2::timestamptz - interval '1 hour'
 GROUP BY address
"""


@dataclass(frozen=True, slots=True)
class Aside:
    """A delivery that is not sent now: expired, withdrawn, suppressed, failed, or queued later."""

    id: int
    state: str
    reason: str
    not_before: datetime | None = None
    climbs: bool = False  # the next channel of the ladder may still carry it


class Holds:
    """Quiet hours, budgets and monthly quotas, asked once for a batch."""

    def __init__(self, purposes: Purposes, policies: Policies, quotas: Quotas) -> None:
        self._purposes = purposes
        self._policies = policies
        self._quotas = quotas

    async def sort(
        self, rows: Sequence[db.Row], channel: Channel, now: datetime
    ) -> tuple[list[db.Row], list[Aside]]:
        """Split into what may be sent now and what may not. One per person at a time, in order."""
        people = list({row["person_id"] for row in rows if row["person_id"] is not None})
        resting = await quiet.resting_until(self._policies.quiet, people, now)
        used = await _used(rows, people, channel, now)
        allowed = await self._quotas.allowed(channel.name)
        night = quiet.night_ends(self._policies.quiet, now)
        silenced = await self._silenced(rows)
        sendable, asides, taken = [], [], set[int | str]()
        for row in rows:
            receiver = _receiver(row)
            if receiver in taken:
                continue
            if row["id"] in silenced:
                asides.append(Aside(row["id"], "suppressed", OPTED_OUT))
                continue
            until = _latest(night, resting.get(row["person_id"]))
            aside = self._hold(row, until, used.get(receiver), channel, now)
            if aside is None and row["priority"] > allowed:
                aside = Aside(row["id"], "failed", "monthly quota", climbs=True)
            if aside is None:
                sendable.append(row)
                taken.add(receiver)
            else:
                asides.append(aside)
        return sendable, asides

    async def _silenced(self, rows: Sequence[db.Row]) -> set[int]:
        """What must not reach a candidate who opted out after it was written, or beside it."""
        gone = await opted_out({row["candidate_id"] for row in rows} - {None})
        return {
            row["id"]
            for row in rows
            if row["candidate_id"] in gone and not self._purposes[row["purpose"]].always
        }

    def _hold(
        self,
        row: db.Row,
        quiet_until: datetime | None,
        used: db.Row | None,
        channel: Channel,
        now: datetime,
    ) -> Aside | None:
        if row["withdrawn_at"] is not None:
            return Aside(row["id"], "withdrawn", "no longer true")
        if row["expires_at"] <= now:
            return Aside(row["id"], "expired", "too late to be useful")
        purpose = self._purposes[row["purpose"]]
        if purpose.only is not None and channel.name not in purpose.only:
            return Aside(row["id"], "failed", "not by this channel", climbs=True)
        if row["priority"] == Priority.EMERGENCY:
            return None
        if purpose.quiet and quiet_until is not None:
            if quiet_until >= row["expires_at"]:
                return Aside(row["id"], "suppressed", "quiet hours until it is useless")
            return Aside(row["id"], "queued", "quiet hours", quiet_until)
        if purpose.window is not None and (opens := purpose.window(now)) > now:
            return Aside(row["id"], "queued", "not at this hour", opens)
        return self._over_budget(row, used, channel, now)

    def _over_budget(
        self, row: db.Row, used: db.Row | None, channel: Channel, now: datetime
    ) -> Aside | None:
        budgets = self._policies.budgets
        if used is None:
            return None
        if used["hour"] >= min(budgets.person_per_hour, channel.member_per_hour):
            return Aside(row["id"], "queued", "hourly budget", now + timedelta(minutes=10))
        if used["minute"] >= min(budgets.person_per_minute, channel.member_per_minute):
            return Aside(row["id"], "queued", "minute budget", now + timedelta(seconds=60))
        return None


def _receiver(row: db.Row) -> int | str:
    """The person, or the address of a group or candidate: one at a time to each, in order."""
    person: int | None = row["person_id"]
    return str(row["address"]) if person is None else person


async def _used(
    rows: Sequence[db.Row], people: Sequence[int], channel: Channel, now: datetime
) -> dict[int | str, db.Row]:
    """Receiver → what went to them in the last minute and hour."""
    used: dict[int | str, db.Row] = {
        row["person_id"]: row for row in await db.fetch(_USED, list(people), now, channel.name)
    }
    groups = list({row["address"] for row in rows if row["person_id"] is None})
    if groups:
        found = await db.fetch(_USED_BY_GROUPS, groups, now, channel.name)
        used.update({row["address"]: row for row in found})
    return used


def _latest(*instants: datetime | None) -> datetime | None:
    return max((instant for instant in instants if instant is not None), default=None)
