"""人才库: who agreed to be asked again, when a similar post opens. Nobody in it is written to by
the bot: HR looks at the list, and inviting somebody again begins with their match points as usual.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import db, sealed
from models.candidates import Stage
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from models.postings import PostingState
from services import audit
from services.actors import Actor
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import require_recruiting
from services.refusals import Refusal
from services.similar_posts import ORDER, Likeness, Post, PostWords, Similar, similar

SIMILAR = "pool.similar"
NEWS = timedelta(days=7)  # a post that opened longer ago is no news
USEFUL = timedelta(days=3)

# Whose consent is alive; not whoever wants no messages, asked to be deleted or is in this post.
_MEMBERS = """
SELECT c.id, c.name, c.pool_until, a.id AS application_id, a.created_at, p.title, p.work
  FROM candidates c JOIN applications a ON a.candidate_id = c.id
  JOIN postings p ON p.id = a.posting_id
 WHERE c.pool_consent_at IS NOT NULL AND c.pool_until >= $2 AND c.erased_at IS NULL
   AND c.opted_out_at IS NULL AND a.posting_id <> $1 AND p.work = $3
   AND NOT EXISTS (SELECT 1 FROM applications b WHERE b.candidate_id = c.id AND b.posting_id = $1)
 ORDER BY c.id, a.id DESC
"""
_POSTING = "SELECT id, title, work, state, recruiter_id FROM postings WHERE id = $1"
_NEWLY_OPEN = """
SELECT p.id, p.title, p.work, p.recruiter_id FROM postings p
 WHERE p.state = 'open' AND p.opened_at > $1 AND NOT EXISTS (
           SELECT 1 FROM messages m WHERE m.purpose = $2 AND m.subject_id = p.id)
 ORDER BY p.id LIMIT 100
"""
_MAY_APPLY = """
SELECT c.id FROM candidates c WHERE c.id = $1 FOR UPDATE
"""
_APPLY = """
INSERT INTO applications (candidate_id, posting_id, stage, profile, created_at)
SELECT $1, $2, $3, (SELECT profile FROM applications WHERE candidate_id = $1
                     ORDER BY (profile IS NULL), id DESC LIMIT 1), $4
ON CONFLICT (candidate_id, posting_id) DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class PoolMember:
    """Somebody who may be asked again, and why they are listed."""

    candidate_id: int
    name: str
    applied_for: str
    applied_at: datetime
    until: date
    why: Similar


