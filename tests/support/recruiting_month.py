"""A month of recruiting made by hand: interviews and results in any state. People are invented."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import db
from models.candidates import Application, Candidate
from models.clock import SHANGHAI
from models.interviews import Interview
from models.outcomes import Outcome
from models.people import Person, Unit
from models.postings import Posting, Slot
from services import audit

_MESSAGE = """
INSERT INTO messages (purpose, subject_id, context, priority, created_at)
VALUES ($1, $2, NULL, 10, $3) RETURNING id
"""
_DELIVERY = """
INSERT INTO deliveries (message_id, candidate_id, channel, address, state, priority, not_before,
                        expires_at)
VALUES ($1, $2::bigint, $3, $2::bigint::text, $4, 10, $5::timestamptz, $6) RETURNING id
"""
_EVENT = "INSERT INTO delivery_events (delivery_id, state, at) VALUES ($1, $2, $3)"
_ASK = """
INSERT INTO asks (purpose, message_id, candidate_id, subject_id, state, opened_at, deadline,
                  answered_at, policy)
VALUES ('interviews.invitation', $1, $2, $3, 'answered', $4::timestamptz, $5, $6, 'invitation')
"""


def at(day: int, hour: int, minute: int = 0, *, month: int = 11, second: int = 0) -> datetime:
    """A time in November 2026 (or another month), in Shanghai."""
    return datetime(2026, month, day, hour, minute, second, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class Made:
    """The ids of one invitation."""

    id: int
    application_id: int
    candidate_id: int
    invited_at: datetime


class Bench:
    """One HR person, and posts by unit."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.posts: dict[str, Posting] = {}
        self.units: dict[str, int] = {}
        self.numbers = itertools.count(1)

    @classmethod
    async def of(cls, staff_no: str = "T1") -> Bench:
        return cls(await Person.create(staff_no=staff_no, name="测试人事"))

    async def post(self, unit: str) -> Posting:
        """The one post of this unit; "" is a post of no unit."""
        if unit not in self.posts:
            code = f"U-{secrets.token_hex(4)}"
            owner = await Unit.filter(name=unit).first() if unit else None
            if unit and owner is None:
                owner = await Unit.create(code=code, name=unit)
            if owner is not None:
                self.units[unit] = owner.id
            self.posts[unit] = await Posting.create(
                code=code,
                title="护士",
                unit=owner,
                recruiter=self.person,
                opened_at=at(1, 8, month=10),
            )
        return self.posts[unit]

    async def interview(
        self,
        unit: str,
        state: str,
        starts: datetime,
        *,
        invited: datetime | None = None,
        due: datetime | None = None,
        name: str = "钱多多",
        stage: str = "interview",
        matched: bool = True,
        arrived: datetime | None = None,
        confirmed: datetime | None = None,
        closed: datetime | None = None,
        provisional: bool = False,
        minutes: int = 30,
    ) -> Made:
        """`due` is when its result is; `invited` defaults to five days before it starts."""
        post = await self.post(unit)
        sent = invited or starts - timedelta(days=5)
        who = await Candidate.create(
            ref=secrets.token_hex(8),
            name=name,
            keep_until=at(1, 0, month=12).date(),
            created_at=sent,
        )
        application = await Application.create(
            candidate=who,
            posting=post,
            stage=stage,
            matched_at=sent - timedelta(hours=1) if matched else None,
            created_at=sent,
        )
        slot = await Slot.create(
            posting=post,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=minutes),
            place=f"会议室{next(self.numbers)}",
            capacity=9,
        )
        made = await Interview.create(
            ref=secrets.token_hex(8),
            application=application,
            slot=slot,
            state=state,
            invited_by=self.person,
            invited_at=sent,
            answer_by=sent + timedelta(hours=48),
            arrived_at=arrived,
            confirmed_at=confirmed,
            closed_at=closed,
            result_due_at=due,
            result_provisional=provisional,
        )
        return Made(made.id, application.id, who.id, sent)

    async def said(
        self,
        interview: Made,
        purpose: str,
        subject: int,
        when: datetime,
        state: str = "accepted",
        channel: str = "mail",
        message: int | None = None,
    ) -> int:
        """A delivery to the candidate that came to `state` at `when`; the message's id."""
        who = interview.candidate_id
        if message is None:
            message = int(await db.fetch_value(_MESSAGE, purpose, subject, when))
        later = when + timedelta(days=7)
        delivery = await db.fetch_value(_DELIVERY, message, who, channel, state, when, later)
        await db.execute(_EVENT, delivery, "queued", when - timedelta(minutes=1))
        if state != "queued":
            await db.execute(_EVENT, delivery, state, when)
        return message

    async def invitation(
        self, interview: Made, state: str = "accepted", answered: datetime | None = None
    ) -> None:
        """The invitation's delivery, and the candidate's first answer."""
        sent = interview.invited_at
        message = await self.said(
            interview, "interviews.invitation", interview.id, sent, state, "mail"
        )
        if answered is not None:
            who = interview.candidate_id
            later = sent + timedelta(days=2)
            await db.execute(_ASK, message, who, interview.id, sent, later, answered)

    async def question(self, interview: Made, when: datetime, *topics: str) -> None:
        subject = f"interviews:{interview.id}"
        await audit.record(when, "candidate:0", "interview.question", subject, topics=topics)

    async def missed(self, interview: Made, when: datetime) -> None:
        """Noted as absent, whatever became of them later."""
        subject = f"interviews:{interview.id}"
        await audit.record(when, "person:1", "interview.no_show", subject, asked=True)

    async def result(
        self,
        interview: Made,
        sent: datetime | None,
        kind: str = "rejected",
        *,
        told: datetime | None = None,
        state: str = "accepted",
        rating: int | None = None,
        rating_asked: datetime | None = None,
        chosen: datetime | None = None,
    ) -> int:
        """A result sent at `sent`, whose delivery came to `state` at `told`; its id."""
        outcome = await Outcome.create(
            interview_id=interview.id,
            kind=kind,
            state="sent" if sent else "waiting",
            text_hash="0" * 64,
            prepared_by=self.person,
            prepared_at=interview.invited_at,
            sent_at=sent,
            rating_asked_at=rating_asked,
            rating=rating,
            rated_at=rating_asked + timedelta(hours=2) if rating and rating_asked else None,
            choice="delete" if chosen else None,
            chosen_at=chosen,
        )
        if told is not None:
            purpose = "outcomes.rejection" if kind == "rejected" else "outcomes.offer"
            await self.said(interview, purpose, outcome.id, told, state)
        return int(outcome.id)

    async def erase(self, interview: Made) -> None:
        """As erasure does: name and messages are gone, numbers stay."""
        who = interview.candidate_id
        await db.execute(
            "UPDATE candidates SET name = NULL, erased_at = $2 WHERE id = $1", who, at(30, 8)
        )
        rows = await db.fetch("SELECT message_id FROM deliveries WHERE candidate_id = $1", who)
        gone = [row["message_id"] for row in rows]
        for table in ("asks", "deliveries"):
            await db.execute(f"DELETE FROM {table} WHERE message_id = ANY($1)", gone)
        await db.execute("DELETE FROM messages WHERE id = ANY($1)", gone)
