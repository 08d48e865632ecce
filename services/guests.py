"""People outside who write to us: a WeChat user in customer service, perhaps a known candidate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models import db, sealed
from models.candidates import ChatState

PLATFORM = "wecom_kf"
USER, INDEX = "kf_contacts.external_user", "kf_contacts.external_user"
HANDED = (ChatState.WAITING, ChatState.HUMAN)  # words said now are for a colleague

_FIND = """
SELECT id FROM kf_contacts WHERE open_kfid = $1 AND user_index = $2
"""
_SAID = """
INSERT INTO kf_contacts (open_kfid, external_user, user_index, last_said_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (open_kfid, user_index) DO UPDATE
   SET sent = CASE WHEN kf_contacts.last_said_at IS NULL
                     OR kf_contacts.last_said_at < excluded.last_said_at
                   THEN 0 ELSE kf_contacts.sent END,
       last_said_at = greatest(kf_contacts.last_said_at, excluded.last_said_at),
       state = CASE WHEN kf_contacts.state = 4 THEN 0 ELSE kf_contacts.state END
RETURNING candidate_id, state
"""
_ENTERED = """
INSERT INTO kf_contacts (open_kfid, external_user, user_index, entered_at, candidate_id)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (open_kfid, user_index) DO UPDATE
   SET entered_at = excluded.entered_at,
       candidate_id = coalesce(excluded.candidate_id, kf_contacts.candidate_id)
RETURNING candidate_id
"""


@dataclass(frozen=True, slots=True)
class Guest:
    """Who writes from outside. `candidate_id` is None for a stranger.

    `with_colleague`: the conversation is a colleague's, or waits for one, and is with them.
    """

    candidate_id: int | None
    open_kfid: str
    user: str
    with_colleague: bool = False

    def __str__(self) -> str:
        return f"candidate:{self.candidate_id}" if self.candidate_id else "stranger"


def index_of(user: str) -> str:
    return sealed.ring().index(INDEX, user)


async def known(open_kfid: str, user: str) -> bool:
    """Whether anything was heard of them before."""
    return await db.fetch_one(_FIND, open_kfid, index_of(user)) is not None


async def said(open_kfid: str, user: str, at: datetime) -> Guest:
    """They wrote or tapped: WeChat's window opens anew, and an ended session begins again."""
    row = await db.fetch_one(_SAID, open_kfid, sealed.ring().seal(USER, user), index_of(user), at)
    assert row is not None
    return Guest(row["candidate_id"], open_kfid, user, row["state"] in HANDED)


async def entered(
    open_kfid: str, user: str, at: datetime, candidate_id: int | None = None
) -> Guest:
    """They opened the chat. With `candidate_id`, which a signed link proved, we know who it is."""
    row = await db.fetch_one(
        _ENTERED, open_kfid, sealed.ring().seal(USER, user), index_of(user), at, candidate_id
    )
    assert row is not None
    return Guest(row["candidate_id"], open_kfid, user)
