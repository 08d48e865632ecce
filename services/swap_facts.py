"""A swap as its cards show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from message_templates.environment import day
from models import db, sealed
from models.swaps import SwapState
from services.purposes import Facts, Subject

REASON = "swaps.reason"
_LOAD = """
SELECT s.*, u.name AS unit, q.name AS requester, c.name AS colleague,
       g.name AS give_name, g.hours AS give_hours, g.starts_at AS give_starts,
       t.name AS take_name, t.hours AS take_hours, t.starts_at AS take_starts,
       a.decided_at, d.name AS decider
  FROM swaps s
  JOIN units u ON u.id = s.unit_id
  JOIN persons q ON q.id = s.requester_id
  JOIN persons c ON c.id = s.colleague_id
  JOIN shifts g ON g.id = s.give_id
  LEFT JOIN shifts t ON t.id = s.take_id
  LEFT JOIN approvals a ON a.id = s.approval_id
  LEFT JOIN persons d ON d.id = a.decided_by_id
 WHERE {where} ORDER BY s.id DESC
"""


async def load(where: str, *args: Any) -> list[db.Row]:
    """Swap rows with names and shifts; `where` is one of our own conditions."""
    return await db.fetch(_LOAD.format(where=where), *args)


def seal_reason(reason: str) -> str | None:
    """What people write is sealed; nothing stays nothing."""
    return sealed.ring().seal(REASON, reason[:200]) if reason else None


def shown(row: db.Row) -> dict[str, Any]:
    """`swap` is what is agreed and never changes; the rest is how it stands. JSON-able `swap`."""
    return {
        "swap": {
            "unit": row["unit"],
            "requester": row["requester"],
            "colleague": row["colleague"],
            "give": shift_line(row, "give"),
            "take": shift_line(row, "take") if row["take_name"] else "",
        },
        "state": row["state"],
        "reason": sealed.open_sealed(REASON, row["reason"]) if row["reason"] else "",
        "decider": row["decider"] or "",
        "closed_at": row["closed_at"],
        "expires_at": row["expires_at"],
    }


async def of_messages(
    subjects: Sequence[Subject], stands: Sequence[SwapState]
) -> Mapping[int, Facts]:
    """What messages about swaps say; true while the swap is in one of these states."""
    rows = await load("s.id = ANY($1)", [subject.subject_id for subject in subjects])
    by_id = {row["id"]: row for row in rows}
    return {
        subject.message_id: Facts(
            shown(by_id[subject.subject_id]),
            by_id[subject.subject_id]["state"] in stands,
            f"the swap is {by_id[subject.subject_id]['state']}",
        )
        for subject in subjects
        if subject.subject_id in by_id
    }


def shift_line(row: db.Row, side: str) -> str:
    """One side of the exchange, dated by the day on which it really starts."""
    return shift_words(
        {key: row[f"{side}_{key}"] for key in ("name", "hours")}
        | {"starts_at": row[f"{side}_starts"]}
    )


def shift_words(row: db.Row) -> str:
    """12月5日(周六) 大夜 00:00–08:00."""
    return f"{day(row['starts_at'])} {row['name']} {row['hours']}"
