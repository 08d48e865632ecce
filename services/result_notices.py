"""结果公示: results made public as a list of numbers, and then said to everybody in person.

A public hospital's announcement may promise the results on its web site within so many working
days, for all at once (N14; Fuzhou No. 2 Hospital: five). The rules for public institutions ask
that the list of those to be hired stays public, in the notices seen for seven working days; both
numbers are the post's. HR copies the text, puts it on the site, and says so with the address.
Until then no result of the post leaves, so that nobody learns theirs before the others or from
the web without a letter of their own: a list cannot be drawn up before every letter is approved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services import audit, notice_lists
from services.actors import Actor
from services.candidate_reach import KF, MAIL
from services.interview_facts import InterviewFacts, InterviewView
from services.ledger import Ledger
from services.notice_lists import Listed
from services.notice_states import NoticeStates, NoticeText, last_of, passed
from services.outcome_facts import Prepared
from services.outcome_text import hash_of
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import require_recruiting
from services.refusals import Refusal
from services.result_clock import NOTICE_DUE, NOTICE_LATE
from services.sheets.postings import LONGEST_TERM, MOST_DAYS
from services.working_days import WorkingTime

PUBLIC = "interviews.result_public"
USEFUL = timedelta(days=14)
NAMED = 8  # names that a refusal lists
_WEB = re.compile(r"https?://[^\s<>\"'@]{1,63}\.[^\s<>\"']{2,228}")  # 300 fit in the table

_SETTINGS = """
UPDATE postings SET notice_within = $2, notice_open = $3, notice_url = $4, notice_names = $5
 WHERE id = $1
"""
# Another clock: what was told by the old one says nothing about the new one.
_COUNT_ANEW = """
UPDATE interviews i SET result_step = 0 FROM applications a
 WHERE a.id = i.application_id AND a.posting_id = $1 AND i.notice_id IS NULL
