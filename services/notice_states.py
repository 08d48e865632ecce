"""How far the public notice (公示) of a post is, and the text that is put on the web site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from message_templates.catalogue import Catalogue
from models import db
from models.outcomes import OutcomeKind
from services import notice_lists
from services.actors import Actor
from services.hospital import Hospital
from services.notice_lists import Listed, NoticeLists
from services.outcome_text import canonical, code_of, hash_of
from services.recruiting_access import require_recruiting
from services.refusals import Refusal

TEXT = "results/notice_text"

_LAST = """
SELECT * FROM result_notices WHERE posting_id = $1
 ORDER BY (published_at IS NULL) DESC, published_at DESC LIMIT 1
"""
_OPEN_POSTS = """
SELECT DISTINCT p.id FROM postings p
  JOIN applications a ON a.posting_id = p.id JOIN interviews i ON i.application_id = a.id
 WHERE p.notice_within IS NOT NULL AND i.ended_at IS NOT NULL AND i.notice_id IS NULL
   AND i.state IN ('confirmed', 'held') ORDER BY p.id
"""
_NAMED = """
SELECT id, code, notice_within FROM postings
 WHERE (lower(code) = lower($1) OR title = $1) ORDER BY id DESC
"""


@dataclass(frozen=True, slots=True)
class NoticeText:
    """What is put on the web site. `code` names this very text, `until` is its last day there."""

    text: str
    code: str
    until: date


@dataclass(frozen=True, slots=True)
class NoticeState:
    """How far the notice of a post is. `undecided` are the names of those without an approved
    letter; `text` is the draft that was copied, None when there is none or it is outdated."""

    posting_id: int
    code: str
    post: str
    waiting: int
    passed: int
    undecided: tuple[str, ...]
    due_at: datetime | None
    url: str
    text: NoticeText | None
    published_at: datetime | None
    published_url: str


class NoticeStates:
    """Words are results/notice_text.toml."""

    def __init__(self, lists: NoticeLists, catalogue: Catalogue, hospital: Hospital) -> None:
        self.lists = lists
        self.catalogue = catalogue
        self.hospital = hospital

    async def open_posts(self, by: Actor) -> list[NoticeState]:
        """Posts of this person whose results are to be made public. Raises Refusal."""
        found = []
        for row in await db.fetch(_OPEN_POSTS):
            try:
                await require_recruiting(by, row["id"])
            except Refusal:
                continue
            found.append(await self.state(row["id"]))
        if not found:
            await require_recruiting(by)
        return [state for state in found if state.waiting]

    async def find(self, by: Actor, name: str) -> int:
        """The post of this code or title whose results are made public, open or closed by now.

        Raises Refusal: posting_unknown, which_posting, not_allowed.
        """
        found = await db.fetch(_NAMED, name.strip())
        if not found:
            raise Refusal("posting_unknown", name=name)
        rows = [row for row in found if row["notice_within"] is not None] or found
        if len(rows) > 1:
            raise Refusal("which_posting", codes=[row["code"] for row in rows])
        await require_recruiting(by, rows[0]["id"])
        return int(rows[0]["id"])

    async def state(self, posting_id: int) -> NoticeState:
        """Raises Refusal("posting_unknown")."""
        post = await notice_lists.posting(posting_id)
        people = await self.lists.waiting(posting_id, names=post["notice_names"])
        last = await last_of(posting_id)
        published = last if last and last["published_at"] is not None else None
        return NoticeState(
            posting_id,
            post["code"],
            post["title"],
            waiting=len(people),
            passed=len(passed(people)),
            undecided=tuple(one.name for one in people if one.kind is None),
            due_at=min((one.due_at for one in people if one.due_at), default=None),
            url=post["notice_url"],
            text=self.current(post, people, last),
            published_at=published["published_at"] if published else None,
            published_url=published["url"] if published else "",
        )

    def current(
        self, post: db.Row, people: Sequence[Listed], last: db.Row | None
    ) -> NoticeText | None:
        """The text that was copied, while it is still the one these people make."""
        if last is None or last["published_at"] is not None or not people:
            return None
        text = self.text(post, people, last["starts_on"], last["open_until"])
        return text if hash_of(text.text) == last["text_hash"] else None

    def text(self, post: db.Row, people: Sequence[Listed], first: date, until: date) -> NoticeText:
        """What these people's notice says, of those who passed only."""
        facts = notice_lists.facts_of(post)
        shown = {
            "hospital": self.hospital.name,
            "post": post["title"],
            "people": [one.label for one in passed(people)],
            "interviewed": len(people),
            "first": first,
            "until": until,
            "term": post["notice_open"],
            "office": facts.get("office") or post["office"] or "",
            "phone": facts.get("phone", ""),
        }
        text = canonical(self.catalogue.text(TEXT, shown).content)
        return NoticeText(text, code_of(hash_of(text)), until)

    async def card(self, posting_id: int) -> dict[str, object]:
        """What the card about a notice shows now."""
        state = await self.state(posting_id)
        return {
            "post": state.post,
            "code": state.code,
            "waiting": state.waiting,
            "undecided": len(state.undecided),
            "due_at": state.due_at or "",
            "url": state.url,
            "published_at": state.published_at or "" if not state.waiting else "",
        }


async def last_of(posting_id: int) -> db.Row | None:
    """The post's draft, else the notice that was published last."""
    return await db.fetch_one(_LAST, posting_id)


def passed(people: Sequence[Listed]) -> list[Listed]:
    return [one for one in people if one.kind == OutcomeKind.PASSED]
