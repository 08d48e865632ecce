"""Posts, times and invented candidates in the seeded hospital, written as rows."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.phone_channel import in_words
from bot.wiring import Services
from message_templates.catalogue import Catalogue
from models import db, sealed
from models.cards import Picture
from models.clock import SHANGHAI
from scheduler.rendering import Renderer
from tests.support.deciding import actor

HEAD = "song"  # of HR
RECRUITER = "liang"  # answers for the posts here
FACTS = {"map": "https://map.example/1", "contact": "梁小例", "phone": "0512-60000000"}
DOCUMENTS = ["身份证", "护士执业证书"]

_POSTING = """
INSERT INTO postings (code, title, unit_id, work, recruiter_id, documents, facts, opened_at)
VALUES ($1, $2, $3, 'nurse', $4, $5, $6, $7) RETURNING id
"""
_CANDIDATE = """
INSERT INTO candidates (ref, name, phone, phone_index, title, keep_until, created_at)
VALUES ($1, $2, $3, $4, '', $5, $6) RETURNING id
"""
_SLOT = """
INSERT INTO slots (posting_id, starts_at, ends_at, place, capacity, group_name)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
_INTERVIEW = """
INSERT INTO interviews (ref, application_id, slot_id, state, invited_by_id, invited_at, answer_by)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""


def at(local: str) -> datetime:
    """An instant from local words such as 2026-12-09T10:00."""
    return datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)


async def person(user: str) -> int:
    return (await actor(user)).person_id


@dataclass
class Post:
    """One post and its recruiter; candidates and times are added to it."""

    id: int
    recruiter: int
    now: datetime
    count: int = 0

    async def slot(
        self, starts: str, *, capacity: int = 1, place: str = "行政楼3楼会议室", group: str = ""
    ) -> int:
        begin = at(starts)
        end = begin + timedelta(minutes=30)
        slot: int = await db.fetch_value(_SLOT, self.id, begin, end, place, capacity, group)
        return slot

    async def candidate(self, name: str = "郑小试", *, phone: str = "auto") -> int:
        self.count += 1
        number = f"1390009{self.count:04}" if phone == "auto" else phone
        ring = sealed.ring()
        candidate: int = await db.fetch_value(
            _CANDIDATE,
            secrets.token_hex(8),
            ring.seal("candidates.name", name),
            ring.seal("candidates.phone", number) if number else None,
            ring.index("candidates.phone", number) if number else None,
            date(2027, 12, 31),
            self.now,
        )
        return candidate

    async def interview(
        self,
        slot: int | None,
        state: str = "confirmed",
        *,
        name: str = "郑小试",
        phone: str = "auto",
    ) -> int:
        """An interview of a new candidate, its seat taken where the state has one."""
        candidate = await self.candidate(name, phone=phone)
        application = await db.fetch_value(
            "INSERT INTO applications (candidate_id, posting_id, stage, created_at) "
            "VALUES ($1, $2, 'invited', $3) RETURNING id",
            candidate,
            self.id,
            self.now,
        )
        interview: int = await db.fetch_value(
            _INTERVIEW,
            secrets.token_hex(8),
            application,
            slot,
            state,
            self.recruiter,
            self.now,
            self.now + timedelta(days=2),
        )
        if slot is not None:
            await db.execute("UPDATE slots SET taken = taken + 1 WHERE id = $1", slot)
        return interview


async def a_post(now: datetime, title: str = "急诊科护士", recruiter: str = RECRUITER) -> Post:
    who = await person(recruiter)
    unit = await db.fetch_value("SELECT unit_id FROM persons WHERE id = $1", who)
    posting = await db.fetch_value(
        _POSTING,
        secrets.token_hex(4),
        title,
        unit,
        who,
        json.dumps(DOCUMENTS, ensure_ascii=False),
        json.dumps(FACTS, ensure_ascii=False),
        now,
    )
    return Post(posting, who, now)


async def interviewer(slot: int, user: str) -> int:
    """This person interviews there."""
    who = await person(user)
    await db.execute(
        "INSERT INTO slot_interviewers (slot_id, person_id) VALUES ($1, $2)", slot, who
    )
    return who


async def state_of(interview: int) -> str:
    return str(await db.fetch_value("SELECT state FROM interviews WHERE id = $1", interview))


async def said_to(interview: int, *purposes: str) -> list[db.Row]:
    """Messages about this interview with their deliveries, oldest first."""
    return await db.fetch(
        "SELECT m.purpose, m.context, m.withdrawn_at, d.id, d.state, d.channel, d.not_before "
        "FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "WHERE m.subject_id = $1 AND m.purpose = ANY($2) ORDER BY m.id, d.id",
        interview,
        list(purposes),
    )


async def words_of(services: Services, purpose: str, interview: int) -> str:
    """What the newest message of this purpose about this interview says now; "" if it is void."""
    row = await db.fetch_one(
        "SELECT id AS message_id, purpose, subject_id, context FROM messages "
        "WHERE purpose = $1 AND subject_id = $2 ORDER BY id DESC LIMIT 1",
        purpose,
        interview,
    )
    assert row is not None, purpose
    renderer = Renderer(services.ledger.purposes, Catalogue())
    template, facts = (await renderer.facts_of([row]))[row["message_id"]]
    if not facts.stands:
        return ""
    content = renderer.content(template, facts.context)
    assert not isinstance(content, Picture)
    return in_words(content)


async def candidate_of(interview: int) -> int:
    found: int = await db.fetch_value(
        "SELECT a.candidate_id FROM interviews i JOIN applications a ON a.id = i.application_id "
        "WHERE i.id = $1",
        interview,
    )
    return found
