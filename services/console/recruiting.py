"""Posts as the console shows them: the HR office sees all of them, a manager their unit's results.

What somebody may not see is not loaded, so that no template can let it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from models import db, sealed
from services.actors import Actor
from services.candidate_records import NAME
from services.permissions import Act, may
from services.recruiting_access import may_recruit, require_recruiting
from services.refusals import Refusal
from services.talent_pool import PoolMember, TalentPool

SHOWN = 300

_POSTINGS = """
SELECT p.id, p.code, p.title, p.state, u.name AS unit, r.name AS recruiter,
       (SELECT count(*) FROM applications a JOIN candidates c ON c.id = a.candidate_id
         WHERE a.posting_id = p.id AND c.erased_at IS NULL) AS candidates,
       (SELECT count(*) FROM applications a JOIN candidates c ON c.id = a.candidate_id
         WHERE a.posting_id = p.id AND c.erased_at IS NULL
           AND a.stage IN ('new', 'shortlisted')) AS waiting,
       (SELECT count(*) FROM applications a WHERE a.posting_id = p.id
           AND a.stage IN ('invited', 'interview')) AS invited,
       (SELECT coalesce(sum(s.capacity - s.taken), 0) FROM slots s WHERE s.posting_id = p.id
           AND s.state = 'open' AND s.starts_at > $2) AS seats
  FROM postings p LEFT JOIN units u ON u.id = p.unit_id JOIN persons r ON r.id = p.recruiter_id
 WHERE ($1::bigint[] IS NULL OR p.unit_id = ANY($1) OR p.recruiter_id = $3)
 ORDER BY p.state DESC, p.opened_at DESC, p.id
"""
_POSTING = """
SELECT p.id, p.code, p.title, p.state, p.unit_id, u.name AS unit, r.name AS recruiter,
       p.notice_within, p.notice_open, p.notice_url, p.notice_names
  FROM postings p LEFT JOIN units u ON u.id = p.unit_id JOIN persons r ON r.id = p.recruiter_id
 WHERE p.id = $1
"""
_SLOTS = """
SELECT s.id, s.starts_at, s.ends_at, s.place, s.capacity, s.taken, s.group_name, s.state,
       coalesce((SELECT array_agg(n.name ORDER BY n.name) FROM slot_interviewers i
                  JOIN persons n ON n.id = i.person_id WHERE i.slot_id = s.id), '{}')
       AS interviewers
  FROM slots s WHERE s.posting_id = $1 AND s.ends_at > $2
 ORDER BY s.starts_at, s.group_name, s.id LIMIT $3
"""
_SEATED = """
SELECT i.slot_id, i.state, i.queue_no, c.id AS candidate_id, c.name
  FROM interviews i JOIN applications a ON a.id = i.application_id
  JOIN candidates c ON c.id = a.candidate_id
 WHERE i.slot_id = ANY($1) AND i.state IN ('invited', 'confirmed', 'held', 'no_show')
   AND c.erased_at IS NULL
 ORDER BY i.queue_no, i.id
"""
_APPLICANTS = """
SELECT a.id, a.candidate_id, a.stage, c.name, c.opted_out_at, i.state AS interview, s.starts_at,
       a.created_at, i.result_due_at
  FROM applications a JOIN candidates c ON c.id = a.candidate_id
  LEFT JOIN LATERAL (SELECT * FROM interviews n WHERE n.application_id = a.id
                      ORDER BY n.id DESC LIMIT 1) i ON true
  LEFT JOIN slots s ON s.id = i.slot_id
 WHERE a.posting_id = $1 AND c.erased_at IS NULL
   AND ($2 OR i.state IN ('confirmed', 'held'))
 ORDER BY array_position(
     ARRAY['new', 'shortlisted', 'invited', 'interview', 'interviewed', 'offered'], a.stage),
     a.id LIMIT $3
"""


class Sight(StrEnum):
    FULL = "full"  # the HR office, and whoever answers for the post
    RESULTS = "results"  # a manager of the post's unit: who was seen, when, and with what result


@dataclass(frozen=True, slots=True)
class PostingPage:
    """`slots` with `seated`: slot id → who sits there. Both are empty, and so is `pool`, for
    somebody who only sees results."""

    sight: Sight
    posting: db.Row
    applicants: Sequence[db.Row]
    slots: Sequence[db.Row] = ()
    seated: Mapping[int, Sequence[db.Row]] | None = None
    pool: Sequence[PoolMember] = ()

    @property
    def full(self) -> bool:
        return self.sight is Sight.FULL


async def postings(actor: Actor, now: datetime) -> list[db.Row]:
    """Every post for the HR office; else those of the units one manages, and one's own."""
    units = None if await may_recruit(actor) else sorted(actor.manages)
    return await db.fetch(_POSTINGS, units, now, actor.person_id)


async def sight(actor: Actor, posting_id: int, unit_id: int | None) -> Sight:
    """Raises Refusal("not_allowed") for anybody else."""
    try:
        await require_recruiting(actor, posting_id)
    except Refusal:
        if not (unit_id is not None and may(actor, Act.APPROVE_OUTCOME, unit_id)):
            raise
        return Sight.RESULTS
    return Sight.FULL


async def posting(actor: Actor, posting_id: int, now: datetime, pool: TalentPool) -> PostingPage:
    """Raises Refusal("not_allowed"), also where there is none."""
    row = await db.fetch_one(_POSTING, posting_id)
    if row is None:
        raise Refusal("not_allowed")
    seen = await sight(actor, posting_id, row["unit_id"])
    full = seen is Sight.FULL
    applicants = named(await db.fetch(_APPLICANTS, posting_id, full, SHOWN))
    if not full:
        return PostingPage(seen, row, applicants)
    slots = await db.fetch(_SLOTS, posting_id, now, SHOWN)
    seated = await _seated([slot["id"] for slot in slots])
    similar = await pool.similar(posting_id, actor) if row["state"] == "open" else []
    return PostingPage(seen, row, applicants, slots, seated, similar)


async def _seated(slots: Sequence[int]) -> dict[int, list[db.Row]]:
    found: dict[int, list[db.Row]] = {}
    for row in named(await db.fetch(_SEATED, list(slots))):
        found.setdefault(row["slot_id"], []).append(row)
    return found


def named(rows: Sequence[db.Row]) -> list[dict[str, Any]]:
    """The rows with their names opened."""
    return [{**row, "name": sealed.open_sealed(NAME, row["name"])} for row in rows]
