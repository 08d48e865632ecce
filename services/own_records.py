"""What a candidate may see of themselves: which data we hold, why, until when, and their result.

Articles 17 and 44 to 47 of the Personal Information Protection Law. Whoever holds the link sees
this, so that numbers and addresses are shown masked; the whole copy is HR's to hand out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import db, sealed
from models.outcomes import OutcomeKind
from services.ledger import CONTEXT

_RECORD = """
SELECT c.name, c.phone, c.email, c.source, c.keep_until, c.pool_consent_at, c.pool_until,
       c.opted_out_at, c.created_at,
       EXISTS (SELECT 1 FROM applications a
                WHERE a.candidate_id = c.id AND a.profile IS NOT NULL) AS cv,
       EXISTS (SELECT 1 FROM interviews i JOIN applications a ON a.id = i.application_id
                WHERE a.candidate_id = c.id) AS interview,
       EXISTS (SELECT 1 FROM scorecards k JOIN interviews i ON i.id = k.interview_id
                 JOIN applications a ON a.id = i.application_id
                WHERE a.candidate_id = c.id) AS notes,
       EXISTS (SELECT 1 FROM kf_contacts k WHERE k.candidate_id = c.id) AS chat
  FROM candidates c WHERE c.id = $1 AND c.erased_at IS NULL
"""
_POSTS = """
SELECT p.title FROM applications a JOIN postings p ON p.id = a.posting_id
 WHERE a.candidate_id = $1 ORDER BY a.id
"""
_PHONE = """
SELECT p.facts::jsonb ->> 'phone' FROM applications a JOIN postings p ON p.id = a.posting_id
 WHERE a.candidate_id = $1 AND p.facts::jsonb ->> 'phone' <> '' ORDER BY a.id DESC LIMIT 1
"""
_ANY_PHONE = """
SELECT facts::jsonb ->> 'phone' AS phone FROM postings
 WHERE state = 'open' AND facts::jsonb ->> 'phone' <> ''
 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
"""
_RESULT = """
SELECT id, kind, text, sent_at, choice, keep_until, rating FROM outcomes
 WHERE interview_id = $1 AND state = 'sent' AND text IS NOT NULL
"""
_REPLIES = """
SELECT m.context, m.created_at FROM messages m
 WHERE m.purpose = $2 AND m.withdrawn_at IS NULL AND m.context IS NOT NULL AND m.created_at > $3
   AND EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.candidate_id = $1)
 ORDER BY m.id DESC LIMIT $4
"""
REPLY = "candidates.reply"  # its context holds the words
SHOWN_REPLIES, REPLIES_SHOWN_FOR = 3, timedelta(days=14)
KINDS = ("name", "phone", "email", "cv", "interview", "notes", "chat")


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """`held` are keys of KINDS; `phone` and `email` are masked, "" where there is none."""

    held: tuple[str, ...]
    phone: str
    email: str
    source: str
    posts: tuple[str, ...]
    since: datetime
    keep_until: date
    pool_until: date | None
    opted_out: bool


@dataclass(frozen=True, slots=True)
class OwnResult:
    """A result that was sent. `choice` is keep, delete or "" while the question is open."""

    outcome_id: int
    kind: OutcomeKind
    text: str
    sent_at: datetime | None
    choice: str
    keep_until: date | None
    rating: int | None


@dataclass(frozen=True, slots=True)
class OwnReply:
    text: str
    at: datetime


async def record_of(candidate_id: int) -> OwnRecord | None:
    """None for somebody unknown or erased."""
    row = await db.fetch_one(_RECORD, candidate_id)
    if row is None:
        return None
    posts = [each["title"] for each in await db.fetch(_POSTS, candidate_id)]
    pool = row["pool_until"] if row["pool_consent_at"] else None
    return OwnRecord(
        held=tuple(kind for kind in KINDS if row[kind]),
        phone=masked_phone(_opened("phone", row["phone"])),
        email=masked_mail(_opened("email", row["email"])),
        source=row["source"] or "",
        posts=_once(posts),
        since=row["created_at"],
        keep_until=row["keep_until"],
        pool_until=pool,
        opted_out=row["opted_out_at"] is not None,
    )


async def office_phone(candidate_id: int | None = None) -> str:
    """The number to call: that of their newest application's post, else the one most open posts
    name; "" where none does."""
    own = await db.fetch_value(_PHONE, candidate_id) if candidate_id is not None else None
    return str(own or await db.fetch_value(_ANY_PHONE) or "")


async def result_of(interview_id: int) -> OwnResult | None:
    """Only what was sent: nothing that is still being looked at."""
    row = await db.fetch_one(_RESULT, interview_id)
    if row is None:
        return None
    return OwnResult(
        outcome_id=row["id"],
        kind=OutcomeKind(row["kind"]),
        text=sealed.open_sealed("outcomes.text", row["text"]),
        sent_at=row["sent_at"],
        choice=row["choice"] or "",
        keep_until=row["keep_until"],
        rating=row["rating"],
    )


async def replies_of(candidate_id: int, now: datetime) -> list[OwnReply]:
    """What we last answered, newest first: somebody may have no mail and no open chat."""
    since = now - REPLIES_SHOWN_FOR
    rows = await db.fetch(_REPLIES, candidate_id, REPLY, since, SHOWN_REPLIES)
    found = [(sealed.open_json(CONTEXT, row["context"]), row["created_at"]) for row in rows]
    return [OwnReply(str(said["text"]), at) for said, at in found if said.get("text")]


def masked_phone(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 11 else "*" * len(number)


def masked_mail(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if at else ""


def _opened(column: str, value: str | None) -> str:
    return sealed.open_sealed(f"candidates.{column}", value) if value else ""


def _once(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
