"""An invented candidate of whom everything is held that can be held, and who is told a result."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot import wire_form
from bot.app import read_rules
from bot.events import TextSaid
from bot.rotation import SEALED
from bot.wiring import Services, build
from models import db, sealed
from models.clock import ManualClock
from services import guests
from tests.support.delivering import Post as Office
from tests.support.delivering import post_office
from tests.support.hospital import settings
from tests.support.interviewing import Post, a_post, at, candidate_of

NAME, PHONE, EMAIL = "欧阳试试", "13900007788", "ouyang.shishi@mail.example"
USER = "wmLeavingCandidate01"
ACCOUNT = "wk1"
LADDER = ("wecom_kf", "mail", "sms", "phone_task")
KEPT_UNTIL = date(2027, 11, 25)

_CANDIDATE = """
UPDATE candidates SET name = $2, name_index = $3, phone = $4, phone_index = $5, email = $6,
       email_index = $7, source = '医院官网', external_system = 'ats', external_id = $8,
       consent_at = $9, told_at = $9, keep_until = $10 WHERE id = $1
"""
_OUTCOME = """
INSERT INTO outcomes (interview_id, kind, state, text, text_hash, facts, prepared_by_id,
                      prepared_at, sent_at, keep_until, approval_id)
VALUES ($1, $2, $3, $4, 'hash', $5, $6, $7, $8, $9, $10) RETURNING id
"""
_DELIVERED = """
WITH told AS (
    INSERT INTO messages (purpose, subject_id, context, priority, created_at)
    VALUES ($1, $2, $3, 10, $5) RETURNING id
), sent AS (
    INSERT INTO deliveries (message_id, candidate_id, channel, address, state, priority,
                            not_before, expires_at, claimed_at, platform_id)
    SELECT id, $4::bigint, 'mail', $4::bigint::text, 'accepted', 10, $5,
           $5::timestamptz + interval '1 day', $5, 'x' FROM told RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at) SELECT id, 'accepted', $5 FROM sent
"""
_APPROVAL = """
INSERT INTO approvals (kind, subject_id, requester_id, rule, state, content, content_hash,
                       opened_at, expires_at, reason)
VALUES ('outcomes', 0, $1, 'any', 'approved', $2, 'hash', $3, $3, '写得好') RETURNING id
"""


def outside(url: str, clock: ManualClock) -> Services:
    """All use cases of a hospital that can write to candidates in every way."""
    rules = read_rules(settings(url))
    return build(replace(rules, policies=replace(rules.policies, candidate_ladder=LADDER)), clock)


@dataclass
class Leaver:
    """Ids of one candidate's rows."""

    id: int
    ref: str
    post: Post
    interview: int
    outcome: int | None = None

    async def row(self) -> db.Row:
        found = await db.fetch_one("SELECT * FROM candidates WHERE id = $1", self.id)
        assert found is not None
        return found

    async def rejected(self, now: datetime, *, state: str = "sent", told: bool = True) -> int:
        """A result of the interview, sent and arrived by mail."""
        ring = sealed.ring()
        content = sealed.seal_json("approvals.content", {"text": f"{NAME}您好"})
        approval = await db.fetch_value(_APPROVAL, self.post.recruiter, content, now)
        outcome: int = await db.fetch_value(
            _OUTCOME,
            self.interview,
            "rejected",
            state,
            ring.seal("outcomes.text", f"{NAME}您好！这次未能录用"),
            sealed.seal_json("outcomes.facts", {"address": NAME}),
            self.post.recruiter,
            now,
            now if state == "sent" else None,
            KEPT_UNTIL,
            approval,
        )
        await db.execute("UPDATE approvals SET subject_id = $2 WHERE id = $1", approval, outcome)
        if told:
            context = sealed.seal_json("messages.context", {"text": f"{NAME}您好"})
            await db.execute(_DELIVERED, "outcomes.rejection", outcome, context, self.id, now)
        self.outcome = outcome
        return outcome

    async def says(self, now: datetime, text: str) -> None:
        """Words in customer service: the window opens, and what was said lies in the inbox."""
        await guests.said(ACCOUNT, USER, now)
        await db.execute("UPDATE kf_contacts SET candidate_id = $1", self.id)
        await into_inbox(now, "wecom_kf", USER, text)