class TalentPool:
    def __init__(self, ledger: Ledger, words: PostWords, clock: Clock) -> None:
        self.ledger = ledger
        self.words = words
        self.clock = clock
        ledger.purposes.add([Purpose(SIMILAR, self._facts, Priority.DIGEST, useful_for=USEFUL)])

    async def similar(self, posting_id: int, by: Actor) -> list[PoolMember]:
        """Who may be asked again for this post, the most alike first.

        Raises Refusal: `not_allowed`, `posting_unknown`.
        """
        await require_recruiting(by, posting_id)
        return await self._members(await self._posting(posting_id))

    async def open_posts(self, by: Actor) -> list[tuple[int, str, int]]:
        """Open posts (id, title) with how many of the pool are listed for each; none left out."""
        await require_recruiting(by)
        rows = await db.fetch(
            "SELECT id, title, work FROM postings WHERE state = 'open' ORDER BY id DESC LIMIT 50"
        )
        return [(row["id"], row["title"], len(await self._members(row))) for row in rows]

    async def find_post(self, by: Actor, name: str) -> int:
        """The open post of this code or title. Raises Refusal: posting_unknown, which_posting."""
        await require_recruiting(by)
        rows = await db.fetch(
            "SELECT id, code, title FROM postings WHERE state = 'open' "
            "AND (lower(code) = lower($1) OR title = $1) ORDER BY id DESC",
            name.strip(),
        )
        if not rows:
            raise Refusal("posting_unknown", name=name)
        if len(rows) > 1:
            raise Refusal("which_posting", codes=[row["code"] for row in rows])
        return int(rows[0]["id"])

    async def invite_again(self, by: Actor, candidate_id: int, posting_id: int) -> int:
        """A new application of a member, for HR to tick match points; its id. They hear nothing.

        Raises Refusal: `not_allowed`, `posting_unknown`, `posting_closed`, `already_applied`,
        `not_in_pool` (no consent, or its day is over), `candidate_opted_out`, `candidate_erased`.
        """
        await require_recruiting(by, posting_id)
        posting = await self._posting(posting_id)
        if posting["state"] != PostingState.OPEN:
            raise Refusal("posting_closed")
        async with db.transaction():
            await db.fetch(_MAY_APPLY, candidate_id)
            await self._check_consent(candidate_id)
            now = self.clock.now()
            application: int | None = await db.fetch_value(
                _APPLY, candidate_id, posting_id, Stage.NEW.value, now
            )
            if application is None:
                raise Refusal("already_applied")
            await audit.record(
                now, by, "pool.taken_up", f"applications:{application}", candidate=candidate_id
            )
        return application

    async def tell_news(self) -> int:
        """A post has opened for which somebody may be asked again: its recruiter hears it once."""
        rows = await db.fetch(_NEWLY_OPEN, self.clock.now() - NEWS, SIMILAR)
        told = 0
        for row in rows:
            if await self._members(row):
                async with db.transaction():
                    once = f"{SIMILAR}:{row['id']}"
                    to = [row["recruiter_id"]]
                    told += await self.ledger.notify(SIMILAR, row["id"], to, once=once) is not None
        return told

    # Small steps.

    async def _posting(self, posting_id: int) -> db.Row:
        row = await db.fetch_one(_POSTING, posting_id)
        if row is None:
            raise Refusal("posting_unknown", name="")
        return row

    async def _check_consent(self, candidate_id: int) -> None:
        row = await db.fetch_one("SELECT * FROM candidates WHERE id = $1", candidate_id)
        if row is None or row["erased_at"] is not None:
            raise Refusal("candidate_erased")
        if row["opted_out_at"] is not None:
            raise Refusal("candidate_opted_out")
        until = row["pool_until"]
        if row["pool_consent_at"] is None or until is None or until < self._today():
            raise Refusal("not_in_pool")

    def _today(self) -> date:
        return self.clock.now().astimezone(SHANGHAI).date()

    async def _members(self, posting: db.Row) -> list[PoolMember]:
        rows = await db.fetch(_MEMBERS, posting["id"], self._today(), posting["work"])
        best: dict[int, PoolMember] = {}
        for row in rows:
            member = self._member(row, posting)
            known = best.get(row["id"])
            if member and (known is None or _rank(member) < _rank(known)):
                best[row["id"]] = member
        return sorted(best.values(), key=lambda each: (_rank(each), -each.applied_at.timestamp()))

    def _member(self, row: db.Row, posting: db.Row) -> PoolMember | None:
        there, here = Post(row["title"], row["work"]), Post(posting["title"], posting["work"])
        why = similar(there, here, self.words)
        if why is None or row["name"] is None:
            return None
        name = sealed.open_sealed("candidates.name", row["name"])
        return PoolMember(row["id"], name, row["title"], row["created_at"], row["pool_until"], why)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        """Numbers only: a digest on a phone names nobody."""
        found: dict[int, Facts] = {}
        for subject in subjects:
            posting = await db.fetch_one(_POSTING, subject.subject_id)
            if posting is None:
                continue
            members = await self._members(posting)
            near = sum(each.why.likeness is not Likeness.SAME_WORK for each in members)
            found[subject.message_id] = Facts(
                {"post": posting["title"], "count": len(members), "near": near},
                stands=bool(members) and posting["state"] == PostingState.OPEN,
                why_not="nobody is left, or the post is closed",
            )
        return found


def _rank(member: PoolMember) -> int:
    return ORDER.index(member.why.likeness)
