"""Interviews in groups: 报到, calling a group to a room, and those who come late (N14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from models import db
from models.clock import SHANGHAI, Clock
from models.interviews import InterviewState
from models.ledger import Priority
from services import audit, interview_seats, queue_numbers
from services.actors import Actor
from services.candidate_reach import KF, SMS
from services.group_names import same_group
from services.interview_facts import InterviewFacts
from services.interview_seats import Change
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import may_recruit
from services.refusals import Refusal

CALLED = "interviews.called"
ARRIVED = "interviews.arrived"
EARLIEST = timedelta(hours=3)  # before it begins; who comes sooner means another day
LONGEST_PLACE = 60
USEFUL = timedelta(hours=1)

_ARRIVE = """
UPDATE interviews SET arrived_at = $2
 WHERE id = $1 AND state = 'confirmed' AND arrived_at IS NULL
"""
_TODAYS = """
SELECT s.id, s.group_name, s.place, p.id AS posting_id, p.title AS post
  FROM slots s JOIN postings p ON p.id = s.posting_id
 WHERE s.state = 'open' AND s.group_name <> '' AND s.starts_at >= $1 AND s.starts_at < $2
 ORDER BY s.starts_at, s.id
"""
_MEMBERS = """
SELECT i.id, a.candidate_id, i.queue_no, i.arrived_at FROM interviews i
  JOIN applications a ON a.id = i.application_id
 WHERE i.slot_id = $1 AND i.state = 'confirmed' ORDER BY i.queue_no NULLS LAST, i.id
"""
_ON_THE_WAY = "SELECT 1 FROM deliveries WHERE message_id = $1 AND state = 'queued'"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where somebody waits now. `moved`: they came late and their group had been called."""

    group: str
    queue_no: int | None
    moved: bool = False
    already: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """Whom a call reached of those who are there. `aloud`: numbers that no channel reaches."""

    group: str
    place: str
    told: int
    known: int  # told of this place before
    absent: int
    aloud: tuple[int, ...]


class BatchInterviews:
    def __init__(self, ledger: Ledger, facts: InterviewFacts, clock: Clock) -> None:
        self.ledger = ledger
        self.facts = facts
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(CALLED, self._words, Priority.DECISION, False, USEFUL, only=(KF, SMS)),
                Purpose(ARRIVED, self._words, Priority.DECISION, False, USEFUL, only=(KF,)),
            ]
        )

    async def changed(self, change: Change) -> None:
        """Who confirmed gets the lowest free number of the slot; who left it has none."""
        if change.old_slot is not None and change.old_slot != change.new_slot:
            await queue_numbers.take_back(change.interview_id)
        if change.after is InterviewState.CONFIRMED and change.new_slot is not None:
            await queue_numbers.give(change.interview_id, change.new_slot)

    async def arrive(self, interview_id: int, *, by: object) -> Arrival:
        """They are here, and are told where they wait. A second time changes nothing.

        Raises Refusal: arrive_not_today(starts), interview_<state>.
        """
        row = await interview_seats.locked(interview_id)
        slot = await db.fetch_one("SELECT * FROM slots WHERE id = $1", row["slot_id"])
        if row["state"] != InterviewState.CONFIRMED or slot is None:
            raise Refusal(f"interview_{row['state']}")
        now, starts = self.clock.now(), slot["starts_at"]
        if not starts - EARLIEST <= now < queue_numbers.end_of_day(starts):
            raise Refusal("arrive_not_today", starts=starts)
        arrival = await self._arrived(row, slot)
        if not arrival.already:
            subject = f"interviews:{interview_id}"
            await audit.record(now, by, "interview.arrived", subject, moved=arrival.moved)
        context = {
            "group": arrival.group,
            "queue_no": arrival.queue_no,
            "moved": arrival.moved,
            "place": "",
        }
        await self.ledger.notify_candidate(
            ARRIVED, interview_id, row["candidate_id"], context=context
        )
        return arrival

    async def _arrived(self, row: db.Row, slot: db.Row) -> Arrival:
        if row["arrived_at"] is not None:
            return Arrival(slot["group_name"], row["queue_no"], already=True)
        await db.execute(_ARRIVE, row["id"], self.clock.now())
        if not slot["group_name"] or not await queue_numbers.was_called(slot["id"]):
            return Arrival(slot["group_name"], row["queue_no"])
        group, number = await queue_numbers.after_the_call(row, slot)
        return Arrival(group, number, moved=True)

    async def call(self, by: Actor, group: str, place: str, post: str = "") -> Called:
        """请第3组到7层会议室: to everybody of today's group who has reported.

        The same call again reaches those who came since. Raises Refusal: not_allowed,
        group_unknown(name, names), which_group(group, posts), call_place(most).
        """
        if not await may_recruit(by):
            raise Refusal("not_allowed")
        where = " ".join(place.split())
        if not where or len(where) > LONGEST_PLACE:
            raise Refusal("call_place", most=LONGEST_PLACE)
        slots = await self._named(group, post)
        await queue_numbers.hold([slot["id"] for slot in slots])
        told, known, absent, aloud = 0, 0, 0, []
        for slot in slots:
            for one in await db.fetch(_MEMBERS, slot["id"]):
                if one["arrived_at"] is None:
                    absent += 1
                    continue
                message = await self._call_one(one, slot, where)
                known += message is None
                told += message is not None
                if message is not None and not await db.fetch_value(_ON_THE_WAY, message):
                    aloud.append(one["queue_no"] or 0)
        subject = f"slots:{slots[0]['id']}"
        await audit.record(self.clock.now(), by, "group.called", subject, told=told)
        name = slots[0]["group_name"]
        return Called(name, where, told - len(aloud), known, absent, tuple(aloud))

    async def _named(self, group: str, post: str) -> list[db.Row]:
        """The slots of one post's group today: the same group may sit in several rooms."""
        today = self.clock.now().astimezone(SHANGHAI).date()
        midnight = datetime.combine(today, time(), SHANGHAI)
        rows = await db.fetch(_TODAYS, midnight, queue_numbers.end_of_day(midnight))
        if post:
            rows = [row for row in rows if row["post"] == post]
        found = [row for row in rows if same_group(row["group_name"]) == same_group(group)]
        if not found:
            names = list(dict.fromkeys(row["group_name"] for row in rows))
            raise Refusal("group_unknown", name=group, names=names)
        if len({row["posting_id"] for row in found}) > 1:
            posts = list(dict.fromkeys(row["post"] for row in found))
            raise Refusal("which_group", group=found[0]["group_name"], posts=posts)
        return found

    async def _call_one(self, one: db.Row, slot: db.Row, place: str) -> int | None:
        context = {
            "group": slot["group_name"],
            "queue_no": one["queue_no"],
            "moved": False,
            "place": place,
        }
        return await self.ledger.notify_candidate(
            CALLED,
            one["id"],
            one["candidate_id"],
            context=context,
            once=f"{CALLED}:{one['id']}:{slot['id']}:{place}",
        )

    async def _words(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_ids([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                {"address": view.address, **subject.context},
                view.state is InterviewState.CONFIRMED,
                "the interview changed",
            )
            for subject in subjects
            if (view := views.get(subject.subject_id)) is not None
        }
