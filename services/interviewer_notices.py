"""Interviewers know whom they see: a list the evening before, and what changes within a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI, Clock
from models.interviews import InterviewState
from models.ledger import Priority
from services.actors import Actor
from services.interview_facts import InterviewFacts, InterviewView
from services.interview_reminders import AT
from services.interview_seats import Change
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import may_recruit

DIGEST = "interviews.for_interviewer"
CHANGED = "interviews.for_interviewer_change"
AT_ONCE = timedelta(hours=24)  # what begins sooner and changes is said at once

_LISTS = """
SELECT DISTINCT w.person_id FROM interviews i
  JOIN slots s ON s.id = i.slot_id JOIN slot_interviewers w ON w.slot_id = s.id
 WHERE i.state = 'confirmed' AND s.state = 'open'
   AND s.starts_at >= $1 AND s.starts_at < $2 AND s.starts_at > $3
   AND ($4::timestamptz IS NULL OR i.confirmed_at < $4)
   AND NOT EXISTS (SELECT 1 FROM messages m
                    WHERE m.dedupe_key = $5::text || ':' || w.person_id || ':' || $6::text)
 ORDER BY w.person_id
"""
_OF = """
i.state = 'confirmed' AND s.starts_at >= $2 AND s.starts_at < $3 AND EXISTS (
    SELECT 1 FROM slot_interviewers w WHERE w.slot_id = s.id AND w.person_id = $1)
"""
_ALL = "i.state = 'confirmed' AND s.starts_at >= $1 AND s.starts_at < $2"
_SLOT = "SELECT starts_at, place FROM slots WHERE id = $1"
_WHO = "SELECT person_id FROM slot_interviewers WHERE slot_id = $1 ORDER BY person_id"


class InterviewerNotices:
    def __init__(self, ledger: Ledger, facts: InterviewFacts, clock: Clock) -> None:
        self.ledger = ledger
        self.facts = facts
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(DIGEST, self._digest_facts, Priority.DIGEST),
                Purpose(CHANGED, self._change_facts, Priority.DECISION),
            ]
        )

    async def tell(self) -> int:
        """From six on tomorrow's list to each who interviews then; how many lists were written.

        Who was left out while nobody worked gets today's in the morning, before it begins.
        """
        now = self.clock.now()
        local = now.astimezone(SHANGHAI)
        today = local.date()
        eve = datetime.combine(today - timedelta(days=1), AT, SHANGHAI)
        told = await self._tell_of(today, now, before=eve)
        if local.time() >= AT:
            told += await self._tell_of(today + timedelta(days=1), now)
        return told

    async def _tell_of(self, day: date, now: datetime, before: datetime | None = None) -> int:
        start, end = _bounds(day)
        rows = await db.fetch(_LISTS, start, end, now, before, DIGEST, day.isoformat())
        count = 0
        for row in rows:
            async with db.transaction():
                message = await self.ledger.notify(
                    DIGEST,
                    row["person_id"],
                    [row["person_id"]],
                    context={"day": day.isoformat()},
                    once=f"{DIGEST}:{row['person_id']}:{day}",
                    expires_at=end,
                )
            count += message is not None
        return count

    async def changed(self, change: Change) -> None:
        """A time that begins within a day was confirmed, moved or given up."""
        had = change.old_slot if change.before is InterviewState.CONFIRMED else None
        has = change.new_slot if change.after is InterviewState.CONFIRMED else None
        if had == has:
            return
        old, new = await self._near(had), await self._near(has)
        before, after = await _interviewers(old), await _interviewers(new)
        for person in sorted(before | after):
            await self._say(
                change.interview_id,
                person,
                old if person in before else None,
                new if person in after else None,
            )

    async def _near(self, slot_id: int | None) -> db.Row | None:
        """The slot, if it begins within a day."""
        row = await db.fetch_one(_SLOT, slot_id) if slot_id is not None else None
        now = self.clock.now()
        if row is None or not now < row["starts_at"] <= now + AT_ONCE:
            return None
        return row | {"id": slot_id}

    async def _say(
        self, interview: int, person: int, old: db.Row | None, new: db.Row | None
    ) -> None:
        last = max(slot["starts_at"] for slot in (old, new) if slot)
        context = {
            "slot": new["id"] if new else None,
            "old": old["starts_at"].isoformat() if old else "",
            "new": new["starts_at"].isoformat() if new else "",
            "place": new["place"] if new else "",
        }
        await self.ledger.notify(CHANGED, interview, [person], context=context, expires_at=last)

    async def listing(self, by: Actor) -> list[dict[str, Any]]:
        """Today's and tomorrow's: one's own, and for those who recruit everybody's."""
        today = self.clock.now().astimezone(SHANGHAI).date()
        start, end = _bounds(today)[0], _bounds(today + timedelta(days=1))[1]
        if await may_recruit(by):
            views = await self.facts.many(_ALL, start, end)
        else:
            views = await self.facts.many(_OF, by.person_id, start, end)
        return _lines(views)

    async def _digest_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        now = self.clock.now()
        found = {}
        for subject in subjects:
            day = date.fromisoformat(subject.context["day"])
            views = await self.facts.many(_OF, subject.subject_id, *_bounds(day))
            ahead = {key: view for key, view in views.items() if _begins(view) > now}
            lines = _lines(ahead)
            today = day == now.astimezone(SHANGHAI).date()
            facts = {"day": day, "today": today, "interviews": lines}
            found[subject.message_id] = Facts(facts, bool(lines), "nobody is coming any more")
        return found

    async def _change_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_ids([subject.subject_id for subject in subjects])
        return {
            subject.message_id: _change(views[subject.subject_id], subject.context)
            for subject in subjects
            if subject.subject_id in views
        }


def _change(view: InterviewView, context: Mapping[str, Any]) -> Facts:
    slot = context["slot"]
    kept = view.slot_id if view.state is InterviewState.CONFIRMED else None
    # A newer change says more; but a time that was given up stays given up.
    stands = kept == slot if slot is not None else True
    return Facts(
        {
            "address": view.address,
            "post": view.post,
            "old": datetime.fromisoformat(context["old"]) if context["old"] else "",
            "new": datetime.fromisoformat(context["new"]) if context["new"] else "",
            "place": context["place"],
        },
        stands,
        "the interview changed",
    )


def _lines(views: Mapping[int, InterviewView]) -> list[dict[str, Any]]:
    return [
        {
            "id": view.interview_id,
            "address": view.address,
            "post": view.post,
            "starts": _begins(view),
            "place": view.place,
            "group": view.group,
            "queue_no": view.queue_no,
        }
        for view in sorted(
            views.values(), key=lambda one: (_begins(one), one.queue_no or 0, one.interview_id)
        )
    ]


def _begins(view: InterviewView) -> datetime:
    assert view.starts_at is not None  # confirmed interviews have a seat
    return view.starts_at


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), SHANGHAI)
    return start, start + timedelta(days=1)


async def _interviewers(slot: db.Row | None) -> set[int]:
    rows = await db.fetch(_WHO, slot["id"]) if slot else []
    return {row["person_id"] for row in rows}