async def into_inbox(now: datetime, platform: str, user: str, text: str) -> int:
    event = TextSaid(
        platform=platform, app="a", event_id=secrets.token_hex(8), user=user, at=now, text=text
    )
    stored: int = await db.fetch_value(
        "INSERT INTO inbox (event_id, sender, kind, payload, reply, state, received_at) "
        "VALUES ($1, $2, 'TextSaid', $3, $4, 'done', $5) RETURNING id",
        event.event_id,
        wire_form.sender(event),
        wire_form.seal_event(event),
        None,
        now,
    )
    return stored


async def leaver(
    now: datetime, *, state: str = "held", title: str = "急诊科护士", post: Post | None = None
) -> Leaver:
    """Everything that is held of somebody before they are told a result."""
    post = post or await a_post(now, title)
    slot = await post.slot("2026-12-10T10:00")
    interview = await post.interview(slot, state, name=NAME, phone=PHONE)
    candidate, ring = await candidate_of(interview), sealed.ring()
    await db.execute(
        _CANDIDATE,
        candidate,
        ring.seal("candidates.name", NAME),
        ring.index("candidates.name", NAME),
        ring.seal("candidates.phone", PHONE),
        ring.index("candidates.phone", PHONE),
        ring.seal("candidates.email", EMAIL),
        ring.index("candidates.email", EMAIL),
        secrets.token_hex(8),
        now,
        now.date() + timedelta(days=180),
    )
    await db.execute(
        "UPDATE applications SET profile = $2, match_points = $3 WHERE candidate_id = $1",
        candidate,
        sealed.seal_json("applications.profile", {"employer": "示例二院", "phone": PHONE}),
        sealed.seal_json("applications.match_points", ["您有3年急诊科护士经验"]),
    )
    await db.execute(
        "INSERT INTO scorecards (interview_id, interviewer_id, scores, verdict, strength, "
        "comment, submitted_at) VALUES ($1, $2, $3, 'decline', $4, $5, $6)",
        interview,
        post.recruiter,
        json.dumps({"沟通": 8}),
        ring.seal("scorecards.strength", f"{NAME}急救操作熟练"),
        ring.seal("scorecards.comment", "夜班经验少"),
        now,
    )
    await db.execute(
        "INSERT INTO entry_links (ref, code, candidate_id, interview_id, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $5)",
        secrets.token_hex(8),
        secrets.token_hex(4),
        candidate,
        interview,
        now,
    )
    ref = await db.fetch_value("SELECT ref FROM candidates WHERE id = $1", candidate)
    return Leaver(candidate, ref, post, interview)


async def an_upload(now: datetime) -> None:
    person = await db.fetch_value("SELECT min(id) FROM persons")
    body = base64.b64encode(f"姓名,手机\n{NAME},{PHONE}\n".encode()).decode()
    await db.execute(
        "INSERT INTO sheet_uploads (person_id, filename, digest, body, expires_at) "
        "VALUES ($1, '候选人.csv', 'd', $2, $3)",
        person,
        sealed.ring().seal("sheet_uploads.body", body),
        now + timedelta(hours=1),
    )


async def places_with(*words: str) -> list[str]:
    """Every sealed place of the database whose values, opened, hold one of these words."""
    found = set()
    for table, _, column, place in SEALED:
        for row in await db.fetch(f"SELECT {column} AS value FROM {table}"):
            if row["value"] and _holds(sealed.open_sealed(place, row["value"]), words):
                found.add(place)
    return sorted(found)


def _holds(text: str, words: tuple[str, ...]) -> bool:
    with suppress(ValueError):
        text += base64.b64decode(text, validate=True).decode()
    return any(word in text for word in words)


@asynccontextmanager
async def mail_office(url: str, services: Services, clock: ManualClock) -> AsyncIterator[Office]:
    async with post_office(url, services, clock, channel="mail") as office:
        yield office


def until(clock: ManualClock, local: str) -> None:
    """Let time pass until this local instant, as 2026-12-09T10:00."""
    clock.advance(at(local) - clock.now())
