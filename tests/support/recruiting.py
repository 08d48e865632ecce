"""A post to be filled, its slots, applications and recruiter, in the seeded hospital."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.wiring import Services
from models import db, sealed
from models.clock import SHANGHAI
from models.ledger import DeliveryState
from services.actors import Actor
from services.guests import Guest
from services.ledger import CONTEXT
from services.purposes import Subject
from services.reach import Ladder
from tests.support.deciding import actor
from tests.support.outside import KFID, candidate, on_wechat

PLACE = "行政楼3楼会议室"
DOCUMENTS = ("身份证", "护士执业证书", "毕业证")
FACTS = {
    "contact": "钱老师",
    "phone": "0512-60000000",
    "office": "人事科",
    "map": "https://example.org/map",
    "parking": "院内停车场前两小时免费",
    "duration": "30分钟",
}
_POSTING = """
INSERT INTO postings (code, title, work, recruiter_id, documents, facts, match_rules, opened_at)
VALUES ($1, $2, 'nurse', $3, $4::jsonb, $5::jsonb, $6::jsonb, $7) RETURNING id
"""
_SLOT = """
INSERT INTO slots (posting_id, starts_at, ends_at, place, capacity)
VALUES ($1, $2, $3, $4, $5) RETURNING id
"""
_APPLICATION = """
INSERT INTO applications (candidate_id, posting_id, stage, profile, match_points, created_at)
VALUES ($1, $2, 'shortlisted', $3, $4, $5) RETURNING id
"""
LADDER = ("wecom_kf", "mail", "sms", "phone_task")
RULES = [{"text": "您有{years}年急诊科护士经验"}, {"text": "您的{licence}符合岗位要求"}]


def at(local: str) -> datetime:
    """2026-12-09T10:00, local."""
    return datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)


def reachable(services: Services) -> Services:
    """As in a hospital that has all ways to candidates; nothing is sent, no worker runs."""
    services.ledger.ladder = Ladder(services.ledger.ladder.channels, LADDER)
    return services


async def posting(
    now: datetime,
    title: str = "急诊科护士",
    documents: Sequence[str] = DOCUMENTS,
    facts: Mapping[str, str] | None = None,
) -> int:
    """One open post; 钱 of the HR office answers for it."""
    made: int = await db.fetch_value(
        _POSTING,
        f"P-{secrets.token_hex(3)}",
        title,
        (await recruiter()).person_id,
        json.dumps(list(documents)),
        json.dumps(dict(FACTS if facts is None else facts)),
        json.dumps(RULES),
        now,
    )
    return made


async def recruiter() -> Actor:
    """An HR head of the sample hospital."""
    user = await db.fetch_value(
        "SELECT i.user_id FROM grants g JOIN identities i ON i.person_id = g.person_id "
        "WHERE g.role = 'hr_head' ORDER BY g.id LIMIT 1"
    )
    return await actor(user)


async def slot(posting_id: int, local: str, capacity: int = 1, place: str = PLACE) -> int:
    starts = at(local)
    made: int = await db.fetch_value(
        _SLOT, posting_id, starts, starts + timedelta(minutes=30), place, capacity
    )
    return made


async def application(
    candidate_id: int, posting_id: int, now: datetime, points: Sequence[str] = ()
) -> int:
    profile = sealed.seal_json("applications.profile", {"years": 3.0})
    ticked = sealed.seal_json("applications.match_points", list(points)) if points else None
    made: int = await db.fetch_value(_APPLICATION, candidate_id, posting_id, profile, ticked, now)
    return made


async def taken(slot_id: int) -> int:
    return int(await db.fetch_value("SELECT taken FROM slots WHERE id = $1", slot_id))


async def seats_agree() -> bool:
    """In every slot as many seats are taken as interviews hold one."""
    wrong = await db.fetch(
        "SELECT s.id FROM slots s WHERE s.taken <> (SELECT count(*) FROM interviews i "
        "WHERE i.slot_id = s.id AND i.state IN ('invited', 'confirmed'))"
    )
    return not wrong


@dataclass
class Invited:
    """A candidate on WeChat who was invited; what they write goes through the conversation."""

    services: Services
    candidate: int
    application: int
    posting: int
    interview: int
    user: str
    read: int = field(default=0)

    @property
    def guest(self) -> Guest:
        return Guest(self.candidate, KFID, self.user)

    async def says(self, text: str) -> None:
        now = self.services.recruiting.conversation.clock.now()
        async with db.transaction():
            await self.services.recruiting.conversation.hear(self.guest, text, now)

    async def row(self) -> db.Row:
        row = await db.fetch_one(
            "SELECT i.*, a.stage, s.starts_at FROM interviews i "
            "JOIN applications a ON a.id = i.application_id "
            "LEFT JOIN slots s ON s.id = i.slot_id WHERE i.id = $1",
            self.interview,
        )
        assert row is not None
        return row

    async def state(self) -> str:
        return str((await self.row())["state"])

    async def queued(self) -> list[tuple[str, str]]:
        """Purpose and words of what is to be sent to them since this was last asked."""
        rows = await db.fetch(
            "SELECT m.* FROM messages m JOIN deliveries d ON d.message_id = m.id "
            "WHERE d.candidate_id = $1 AND d.state = $2 AND m.id > $3 ORDER BY m.id",
            self.candidate,
            str(DeliveryState.QUEUED),
            self.read,
        )
        self.read = max([self.read, *(row["id"] for row in rows)])
        return [(row["purpose"], await words_of(self.services, row)) for row in rows]

    async def tasks(self) -> list[tuple[str, str]]:
        """Kind and the candidate's words of the open tasks."""
        rows = await db.fetch(
            "SELECT * FROM candidate_tasks WHERE candidate_id = $1 AND state = 'open' ORDER BY id",
            self.candidate,
        )
        return [
            (row["kind"], sealed.open_json("candidate_tasks.detail", row["detail"]).get("words"))
            for row in rows
        ]


async def words_of(services: Services, message: db.Row) -> str:
    """What a message would say now; "" when it would not be sent."""
    purpose = services.ledger.purposes[message["purpose"]]
    body = message["context"]
    context: dict[str, Any] = sealed.open_json(CONTEXT, body) if body else {}
    subject = Subject(message["id"], message["subject_id"], context)
    facts = (await purpose.load([subject]))[message["id"]]
    if not facts.stands or facts.broken:
        return ""
    catalogue = services.recruiting.conversation.replies.catalogue
    content = catalogue[purpose.template].render(facts.context)
    return str(getattr(content, "content", "") or f"{content.title}\n{content.body}")  # type: ignore[union-attr]


async def invited(
    services: Services,
    posting_id: int,
    slot_id: int,
    *,
    user: str = "wmTian",
    name: str = "田小试",
    someone: int | None = None,
) -> Invited:
    """田护士 is invited to this slot by 钱; nothing is read of it yet."""
    now = services.recruiting.conversation.clock.now()
    who = someone or await candidate(now, name=name, email=f"{user}@example.com")
    if someone is None:
        await on_wechat(who, now, user)
    applied = await application(who, posting_id, now, ["您有3年急诊科护士经验"])
    async with db.transaction():
        interview = await services.recruiting.invitations.invite(
            await recruiter(), applied, slot_id
        )
    return Invited(services, who, applied, posting_id, interview, user)
