"""Candidates, slots and interviews as rows, in any state. All people are invented."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models import db, sealed
from models.candidates import Application, Candidate, Stage
from models.clock import SHANGHAI
from models.interviews import Interview, InterviewState
from models.ledger import Delivery, DeliveryState, Message
from models.outcomes import Outcome, OutcomeKind, OutcomeState
from models.people import Person
from models.postings import Posting, Slot
from services.ledger import CONTEXT

DOCUMENTS = ["身份证", "护士执业证书", "毕业证", "个人简历"]
FACTS = {
    "place": "示例市健康路1号行政楼3楼会议室",
    "map": "https://maps.example/hospital",
    "parking": "院内东门停车场，面试当天免费",
    "phone": "0512-60000000",
    "contact": "周老师",
}
_SEND = (
    "INSERT INTO sends (channel, task_id, is_card, first_at) VALUES ($1,$2,false,$3) RETURNING id"
)
PHONE = "13900000101"
MAIL = "qianduoduo@mail.example"


@dataclass(frozen=True)
class Invited:
    """Rows of one invitation; `slots` are the posting's, the first is the one held."""

    candidate: Candidate
    application: Application
    interview: Interview
    posting: Posting
    slots: list[Slot]


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in December 2026, in Shanghai; the tests' today is Monday the 7th."""
    return datetime(2026, 12, day, hour, minute, tzinfo=SHANGHAI)


async def posting(now: datetime, title: str = "急诊科护士", **more: Any) -> Posting:
    person = await Person.filter(active=True).order_by("id").first()
    assert person is not None
    return await Posting.create(
        code=f"P-{secrets.token_hex(4)}",
        title=title,
        work="nurse",
        recruiter=person,
        documents=list(DOCUMENTS),
        facts=dict(FACTS),
        match_rules=[],
        opened_at=now,
        **more,
    )


async def candidate(
    now: datetime, name: str = "钱多多", phone: str | None = PHONE, email: str | None = MAIL
) -> Candidate:
    ring = sealed.ring()
    return await Candidate.create(
        ref=secrets.token_urlsafe(12),
        name=name,
        name_index=ring.index("candidates.name", name),
        phone=phone,
        phone_index=ring.index("candidates.phone", phone) if phone else None,
        email=email,
        email_index=ring.index("candidates.email", email) if email else None,
        source="医院官网",
        keep_until=now.date() + timedelta(days=180),
        created_at=now,
    )


async def slots(post: Posting, starts: Sequence[datetime], capacity: int = 1) -> list[Slot]:
    return [
        await Slot.create(
            posting=post,
            starts_at=each,
            ends_at=each + timedelta(minutes=40),
            place=FACTS["place"],
            capacity=capacity,
        )
        for each in starts
    ]


async def invited(
    now: datetime,
    starts: Sequence[datetime] = (local(10, 10), local(10, 14, 30), local(11, 9)),
    *,
    who: Candidate | None = None,
    post: Posting | None = None,
    state: InterviewState = InterviewState.INVITED,
) -> Invited:
    """Somebody with an invitation: the first slot is held for them, the others are free."""
    who = who or await candidate(now)
    post = post or await posting(now)
    times = await slots(post, starts)
    application = await Application.create(
        candidate=who,
        posting=post,
        stage=Stage.INVITED,
        match_points='["您有3年急诊科护士经验"]',
        created_at=now,
    )
    held = times[0]
    held.taken = 1
    await held.save(update_fields=["taken"])
    interview = await Interview.create(
        ref=secrets.token_urlsafe(12),
        application=application,
        slot=held,
        state=state,
        offered=[],
        invited_by=await _recruiter(post),
        invited_at=now,
        answer_by=now + timedelta(hours=48),
    )
    return Invited(who, application, interview, post, times)


async def result_sent(
    one: Invited, now: datetime, text: str = "感谢您来面试。", kind: str = OutcomeKind.REJECTED
) -> Outcome:
    return await Outcome.create(
        interview=one.interview,
        kind=kind,
        state=OutcomeState.SENT,
        text=text,
        text_hash="0" * 64,
        prepared_by=await _recruiter(one.posting),
        prepared_at=now,
        sent_at=now,
        keep_until=now.date() + timedelta(days=365),
    )


async def sending(
    purpose: str,
    subject: int,
    one: Invited,
    channel: str,
    now: datetime,
    context: dict[str, str] | None = None,
) -> str:
    """The key of a send to this candidate, as the delivery worker has claimed it."""
    key = secrets.token_urlsafe(12)
    send = await db.fetch_value(_SEND, channel, key, now)
    message = await Message.create(
        purpose=purpose, subject_id=subject, priority=10, created_at=now
    )
    if context:
        sealed_context = sealed.seal_json(CONTEXT, context)
        await db.execute(
            "UPDATE messages SET context = $2 WHERE id = $1", message.id, sealed_context
        )
    _ = await Delivery.create(
        message=message,
        candidate=one.candidate,
        channel=channel,
        address=str(one.candidate.id),
        state=DeliveryState.SENDING,
        priority=10,
        not_before=now,
        expires_at=now + timedelta(days=1),
        send_id=send,
    )
    return key


async def _recruiter(post: Posting) -> Person:
    person: Person = await post.recruiter
    return person


async def rating_asked(one: Invited, outcome: Outcome, now: datetime) -> None:
    """As services/ratings.py leaves it once the question went out."""
    await Outcome.filter(id=outcome.id).update(rating_asked_at=now)
    message = await Message.create(
        purpose="outcomes.rating", subject_id=outcome.id, priority=10, created_at=now
    )
    _ = await Delivery.create(
        message=message,
        candidate=one.candidate,
        channel="mail",
        state=DeliveryState.ACCEPTED,
        priority=10,
        not_before=now,
        expires_at=now + timedelta(days=1),
    )
