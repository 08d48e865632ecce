"""Who stands on a public notice of results (公示), and under which number.

Nobody is named who is not to be: people stand there by their number in the queue, or by that of
their application, which only they and the office know.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from message_templates.catalogue import Catalogue
from models import db, sealed
from models.outcomes import OutcomeKind
from services.refusals import Refusal

WORDS = "results/notice_words"

# Who was interviewed, is owed a result and stands on no notice yet.
_WAITING = """
SELECT i.id, i.application_id, i.queue_no, i.result_due_at, s.starts_at, s.group_name, c.name,
       o.kind
  FROM interviews i
  JOIN applications a ON a.id = i.application_id
  JOIN candidates c ON c.id = a.candidate_id
  JOIN slots s ON s.id = i.slot_id
  LEFT JOIN outcomes o ON o.interview_id = i.id AND o.state IN ('waiting', 'sent')
 WHERE a.posting_id = $1 AND i.state IN ('confirmed', 'held') AND i.ended_at IS NOT NULL
   AND i.notice_id IS NULL AND c.erased_at IS NULL AND a.stage <> 'withdrawn'
 ORDER BY s.starts_at, s.group_name, i.queue_no, i.id
"""
_HOLD = """
SELECT i.id FROM interviews i JOIN applications a ON a.id = i.application_id
 WHERE a.posting_id = $1 AND i.notice_id IS NULL ORDER BY i.id FOR NO KEY UPDATE OF i
"""
_OF_NOTICES = """
SELECT i.notice_id, i.id, i.application_id, i.queue_no, i.result_due_at, s.starts_at,
       s.group_name, c.name, NULL AS kind
  FROM interviews i
  JOIN applications a ON a.id = i.application_id
  JOIN candidates c ON c.id = a.candidate_id
  JOIN slots s ON s.id = i.slot_id
 WHERE i.notice_id = ANY($1)
 ORDER BY s.starts_at, s.group_name, i.queue_no, i.id
"""
_POSTING = """
SELECT p.id, p.code, p.title, p.recruiter_id, p.facts, p.notice_within, p.notice_open,
       p.notice_url, p.notice_names, u.name AS office
  FROM postings p JOIN persons r ON r.id = p.recruiter_id LEFT JOIN units u ON u.id = r.unit_id
 WHERE p.id = $1
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """One interviewed person. `label` is what the notice may call them; `kind` is the result that
    was approved for them, None while there is none. `name` is for the office's eyes only."""

    interview_id: int
    label: str
    name: str
    due_at: datetime | None
    kind: OutcomeKind | None


async def posting(posting_id: int) -> db.Row:
    """The post with the settings of its notice. Raises Refusal("posting_unknown")."""
    row = await db.fetch_one(_POSTING, posting_id)
    if row is None:
        raise Refusal("posting_unknown", name="")
    return row


async def hold(posting_id: int) -> None:
    """The post, then its interviews in the order of their ids: what is read afterwards stays true
    until the transaction ends."""
    await db.execute("SELECT 1 FROM postings WHERE id = $1 FOR NO KEY UPDATE", posting_id)
    await db.fetch(_HOLD, posting_id)


def facts_of(post: db.Row) -> dict[str, str]:
    """The posting's answers to questions; asyncpg hands JSON over as text."""
    facts: dict[str, str] = (
        json.loads(post["facts"]) if isinstance(post["facts"], str) else post["facts"]
    )
    return facts


class NoticeLists:
    """Words are results/notice_words.toml."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def waiting(self, posting_id: int, *, names: bool) -> list[Listed]:
        """Those the next notice is about, in the order in which they were seen.

        `names`: labels bear the family name as well.
        """
        return self._labelled(await db.fetch(_WAITING, posting_id), names)

    async def labels(self, notices: Collection[int]) -> dict[int, str]:
        """Interview → by which number it stands on its notice, of these that were published."""
        by_notice: dict[int, list[db.Row]] = defaultdict(list)
        for row in await db.fetch(_OF_NOTICES, list(notices)):
            by_notice[row["notice_id"]].append(row)
        return {
            one.interview_id: one.label
            for rows in by_notice.values()
            for one in self._labelled(rows, names=False)
        }

    def _labelled(self, rows: Sequence[db.Row], names: bool) -> list[Listed]:
        plain = [self._number(row) for row in rows]
        often = Counter(plain)
        # Groups are counted anew every day: the day is said where a number would mean two people.
        dated = [
            self._number(row, dated=often[label] > 1)
            for row, label in zip(rows, plain, strict=True)
        ]
        still = Counter(dated)
        return [
            self._listed(row, label if still[label] == 1 else self._by_application(row), names)
            for row, label in zip(rows, dated, strict=True)
        ]

    def _listed(self, row: db.Row, label: str, names: bool) -> Listed:
        name = sealed.open_sealed("candidates.name", row["name"]) if row["name"] else ""
        shown = self._say("named", label=label, first=name[:1]) if names and name else label
        kind = OutcomeKind(row["kind"]) if row["kind"] else None
        return Listed(row["id"], shown, name, row["result_due_at"], kind)

    def _number(self, row: db.Row, dated: bool = False) -> str:
        if row["queue_no"] is None:
            return self._by_application(row)
        day = row["starts_at"] if dated else ""
        return self._say("queue", day=day, group=row["group_name"], number=row["queue_no"])

    def _by_application(self, row: db.Row) -> str:
        return self._say("application", number=f"{row['application_id']:05}")

    def _say(self, key: str, **facts: object) -> str:
        return self._catalogue.phrase(WORDS, key, **facts)
