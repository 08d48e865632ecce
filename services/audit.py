"""The audit log: rows join the caller's transaction; sealing chains them afterwards.

Chaining inside each transaction would make all of them wait for one another. So a row is first
only append-only (the database refuses changes), and a tick seals whatever has been committed, in
the order of sealing. Between the two lie a few seconds at most. See docs/adr.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import db

GENESIS = "0" * 64
SEAL_BATCH = 5000

_ADD = """
INSERT INTO audit_rows (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)
"""
_ADD_MANY = """
INSERT INTO audit_rows (at, actor, action, subject, detail)
SELECT $1, $2, t.action, t.subject, t.detail::jsonb
  FROM unnest($3::text[], $4::text[], $5::text[]) AS t(action, subject, detail)
"""
_UNSEALED = """
SELECT r.* FROM audit_rows r LEFT JOIN audit_seals s ON s.audit_id = r.id
 WHERE s.audit_id IS NULL ORDER BY r.id LIMIT $1
"""


async def record(at: datetime, actor: object, action: str, subject: str, **detail: Any) -> None:
    """Add one row to the ambient transaction. `detail` must hold no secret and no phone."""
    body = json.dumps(detail, ensure_ascii=False, default=str, sort_keys=True)
    await db.execute(_ADD, at, str(actor), action, subject, body)


async def record_many(
    at: datetime, actor: object, entries: Sequence[tuple[str, str, Mapping[str, Any]]]
) -> None:
    """The same for many (action, subject, detail) of one actor, with one statement."""
    if not entries:
        return
    bodies = [
        json.dumps(detail, ensure_ascii=False, default=str, sort_keys=True)
        for _, _, detail in entries
    ]
    actions, subjects = [entry[0] for entry in entries], [entry[1] for entry in entries]
    await db.execute(_ADD_MANY, at, str(actor), actions, subjects, bodies)


def detail_of(row: db.Row) -> dict[str, Any]:
    """What was recorded beside who, what and when."""
    body = row["detail"]
    found: dict[str, Any] = json.loads(body) if isinstance(body, str) else dict(body)
    return found


def link(previous: str, row: db.Row) -> str:
    """The hash that seals `row` behind `previous`: SHA-256 in hex."""
    detail = row["detail"]
    text = detail if isinstance(detail, str) else json.dumps(detail)
    canonical = json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True)
    parts = [
        previous,
        str(row["id"]),
        row["at"].isoformat(),
        row["actor"],
        row["action"],
        row["subject"],
        canonical,
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def seal() -> int:
    """Chain every committed row that is not yet sealed; how many were."""
    async with db.transaction():
        await db.lock("audit.seal")
        last = await db.fetch_one("SELECT * FROM audit_seals ORDER BY seal_no DESC LIMIT 1")
        number, previous = (last["seal_no"], last["hash"]) if last else (0, GENESIS)
        rows = await db.fetch(_UNSEALED, SEAL_BATCH)
        seals = []
        for row in rows:
            number += 1
            previous = link(previous, row)
            seals.append((number, row["id"], previous))
        await db.execute_many("INSERT INTO audit_seals VALUES ($1, $2, $3)", seals)
    return len(rows)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`broken_at` is the first seal that does not fit, and `missing` a sealed row that is gone."""

    checked: int
    broken_at: int | None = None
    missing: int | None = None

    @property
    def intact(self) -> bool:
        return self.broken_at is None and self.missing is None


async def verify() -> Verdict:
    """Walk the whole chain and compare."""
    previous, checked, after = GENESIS, 0, 0
    while True:
        rows = await db.fetch(
            "SELECT s.seal_no, s.audit_id, s.hash, r.* FROM audit_seals s "
            "LEFT JOIN audit_rows r ON r.id = s.audit_id "
            "WHERE s.seal_no > $1 ORDER BY s.seal_no LIMIT $2",
            after,
            SEAL_BATCH,
        )
        if not rows:
            return Verdict(checked)
        for row in rows:
            if row["id"] is None:
                return Verdict(checked, missing=row["audit_id"])
            previous = link(previous, row)
            if previous != row["hash"] or row["seal_no"] != after + 1:
                return Verdict(checked, broken_at=row["seal_no"])
            after, checked = row["seal_no"], checked + 1
