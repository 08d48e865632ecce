"""Licence rows as the database holds them: written in one statement, however many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from models import db
from services.licence_kinds import LicenceKind
from services.licence_records import LicenceFacts, open_number, seal_number
from services.licence_steps import first_look

DETAILS = ("issuer", "place", "scope", "first_issued", "issued")  # but the number

_INSERT = """
INSERT INTO licences (person_id, kind, number, issuer, place, scope, first_issued, issued,
                      valid_to, perpetual, apply_by, next_step_on, renews_id, evidence_id,
                      verified_by_id, verified_at, verified_against, source, created_at)
SELECT t.*, $18, $19 FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[],
    $8::date[], $9::date[], $10::boolean[], $11::date[], $12::date[], $13::bigint[],
    $14::bigint[], $15::bigint[], $16::timestamptz[], $17::text[]) AS t
RETURNING id, person_id, kind
"""
_CORRECT = """
UPDATE licences SET number = coalesce($2, number), issuer = $3, place = $4, scope = $5,
       first_issued = $6, issued = $7, evidence_id = coalesce($8, evidence_id),
       verified_by_id = coalesce($9, verified_by_id), verified_at = coalesce($10, verified_at),
       verified_against = CASE WHEN $9::bigint IS NULL THEN verified_against ELSE $11 END,
       source = $12, valid_to = $13, perpetual = $14, apply_by = $15, next_step_on = $16
 WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A licence to insert, with what follows from its kind."""

    facts: LicenceFacts
    apply_by: date | None
    next_step_on: date | None
    renews_id: int | None

    def values(self) -> tuple[Any, ...]:
        facts, checked = self.facts, self.facts.verified
        return (
            facts.person_id,
            facts.kind,
            seal_number(facts.number),
            facts.issuer,
            facts.place,
            facts.scope,
            facts.first_issued,
            facts.issued,
            facts.valid_to,
            facts.perpetual,
            self.apply_by,
            self.next_step_on,
            self.renews_id,
            facts.evidence_id,
            checked.by if checked else None,
            checked.at if checked else None,
            checked.against if checked else "",
        )


def new_row(facts: LicenceFacts, kind: LicenceKind, renews: int | None, today: date) -> NewRow:
    deadline = kind.deadline(facts.valid_to) if facts.valid_to else None
    return NewRow(facts, deadline, first_look(kind, facts.valid_to, today), renews)


def keeping(old: Mapping[str, Any] | None, facts: LicenceFacts) -> LicenceFacts:
    """What a renewal does not tell is as it was: the number stays, so do issuer and place.

    Its own day of issue is another one, so that is never taken over.
    """
    if old is None:
        return facts
    kept = {
        name: getattr(facts, name) or old[name]
        for name in ("issuer", "place", "scope", "first_issued")
    }
    return replace(facts, number=facts.number or open_number(old["number"]), **kept)


async def insert(rows: Sequence[NewRow], source: str, now: datetime) -> dict[tuple[int, str], int]:
    """(person, kind) → the new row's id."""
    if not rows:
        return {}
    columns = [list(column) for column in zip(*(row.values() for row in rows), strict=True)]
    made = await db.fetch(_INSERT, *columns, source[:255], now)
    return {(row["person_id"], row["kind"]): row["id"] for row in made}


async def correct(
    rows: Sequence[tuple[Mapping[str, Any], LicenceFacts, LicenceKind]], source: str, today: date
) -> None:
    """Tell the same licence better: what was not told stays as it is, and so do its reminders."""
    await db.execute_many(
        _CORRECT, [_corrected(old, facts, kind, source, today) for old, facts, kind in rows]
    )


def _corrected(
    old: Mapping[str, Any], facts: LicenceFacts, kind: LicenceKind, source: str, today: date
) -> tuple[Any, ...]:
    checked = facts.verified
    return (
        old["id"],
        seal_number(facts.number),
        *(getattr(facts, name) or old[name] for name in DETAILS),
        facts.evidence_id,
        checked.by if checked else None,
        checked.at if checked else None,
        checked.against if checked else "",
        source[:255],
        *_end_of(old, facts, kind, today),
    )


def _end_of(
    old: Mapping[str, Any], facts: LicenceFacts, kind: LicenceKind, today: date
) -> tuple[Any, ...]:
    """valid_to, perpetual, apply_by, next_step_on: new ones only where no end was known."""
    if old["valid_to"] or old["perpetual"] or not (facts.valid_to or facts.perpetual):
        return old["valid_to"], old["perpetual"], old["apply_by"], old["next_step_on"]
    row = new_row(facts, kind, None, today)
    return facts.valid_to, facts.perpetual, row.apply_by, row.next_step_on
