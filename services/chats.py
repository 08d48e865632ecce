"""Who has a candidate's chat in customer service: the bot, the pool, a colleague, or nobody yet.

Known from three sources, the newest of which counts: what a colleague did in their client (an
event), what we asked the platform to do, and what it answered when we asked it (D94669, D94670).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import db
from models.candidates import ChatState
from services.candidate_reach import WINDOW
from services.guests import HANDED, index_of

SKEW = timedelta(seconds=10)  # by which the platform's clock may be behind ours

_CHATS = """
SELECT k.id, k.candidate_id, k.state, k.servicer, k.last_said_at, p.id AS holder_id,
       p.name AS holder, x.target, x.person_id AS going_id, y.name AS going_to
  FROM kf_contacts k
  LEFT JOIN identities i
    ON i.platform = 'wecom' AND lower(i.user_id) = lower(k.servicer) AND k.state = 3
  LEFT JOIN persons p ON p.id = i.person_id
  LEFT JOIN kf_transfers x ON x.contact_id = k.id AND x.state = 'asked'
  LEFT JOIN persons y ON y.id = x.person_id
 WHERE k.id = ANY($1) OR k.candidate_id = ANY($2)
 ORDER BY k.last_said_at DESC NULLS LAST, k.id DESC
"""
_CONTACT = """
SELECT id, state, last_said_at, state_at FROM kf_contacts
 WHERE open_kfid = $1 AND user_index = $2
"""
_MOVED = """
UPDATE kf_contacts
   SET state = $3::smallint, servicer = CASE WHEN $3::smallint = 3 THEN $4::text ELSE '' END,
       state_at = greatest(state_at, $5)
 WHERE open_kfid = $1 AND user_index = $2 AND (state_at IS NULL OR state_at <= $6)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Session:
    """What the platform says of a chat; `servicer` is a userid of WeCom, while it is HUMAN."""

    state: ChatState
    servicer: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat as it is known. `going` is where an open wish moves it, `going_to` to whom.

    `holder` is who has it: a colleague's name, or their userid where we do not know them.
    """

    id: int
    candidate_id: int | None
    state: ChatState
    said_at: datetime | None
    servicer: str
    holder_id: int | None
    holder: str
    going: ChatState | None
    going_id: int | None
    going_to: str

    def standing(self, now: datetime) -> ChatState:
        """A session ends by itself 48 hours after the candidate's last words."""
        open_still = self.said_at is not None and now <= self.said_at + WINDOW
        return self.state if open_still else ChatState.ENDED

    def free(self, now: datetime) -> bool:
        """Whether a colleague could be given it now."""
        takable = (ChatState.UNTOUCHED, ChatState.BOT, ChatState.WAITING)
        return self.going is None and self.standing(now) in takable


def _chat(row: db.Row) -> Chat:
    going = row["target"]
    return Chat(
        row["id"],
        row["candidate_id"],
        ChatState(row["state"]),
        row["last_said_at"],
        row["servicer"],
        row["holder_id"],
        row["holder"] or row["servicer"],
        None if going is None else ChatState(going),
        row["going_id"],
        row["going_to"] or "",
    )


async def of_candidates(candidates: Collection[int]) -> Mapping[int, Chat]:
    """Candidate → the chat in which they spoke last."""
    rows = await db.fetch(_CHATS, [], list(candidates)) if candidates else []
    found: dict[int, Chat] = {}
    for row in rows:
        found.setdefault(row["candidate_id"], _chat(row))
    return found


async def by_ids(chats: Collection[int]) -> Mapping[int, Chat]:
    """Chat id → the chat, also a stranger's."""
    rows = await db.fetch(_CHATS, list(chats), []) if chats else []
    return {row["id"]: _chat(row) for row in rows}


async def id_of(open_kfid: str, user: str) -> int | None:
    """The chat of this WeChat user with this account, if they ever entered or wrote."""
    row = await db.fetch_one(_CONTACT, open_kfid, index_of(user))
    return None if row is None else int(row["id"])


async def worth_asking(open_kfid: str, user: str, now: datetime) -> bool:
    """Whether somebody speaks whose chat was a colleague's so long ago that it may have ended.

    The platform ends a session after 48 hours and tells nobody.
    """
    row = await db.fetch_one(_CONTACT, open_kfid, index_of(user))
    if row is None or row["state"] not in HANDED:
        return False
    known = [at for at in (row["last_said_at"], row["state_at"]) if at is not None]
    return not known or min(known) < now - WINDOW


async def moved(open_kfid: str, user: str, found: Session, at: datetime) -> int | None:
    """It is so since `at`; the chat's id. None when something newer is known, or nobody wrote."""
    row = await db.fetch_one(
        _MOVED, open_kfid, index_of(user), int(found.state), found.servicer, at, at + SKEW
    )
    return None if row is None else int(row["id"])