RETURNING i.id, i.ended_at
"""
_DUE_ANEW = "UPDATE interviews SET result_due_at = $2, result_provisional = $3 WHERE id = $1"
_DRAFT = """
INSERT INTO result_notices (posting_id, text_hash, starts_on, open_until, prepared_by_id,
                            prepared_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (posting_id) WHERE published_at IS NULL DO UPDATE SET
    text_hash = excluded.text_hash, starts_on = excluded.starts_on,
    open_until = excluded.open_until, prepared_by_id = excluded.prepared_by_id,
    prepared_at = excluded.prepared_at
"""
_PUBLISH = """
UPDATE result_notices SET url = $2, published_at = $3, published_by_id = $4, tell_by = $5,
       covered = $6, passed = $7
 WHERE id = $1 AND published_at IS NULL RETURNING id
"""
_TOLD_ALREADY = """
SELECT i.id, a.candidate_id FROM interviews i JOIN applications a ON a.id = i.application_id
 WHERE i.notice_id = $1 AND EXISTS (
       SELECT 1 FROM outcomes o WHERE o.interview_id = i.id AND o.state = 'sent') ORDER BY i.id
"""
_NOTICES_OF = """
SELECT i.id AS interview_id, n.id, n.url, n.open_until
  FROM result_notices n JOIN interviews i ON i.notice_id = n.id WHERE i.id = ANY($1)
"""


class ResultNotices:
    def __init__(
        self,
        ledger: Ledger,
        facts: InterviewFacts,
        working_time: WorkingTime,
        states: NoticeStates,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.facts = facts
        self.working_time = working_time
        self.states = states
        self.lists = states.lists
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(NOTICE_DUE, self._due_facts, Priority.DECISION),
                Purpose(NOTICE_LATE, self._due_facts, Priority.DECISION),
                Purpose(
                    PUBLIC,
                    self._public_facts,
                    Priority.DECISION,
                    useful_for=USEFUL,
                    only=(KF, MAIL),
                    window=lambda instant: working_time.next_goodbye(instant).at,
                ),
            ]
        )

    async def set(
        self, by: Actor, posting_id: int, within: int | None, term: int, url: str, names: bool
    ) -> None:
        """The post's clock: public `within` so many working days, for a `term` of working days.

        None for `within` gives it the usual clock again. Raises Refusal: not_allowed,
        notice_days, notice_url.
        """
        await require_recruiting(by, posting_id)
        if not (within is None or 1 <= within <= MOST_DAYS) or not 1 <= term <= LONGEST_TERM:
            raise Refusal("notice_days", most=MOST_DAYS, longest=LONGEST_TERM)
        where = _checked(url) if url.strip() else ""
        async with db.transaction():
            await notice_lists.hold(posting_id)
            before = await notice_lists.posting(posting_id)
            await db.execute(_SETTINGS, posting_id, within, term, where, names)
            if before["notice_within"] != within:
                await self._count_anew(posting_id, within)
            await audit.record(
                self.clock.now(), by, "notice.set", f"postings:{posting_id}", within=within
            )

    async def _count_anew(self, posting_id: int, within: int | None) -> None:
        """Whoever has set the days sees the new deadline at once, not with the next tick."""
        for row in await db.fetch(_COUNT_ANEW, posting_id):
            if row["ended_at"] is not None:
                due = self.working_time.result_due(row["ended_at"], within).deadline
                await db.execute(_DUE_ANEW, row["id"], due.at, due.provisional)

    async def draw_up(self, by: Actor, posting_id: int) -> NoticeText:
        """The text to copy: those who passed by number, nobody else. It replaces an older draft.

        Raises Refusal: not_allowed, notice_not_kept, notice_nobody, notice_undecided.
        """
        await require_recruiting(by, posting_id)
        async with db.transaction():
            await notice_lists.hold(posting_id)
            post, people = await self._ready(posting_id)
            now = self.clock.now()
            today = now.astimezone(SHANGHAI).date()
            until = self._until(today, post["notice_open"])
            text = self.states.text(post, people, today, until)
            await db.execute(
                _DRAFT, posting_id, hash_of(text.text), today, until, by.person_id, now
            )
            await audit.record(
                now, by, "notice.drawn_up", f"postings:{posting_id}", code=text.code
            )
        return text

    async def publish(self, by: Actor, posting_id: int, url: str) -> int:
        """HR says that it stands on the site, and where; of how many people it tells.

        Everybody on it is told in person then: approved letters leave at their time, and with
        them where to look. Raises Refusal: not_allowed, notice_not_kept, notice_no_text,
        notice_changed, notice_published, notice_url.
        """
        await require_recruiting(by, posting_id)
        where = _checked(url)
        async with db.transaction():
            await notice_lists.hold(posting_id)
            draft = await self._draft(posting_id)
            post, people = await self._ready(posting_id)
            if self.states.current(post, people, draft) is None:
                raise Refusal("notice_changed")
            await self._make_public(by, draft, people, where)
            await self.ledger.withdraw([NOTICE_DUE, NOTICE_LATE], [posting_id], "it is public")
            await self.ledger.redraw([NOTICE_DUE], [posting_id])
        return len(people)

    async def _draft(self, posting_id: int) -> db.Row:
        last = await last_of(posting_id)
        if last is None:
            raise Refusal("notice_no_text")
        if last["published_at"] is not None:
            post = await notice_lists.posting(posting_id)
            if await self.lists.waiting(posting_id, names=post["notice_names"]):
                raise Refusal("notice_no_text")
            raise Refusal("notice_published", at=last["published_at"])
        return last

    async def _make_public(
        self, by: Actor, draft: db.Row, people: Sequence[Listed], url: str
    ) -> None:
        now = self.clock.now()
        tell_by = self.working_time.add_working_days(now, 1).at
        counts = len(people), len(passed(people))
        if not await db.fetch_value(
            _PUBLISH, draft["id"], url, now, by.person_id, tell_by, *counts
        ):
            raise Refusal("notice_published", at=now)
        ids = [one.interview_id for one in people]
        await db.execute(
            "UPDATE interviews SET notice_id = $2 WHERE id = ANY($1)", ids, draft["id"]
        )
        for row in await db.fetch(_TOLD_ALREADY, draft["id"]):
            await self._say_where(row["id"], row["candidate_id"])
        await audit.record(
            now, by, "notice.published", f"result_notices:{draft['id']}", covered=len(people)
        )

    async def told(self, found: Prepared) -> None:
        """A letter has left: where it stands in public comes right after it."""
        if await db.fetch(_NOTICES_OF, [found.interview_id]):
            await self._say_where(found.interview_id, found.candidate_id)

    async def _say_where(self, interview_id: int, candidate_id: int) -> None:
        await self.ledger.notify_candidate(
            PUBLIC, interview_id, candidate_id, once=f"{PUBLIC}:{interview_id}"
        )

    async def _ready(self, posting_id: int) -> tuple[db.Row, list[Listed]]:
        """The post and everybody its notice is about; the caller holds their rows."""
        post = await notice_lists.posting(posting_id)
        if post["notice_within"] is None:
            raise Refusal("notice_not_kept")
        people = await self.lists.waiting(posting_id, names=post["notice_names"])
        if not people:
            raise Refusal("notice_nobody")
        undecided = [one.name for one in people if one.kind is None]
        if undecided:
            raise Refusal("notice_undecided", count=len(undecided), names=undecided[:NAMED])
        return post, people

    def _until(self, first: date, term: int) -> date:
        """The last day of the term; the day on which it begins is not counted."""
        midnight = datetime.combine(first, time(), SHANGHAI)
        return self.working_time.add_working_days(midnight, term).day

    async def _due_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = {}
        for subject in subjects:
            card = await self.states.card(subject.subject_id)
            found[subject.message_id] = Facts(card, bool(card["waiting"]), "it is public")
        return found

    async def _public_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = [subject.subject_id for subject in subjects]
        views = await self.facts.by_ids(ids)
        notices = {row["interview_id"]: row for row in await db.fetch(_NOTICES_OF, ids)}
        labels = await self.lists.labels({row["id"] for row in notices.values()})
        return {
            subject.message_id: _where(
                views[subject.subject_id],
                notices[subject.subject_id],
                labels[subject.subject_id],
            )
            for subject in subjects
            if subject.subject_id in views and subject.subject_id in notices
        }


def _where(view: InterviewView, notice: db.Row, label: str) -> Facts:
    """Where the notice stands, and as what they stand on it."""
    shown = {
        "address": view.address,
        "hospital": view.hospital,
        "post": view.post,
        "url": notice["url"],
        "until": notice["open_until"],
        "label": label,
        "contact": view.contact,
        "phone": view.phone,
    }
    return Facts(shown, bool(view.address), "they were erased")


def _checked(url: str) -> str:
    """The address as it may be sent on. Raises Refusal("notice_url")."""
    plain = url.strip()
    if not _WEB.fullmatch(plain):
        raise Refusal("notice_url")
    return plain
