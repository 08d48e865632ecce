"""Renewals as rows: how they are read, moved from state to state, and shown on cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import db, sealed
from models.licences import RenewalState
from services.licence_kinds import LicenceKind, LicenceKinds
from services.licence_records import open_number
from services.offices import Office
from services.refusals import Refusal
from services.renewal_rules import OnRecord, until_words
from services.renewal_words import Claim

NUMBER, REASON = "renewals.number", "renewals.reason"

_LOAD = """
SELECT r.*, p.name AS holder, p.staff_no, u.name AS unit, e.digest, e.media_type,
       l.id AS record_id, l.valid_to AS record_to, l.perpetual AS record_perpetual,
       l.number AS record_number
  FROM renewals r JOIN persons p ON p.id = r.person_id LEFT JOIN units u ON u.id = p.unit_id
  JOIN evidence e ON e.id = r.evidence_id
  LEFT JOIN licences l ON l.person_id = r.person_id AND l.kind = r.kind AND l.state = 'current'
 WHERE {where} ORDER BY r.id
"""
_ADD = """
INSERT INTO renewals (person_id, evidence_id, kind, valid_to, perpetual, issued, number, sent_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
_TELL = """
UPDATE renewals SET kind = $2, valid_to = $3, perpetual = $4, issued = $5, number = $6
 WHERE id = $1
"""
_MOVE = """
UPDATE renewals
   SET state = $3::text,
       closed_at = CASE WHEN $3::text = 'sent' THEN NULL ELSE $4::timestamptz END,
       reason = coalesce($5, reason),
       licence_id = coalesce($6, licence_id)
 WHERE id = $1 AND state = $2 RETURNING id
"""


@dataclass(frozen=True, slots=True)
class RenewalView:
    """One renewal, with the licence on record it would renew (None: there is none)."""

    id: int
    person_id: int
    holder: str
    staff_no: str
    unit: str
    state: RenewalState
    kind: LicenceKind | None
    claim: Claim
    evidence_id: int
    digest: str
    media_type: str
    record_id: int | None
    record: OnRecord | None
    record_number: str
    approval_id: int | None
    against: str
    reason: str
    sent_at: datetime

    @property
    def office(self) -> Office:
        return self.kind.office if self.kind else Office.HR

    def facts(self) -> dict[str, Any]:
        """For cards: `until` and `was` are words or "", never a date beside a flag."""
        record = self.record or OnRecord()
        return {
            "renewal": self.id,
            "person": self.holder,
            "state": str(self.state),
            "name": self.kind.name if self.kind else "",
            "office": str(self.office),
            "until": until_words(self.claim.end, self.claim.perpetual),
            "was": until_words(record.valid_to, record.perpetual),
            "reason": self.reason,
            "cycle": bool(self.kind and self.kind.cycle),
            "file": "pdf" if self.media_type == "application/pdf" else "photo",
        }


async def load(
    kinds: LicenceKinds, where: str, *args: Any, lock: bool = False
) -> list[RenewalView]:
    """`where` is our own words about `r`."""
    sql = _LOAD.format(where=where) + (" FOR UPDATE OF r" if lock else "")
    return [_view(row, kinds) for row in await db.fetch(sql, *args)]


async def one(kinds: LicenceKinds, renewal_id: int, *, lock: bool = False) -> RenewalView:
    """Raises Refusal("card_unknown")."""
    found = await load(kinds, "r.id = $1", renewal_id, lock=lock)
    if not found:
        raise Refusal("card_unknown")
    return found[0]


async def add(person_id: int, evidence_id: int, claim: Claim, kind: str, now: datetime) -> int:
    renewal_id: int = await db.fetch_value(_ADD, person_id, evidence_id, kind, *_told(claim), now)
    return renewal_id


async def tell(renewal_id: int, kind: str, claim: Claim) -> None:
    """Write down what is known of it by now."""
    await db.execute(_TELL, renewal_id, kind, *_told(claim))


async def move(
    view: RenewalView,
    new: RenewalState,
    now: datetime,
    *,
    reason: str = "",
    licence_id: int | None = None,
) -> None:
    """Change state from the one that was read. Raises Refusal when it is in another by now."""
    sealed_reason = sealed.ring().seal(REASON, reason) if reason else None
    done = await db.fetch_value(
        _MOVE, view.id, str(view.state), str(new), now, sealed_reason, licence_id
    )
    if done is None:
        state = await db.fetch_value("SELECT state FROM renewals WHERE id = $1", view.id)
        raise Refusal(f"renewal_{state}")


def _told(claim: Claim) -> Sequence[object]:
    number = sealed.ring().seal(NUMBER, claim.number) if claim.number else None
    return claim.end, claim.perpetual, claim.began, number


def _view(row: Mapping[str, Any], kinds: LicenceKinds) -> RenewalView:
    kind = kinds.named(row["kind"])
    number = sealed.open_sealed(NUMBER, row["number"]) if row["number"] else ""
    claim = Claim(
        kinds=(kind.key,) if kind else (),
        end=row["valid_to"],
        perpetual=row["perpetual"],
        began=row["issued"],
        number=number,
    )
    record = OnRecord(row["record_to"], row["record_perpetual"]) if row["record_id"] else None
    return RenewalView(
        **{name: row[name] for name in ("id", "person_id", "holder", "staff_no", "evidence_id")},
        **{name: row[name] for name in ("digest", "media_type", "record_id", "approval_id")},
        unit=row["unit"] or "",
        state=RenewalState(row["state"]),
        kind=kind,
        claim=claim,
        record=record,
        record_number=open_number(row["record_number"]),
        against=row["against"],
        reason=sealed.open_sealed(REASON, row["reason"]) if row["reason"] else "",
        sent_at=row["sent_at"],
    )
