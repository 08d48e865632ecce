"""Posts, candidates and interviews as rows, for tests of what happens after the interview."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot import sample
from bot.app import read_rules
from bot.results import Results
from bot.wiring import Services
from models import db, sealed
from models.cards import Card, Content, Picture, Text
from models.clock import SHANGHAI
from models.outcomes import OutcomeKind
from scheduler.rendering import Renderer
from services.actors import Actor, find
from services.score_notes import ScoreNote
from tests.support.deciding import actor
from tests.support.hospital import settings

RECRUITER = "zhu"
FACTS = {"phone": "0512-60000000", "contact": "朱小例", "office": "人事科"}
REJECTION = {
    "strength": "急诊分诊",
    "requirement": "需要轮值夜班",
    "experience": "以白班为主",
}
NOTE = ScoreNote({"专业": 8.0, "沟通": 9.0}, "reserve", "急诊分诊有条理", "夜班经历较少")
REJECTED, PASSED = OutcomeKind.REJECTED, OutcomeKind.PASSED


def at(local: str) -> datetime:
    """`2026-12-07T14:00`, in Shanghai."""
    return datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)


async def someone(user: str, platform: str = "wecom") -> Actor:
    found = await find(platform, user)
    assert found is not None, user
    return found


async def hr(platform: str = "wecom") -> Actor:
    """The recruiter: somebody of the HR office, and no HR head."""
    office = await db.fetch_value(
        "UPDATE units SET kind = 'hr' WHERE name = $1 RETURNING id", sample.OFFICE
    )
    person = (await someone(RECRUITER, platform)).person_id
    await db.execute(
        "INSERT INTO grants (person_id, role, unit_id) VALUES ($1, 'manager', $2) "
        "ON CONFLICT DO NOTHING",
        person,
        office,
    )
    return await someone(RECRUITER, platform)


async def posting(
    title: str = "重症监护护士",
    unit: str | None = sample.ICU,
    recruiter: str = RECRUITER,
    facts: Mapping[str, str] | None = None,
    platform: str = "wecom",
) -> int:
    await hr(platform)
    unit_id = await db.fetch_value("SELECT id FROM units WHERE name = $1", unit)
    posting_id: int = await db.fetch_value(
        "INSERT INTO postings (code, title, unit_id, work, recruiter_id, facts, opened_at) "
        "VALUES ($1, $2, $3, 'nurse', $4, $5, $6) RETURNING id",
        secrets.token_hex(6),
        title,
        unit_id,
        (await someone(recruiter, platform)).person_id,
        json.dumps(dict(FACTS if facts is None else facts), ensure_ascii=False),
        at("2026-01-01T09:00"),
    )
    return posting_id


@dataclass(frozen=True)
class Seen:
    """An interview and what belongs to it."""

    id: int
    candidate: int
    application: int
    slot: int


async def interview(
    starts: datetime,
    *,
    post: int | None = None,
    name: str = "李小试",
    by: Sequence[str] = ("li", "wang"),
    state: str = "confirmed",
    minutes: int = 30,
    platform: str = "wecom",
) -> Seen:
    """One whose time has been confirmed."""
    post = await posting(platform=platform) if post is None else post
    ring, ref = sealed.ring(), secrets.token_hex(8)
    candidate: int = await db.fetch_value(
        "INSERT INTO candidates (ref, name, name_index, phone, phone_index, email, keep_until, "
        "created_at) VALUES ($1, $2, $3, $4, $5, $6, '2027-06-30', $7) RETURNING id",
        ref,
        ring.seal("candidates.name", name),
        ring.index("candidates.name", name),
        ring.seal("candidates.phone", "13900000000"),
        ring.index("candidates.phone", ref),
        ring.seal("candidates.email", "sample@example.test"),
        starts,
    )
    application: int = await db.fetch_value(
        "INSERT INTO applications (candidate_id, posting_id, stage, created_at) "
        "VALUES ($1, $2, 'interview', $3) RETURNING id",
        candidate,
        post,
        starts,
    )
    slot: int = await db.fetch_value(
        "INSERT INTO slots (posting_id, starts_at, ends_at, place, taken) "
        "VALUES ($1, $2, $3, $4, 1) RETURNING id",
        post,
        starts,
        starts + timedelta(minutes=minutes),
        f"会议室{ref}",
    )
    for user in by:
        await db.execute(
            "INSERT INTO slot_interviewers (slot_id, person_id) VALUES ($1, $2)",
            slot,
            (await someone(user, platform)).person_id,
        )
    found: int = await db.fetch_value(
        "INSERT INTO interviews (ref, application_id, slot_id, state, invited_by_id, invited_at, "
        "answer_by, confirmed_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $6) RETURNING id",
        secrets.token_hex(8),
        application,
        slot,
        state,
        (await someone(RECRUITER, platform)).person_id,
        starts - timedelta(days=2),
    )
    return Seen(found, candidate, application, slot)


def rooms(services: Services) -> Results:
    return services.recruiting.results


async def scored(services: Services, seen: Seen, *by: str, note: ScoreNote = NOTE) -> None:
    for user in by:
        async with db.transaction():
            await rooms(services).scorecards.record(await actor(user), seen.id, note)


async def ready(services: Services, starts: datetime, **options: Any) -> Seen:
    """An interview that is over and whose interviewers have all said what they found."""
    seen = await interview(starts, **options)
    await rooms(services).ends.tick()
    await scored(services, seen, *options.get("by", ("li", "wang")))
    return seen


async def prepared(
    services: Services,
    seen: Seen,
    kind: OutcomeKind = REJECTED,
    facts: Mapping[str, str] | None = None,
    **options: Any,
) -> int:
    """An outcome that a manager is asked to approve, with the drafted words."""
    outcomes, by = rooms(services).outcomes, await hr()
    given = REJECTION if facts is None else facts
    draft = await outcomes.draft(by, seen.id, kind, given)
    async with db.transaction():
        return await outcomes.prepare(by, seen.id, kind, draft.facts, draft.text, **options)


async def approval_of(outcome: int) -> int:
    return int(await db.fetch_value("SELECT approval_id FROM outcomes WHERE id = $1", outcome))


async def delivered(purpose: str) -> None:
    """The platform took these."""
    await db.execute(
        "UPDATE deliveries d SET state = 'accepted' FROM messages m "
        "WHERE m.id = d.message_id AND m.purpose = $1 AND d.state = 'queued'",
        purpose,
    )


async def approved(services: Services, outcome: int, user: str = "zhao") -> None:
    await delivered("outcomes.full_text")
    async with db.transaction():
        await rooms(services).outcomes.decide(
            await approval_of(outcome), await actor(user), approve=True
        )


async def state_of(outcome: int) -> str:
    return str(await db.fetch_value("SELECT state FROM outcomes WHERE id = $1", outcome))


@dataclass(frozen=True)
class Heard:
    """What a message says now, and to whom."""

    to: str
    content: Content

    @property
    def words(self) -> str:
        if isinstance(self.content, Card):
            facts = "\n".join(f"{fact.label} {fact.value}" for fact in self.content.facts)
            return "\n".join([self.content.title, self.content.body, facts, self.content.closed])
        return self.content.content if isinstance(self.content, Text) else str(self.content)


async def heard(services: Services, purpose: str) -> list[Heard]:
    """Every message of a purpose that would leave now, in the order of its deliveries."""
    rows = await db.fetch(
        "SELECT m.id AS message_id, m.purpose, m.subject_id, m.context, i.user_id, "
        "d.candidate_id FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "LEFT JOIN identities i ON i.person_id = d.person_id AND i.platform = 'wecom' "
        "WHERE m.purpose = $1 AND m.withdrawn_at IS NULL ORDER BY d.id",
        purpose,
    )
    renderer = Renderer(services.ledger.purposes, read_rules(settings("")).catalogue)
    facts = await renderer.facts_of(rows)
    found = []
    for row in rows:
        template, fact = facts[row["message_id"]]
        if fact.stands and not fact.broken:
            whom = row["user_id"] or f"candidate:{row['candidate_id']}"
            content = renderer.content(template, fact.context)
            assert not isinstance(content, Picture)
            found.append(Heard(whom, content))
    return found
