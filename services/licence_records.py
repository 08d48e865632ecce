"""Licences as values: what is written down, and how one stands on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models import db, sealed
from services.licence_kinds import LicenceKind, LicenceKinds
from services.licence_steps import Standing, standing

NUMBER = "licences.number"

_LOAD = """
SELECT l.*, p.name AS holder, p.staff_no, p.unit_id, p.active, u.name AS unit,
       v.name AS verifier, e.digest
  FROM licences l JOIN persons p ON p.id = l.person_id LEFT JOIN units u ON u.id = p.unit_id
  LEFT JOIN persons v ON v.id = l.verified_by_id LEFT JOIN evidence e ON e.id = l.evidence_id
 WHERE {where}
"""


@dataclass(frozen=True, slots=True)
class Verified:
    """Who compared it, when, and with what: 原件, 电子化注册系统, 照片."""

    by: int
    at: datetime
    against: str


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """What is known of one licence of one person.

    `valid_to` is the last valid day, `perpetual` 长期; with neither its end is not known. A text
    left empty is not said: what is on record stays. `evidence_id` is the file that shows it.
    """

    person_id: int
    kind: str
    valid_to: date | None = None
    perpetual: bool = False
    number: str = ""
    issuer: str = ""
    place: str = ""
    scope: str = ""
    first_issued: date | None = None
    issued: date | None = None
    verified: Verified | None = None
    evidence_id: int | None = None


@dataclass(frozen=True, slots=True)
class LicenceView:
    """A licence on record, as it stands today. Days left are negative once they have passed."""

    id: int
    person_id: int
    holder: str
    staff_no: str
    unit_id: int | None
    unit: str
    kind: LicenceKind
    number: str
    issuer: str
    place: str
    scope: str
    first_issued: date | None
    issued: date | None
    valid_to: date | None
    perpetual: bool
    apply_by: date | None
    state: str
    standing: Standing
    days_to_deadline: int | None
    days_to_end: int | None
    step: int | None
    verified: Verified | None
    verifier: str
    evidence_id: int | None
    digest: str
    source: str
    renews_id: int | None
    created_at: datetime


async def load(
    kinds: LicenceKinds, today: date, where: str, *args: Any, order: str = "l.person_id, l.id"
) -> list[LicenceView]:
    """Licences of kinds that are still known; `where` and `order` are our own words."""
    rows = await db.fetch(f"{_LOAD.format(where=where)} ORDER BY {order}", *args)
    return [view(row, kinds[row["kind"]], today) for row in rows if row["kind"] in kinds]


def view(row: db.Row, kind: LicenceKind, today: date) -> LicenceView:
    kept = ("id", "person_id", "holder", "staff_no", "unit_id", "issuer", "place", "scope")
    days = ("first_issued", "issued", "valid_to", "perpetual", "apply_by", "state", "step")
    made = ("evidence_id", "source", "renews_id", "created_at")
    return LicenceView(
        **{name: row[name] for name in (*kept, *days, *made)},
        unit=row["unit"] or "",
        kind=kind,
        number=open_number(row["number"]),
        standing=standing(kind, row["valid_to"], row["perpetual"], today),
        days_to_deadline=_until(row["apply_by"], today),
        days_to_end=_until(row["valid_to"], today),
        verified=_verified(row),
        verifier=row["verifier"] or "",
        digest=row["digest"] or "",
    )


def open_number(value: str | None) -> str:
    return sealed.open_sealed(NUMBER, value) if value else ""


def seal_number(number: str) -> str | None:
    return sealed.ring().seal(NUMBER, number) if number else None


def _until(day: date | None, today: date) -> int | None:
    return None if day is None else (day - today).days


def _verified(row: Mapping[str, Any]) -> Verified | None:
    if row["verified_by_id"] is None:
        return None
    return Verified(row["verified_by_id"], row["verified_at"], row["verified_against"])


def by_urgency(views: Sequence[LicenceView]) -> list[LicenceView]:
    """Those that end first come first, then those without a known end, then 长期."""
    latest = date.max
    return sorted(views, key=lambda v: (v.perpetual, v.apply_by or latest, v.holder, v.id))
