"""A result as it lies in the table, and what cards and messages about it say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models import db, sealed
from models.outcomes import OutcomeKind, OutcomeState
from services.outcome_text import code_of, hash_of
from services.refusals import Refusal

TEXT, FACTS = "outcomes.text", "outcomes.facts"

_LOAD = """
SELECT o.*, i.application_id, i.result_due_at, a.candidate_id, a.posting_id,
       p.notice_within IS NOT NULL AND i.notice_id IS NULL AS awaits_notice
  FROM outcomes o
  JOIN interviews i ON i.id = o.interview_id
  JOIN applications a ON a.id = i.application_id
  JOIN postings p ON p.id = a.posting_id
 WHERE o.id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """`facts` holds what is shown of the candidate (address, post, interviewed) beside what the
    text was written from; it is empty after erasure, and so is the text."""

    id: int
    interview_id: int
    application_id: int
    candidate_id: int
    posting_id: int
    kind: OutcomeKind
    state: OutcomeState
    sealed_text: str | None
    text_hash: str
    facts: Mapping[str, Any]
    prepared_by: int
    approval_id: int | None
    send_after: datetime | None
    sent_at: datetime | None
    due_at: datetime | None
    keep_until: date | None
    awaits_notice: bool  # the post's results are made public first, and this one is not yet

    @property
    def text(self) -> str:
        """ "" after erasure. Raises SealError when what lies there was altered."""
        return sealed.open_sealed(TEXT, self.sealed_text) if self.sealed_text else ""

    @property
    def intact(self) -> bool:
        """Whether the text is the one that was approved."""
        try:
            return hash_of(self.text) == self.text_hash
        except sealed.SealError:
            return False

    @property
    def shown(self) -> dict[str, Any]:
        """What cards about it say, without the text."""
        return {
            "kind": self.kind.value,
            "address": self.facts.get("address", ""),
            "post": self.facts.get("post", ""),
            "interviewed": self.facts.get("interviewed", ""),
            "early": bool(self.facts.get("early")),
            "code": code_of(self.text_hash),
        }


async def load(ids: Sequence[int]) -> dict[int, Prepared]:
    return {row["id"]: _read(row) for row in await db.fetch(_LOAD, list(ids))}


async def one(outcome_id: int) -> Prepared:
    """Raises Refusal("outcome_unknown")."""
    found = await load([outcome_id])
    if outcome_id not in found:
        raise Refusal("outcome_unknown")
    return found[outcome_id]


async def locked(outcome_id: int) -> Prepared:
    """The same, its row locked: approving, taking back and sending wait for one another."""
    await db.fetch_value("SELECT id FROM outcomes WHERE id = $1 FOR UPDATE", outcome_id)
    return await one(outcome_id)


def _read(row: db.Row) -> Prepared:
    return Prepared(
        id=row["id"],
        interview_id=row["interview_id"],
        application_id=row["application_id"],
        candidate_id=row["candidate_id"],
        posting_id=row["posting_id"],
        kind=OutcomeKind(row["kind"]),
        state=OutcomeState(row["state"]),
        sealed_text=row["text"],
        text_hash=row["text_hash"],
        facts=sealed.open_json(FACTS, row["facts"]) if row["facts"] else {},
        prepared_by=row["prepared_by_id"],
        approval_id=row["approval_id"],
        send_after=row["send_after"],
        sent_at=row["sent_at"],
        due_at=row["result_due_at"],
        keep_until=row["keep_until"],
        awaits_notice=row["awaits_notice"],
    )
