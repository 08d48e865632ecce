"""People outside, as rows: invented candidates with what can be known of them."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from models import db, sealed
from services import guests
from services.candidate_reach import MESSAGES, WINDOW

KFID = "wkSample_1"

_MAKE = """
INSERT INTO candidates (ref, name, name_index, phone, phone_index, email, email_index, keep_until,
                        created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
"""


async def candidate(now: datetime, name: str = "田小试", phone: str = "", email: str = "") -> int:
    """A candidate with these ways to be reached; their id."""
    ring = sealed.ring()

    def seal(column: str, value: str) -> str | None:
        return ring.seal(f"candidates.{column}", value) if value else None

    def index(column: str, value: str) -> str | None:
        return ring.index(f"candidates.{column}", value) if value else None

    made: int = await db.fetch_value(
        _MAKE,
        secrets.token_urlsafe(16),
        seal("name", name),
        index("name", name),
        seal("phone", phone),
        index("phone", phone),
        seal("email", email),
        index("email", email),
        date(2027, 6, 1),
        now,
    )
    return made


async def on_wechat(candidate_id: int, now: datetime, user: str = "wmTian") -> None:
    """They entered by their link and have just said something: the window is open."""
    await guests.entered(KFID, user, now, candidate_id)
    await guests.said(KFID, user, now)


async def window_of(candidate_id: int, now: datetime) -> tuple[datetime, int] | None:
    """Until when WeChat's window is open, and how many messages are left; None: it is shut."""
    row = await db.fetch_one(
        "SELECT last_said_at, sent FROM kf_contacts WHERE candidate_id = $1 "
        "AND last_said_at > $2 AND state IN (0, 1) ORDER BY last_said_at DESC LIMIT 1",
        candidate_id,
        now - WINDOW,
    )
    return (row["last_said_at"] + WINDOW, MESSAGES - row["sent"]) if row else None
