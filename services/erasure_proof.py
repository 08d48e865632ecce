"""What proves a deletion: the audit row `candidate.erased`, which names nobody.

It is sealed into the chain and says how many rows of which table went; whether anything is left
is looked up anew each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import db
from services import audit

ASKED, ERASED = "candidate.erasure_asked", "candidate.erased"

_PROOF = """
SELECT r.at, r.actor, r.subject, r.detail, s.seal_no, s.hash FROM audit_rows r
  LEFT JOIN audit_seals s ON s.audit_id = r.id
 WHERE r.action = $1 AND (r.detail::jsonb ->> 'receipt' = $2 OR r.subject = (
           SELECT 'candidates:' || id FROM candidates WHERE ref = $3))
 ORDER BY r.id DESC LIMIT 1
"""
_GONE = """
SELECT erased_at IS NOT NULL
       AND num_nonnulls(name, name_index, phone, phone_index, email, email_index, external_id) = 0
       AND NOT EXISTS (SELECT 1 FROM applications a WHERE a.candidate_id = c.id
                          AND num_nonnulls(a.profile, a.match_points) > 0)
       AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.candidate_id = c.id)
       AND NOT EXISTS (SELECT 1 FROM entry_links l WHERE l.candidate_id = c.id)
       AND NOT EXISTS (SELECT 1 FROM kf_contacts k WHERE k.candidate_id = c.id)
  FROM candidates c WHERE c.id = $1
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """What can be shown of a deletion. `gone`: looked up now, nothing of them is left.

    `seal` and `hash` are the row's place in the audit chain; None within seconds of the deletion.
    """

    ref: str
    receipt: str
    asked_at: datetime | None
    erased_at: datetime
    by: str
    why: str
    counts: Mapping[str, int]
    gone: bool
    seal: int | None
    hash: str | None


async def proof_of(ref: str) -> Proof | None:
    """By a candidate's ref or by the receipt's id, in any spelling; None: nothing known."""
    row = await db.fetch_one(_PROOF, ERASED, ref.strip().upper(), ref.strip())
    if row is None:
        return None
    candidate_id = int(row["subject"].partition(":")[2])
    detail: dict[str, Any] = audit.detail_of(row)
    asked = await db.fetch_value(
        "SELECT min(at) FROM audit_rows WHERE action = $1 AND subject = $2",
        ASKED,
        row["subject"],
    )
    return Proof(
        ref=await db.fetch_value("SELECT ref FROM candidates WHERE id = $1", candidate_id),
        receipt=detail["receipt"],
        asked_at=asked,
        erased_at=row["at"],
        by=row["actor"],
        why=detail["why"],
        counts=detail["counts"],
        gone=await db.fetch_value(_GONE, candidate_id),
        seal=row["seal_no"],
        hash=row["hash"],
    )
