"""Which free slots to offer: nearest to what the candidate named, in different half-days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import db
from models.clock import SHANGHAI
from services.interview_facts import SlotChoice, choice
from services.understanding.reply import Understood
from services.understanding.vocabulary import shipped

MOST = 3
NOTICE = timedelta(hours=2)  # nobody is asked to come sooner than that

_FREE = """
SELECT id, starts_at, ends_at, place FROM slots
 WHERE posting_id = $1 AND state = 'open' AND taken < capacity AND starts_at > $2
   AND id <> ALL($3)
 ORDER BY starts_at, id LIMIT 300
"""
_HALF = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Wish:
    """`when`: a local day, or a naive local time where an hour is named; `part` of the day.

    `firm`: said without a doubt, and of one time only.
    """

    when: date | datetime | None = None
    part: str | None = None
    firm: bool = False

    @property
    def day(self) -> date | None:
        return self.when.date() if isinstance(self.when, datetime) else self.when

    @property
    def narrow(self) -> bool:
        """An hour or a half-day is named, not just a day."""
        return isinstance(self.when, datetime) or (self.when is not None and self.part is not None)

    def met_by(self, slot: SlotChoice) -> bool:
        local = slot.starts_at.astimezone(SHANGHAI).replace(tzinfo=None)
        if isinstance(self.when, datetime):
            return local == self.when
        if self.when is None or local.date() != self.when:
            return False
        return self.part is None or in_part(local, self.part)

    def distance(self, slot: SlotChoice) -> tuple[bool, timedelta]:
        """Nearest first; what meets the wish before all else."""
        if self.when is None:
            return False, timedelta()
        local = slot.starts_at.astimezone(SHANGHAI).replace(tzinfo=None)
        if isinstance(self.when, datetime):
            return not self.met_by(slot), abs(local - self.when)
        days = abs(local.date() - self.when)
        other = self.part is not None and not in_part(local, self.part)
        return not self.met_by(slot), days + (_HALF if other else timedelta())


def wish_of(understood: Understood | None) -> Wish:
    if understood is None:
        return Wish()
    return Wish(understood.when, understood.part, understood.firm)


def in_part(local: datetime, part: str) -> bool:
    first, last = shipped().times["part_hours"][part]
    return bool(first <= local.hour < last)


async def free(posting_id: int, now: datetime, without: Sequence[int] = ()) -> list[SlotChoice]:
    """Open future slots of the posting that have a free seat at this moment, by time."""
    rows = await db.fetch(_FREE, posting_id, now + NOTICE, list(without))
    return [choice(row) for row in rows]


def chosen(
    slots: Sequence[SlotChoice],
    wish: Wish,
    refused: datetime | None,
    stale: Collection[int] = (),
) -> list[SlotChoice]:
    """Up to three: nearest to the wish, else soonest; not two in one half-day while others are.

    `refused` is the time that does not suit: its day comes last, unless it was asked for. `stale`
    slots were offered before and not taken: they come after all that were not.
    """
    day = refused.astimezone(SHANGHAI).date() if refused else None

    def rank(slot: SlotChoice) -> tuple[bool, bool, timedelta, datetime]:
        unmet, far = wish.distance(slot)
        again = slot.slot_id in stale or (half_day(slot)[0] == day and wish.day != day)
        return unmet, again, far, slot.starts_at

    best = sorted(slots, key=rank)
    found: list[SlotChoice] = []
    for slot in best:
        if len(found) < MOST and half_day(slot) not in set(map(half_day, found)):
            found.append(slot)
    for slot in best:
        if len(found) < MOST and slot not in found:
            found.append(slot)
    return sorted(found, key=rank)


def half_day(slot: SlotChoice) -> tuple[date, bool]:
    local = slot.starts_at.astimezone(SHANGHAI)
    return local.date(), local.hour >= 12
