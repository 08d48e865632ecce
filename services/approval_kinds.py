"""Kinds of things to decide, and what their cards show: the content as it was opened, sealed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import db, sealed
from models.approvals import ApprovalState
from services.actors import Actor
from services.purposes import Facts

CONTENT = "approvals.content"


@dataclass(frozen=True)
class ApprovalKind:
    """One kind of thing to decide. `content` is what the approver is shown; it must be JSON.

    `approved` does the deed in the approving transaction and may still refuse it. `lock` locks
    the subject's row: always before the approval's, so that no two acts wait for each other.
    `reasons` are the listed reasons (id, text) a no may be given with; the first means none.
    Where they depend on what is decided, `reasons_of` gives them for a content instead.
    `may_decide` gets the one who decides and the approver in whose seat, and raises Refusal when
    either of them may not (any more). `beside` is told whom an approval is being asked of, before
    their card is: for what no card can hold.
    """

    name: str
    content: Callable[[int], Awaitable[dict[str, Any]]]
    approved: Callable[[int, Actor], Awaitable[None]]
    refused: Callable[[int, Actor, str], Awaitable[None]]
    expired: Callable[[int], Awaitable[None]]
    reopened: Callable[[int, int], Awaitable[None]]
    lock: Callable[[int], Awaitable[object]]
    may_decide: Callable[[int, int, int], Awaitable[None]]
    reasons: Sequence[Mapping[str, str]] = ()
    beside: Callable[[int, Sequence[int]], Awaitable[None]] | None = None
    reasons_of: Callable[[Mapping[str, Any]], Sequence[Mapping[str, str]]] | None = None

    @property
    def purpose(self) -> str:
        return f"{self.name}.approval"


def digest(content: Mapping[str, Any]) -> str:
    """Equal for equal content: what was shown is what is decided."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def approval_facts(row: db.Row, kind: ApprovalKind) -> Facts:
    """What an approval card shows: the content as it was opened, and how it stands now."""
    content = sealed.open_json(CONTENT, row["content"])
    return Facts(
        {
            **content,
            "reasons": kind.reasons_of(content) if kind.reasons_of else kind.reasons,
            "state": row["state"],
            "decider": row["decider"] or "",
            "decided_at": row["decided_at"],
            "reason": row["reason"],
            "expires_at": row["expires_at"],
        },
        stands=row["state"] == ApprovalState.PENDING,
        why_not=row["state"],
    )
