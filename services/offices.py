"""Offices by what they are for: HR, the nursing department, medical affairs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from models import db
from services.actors import Actor
from services.refusals import Refusal
from services.units import hr_heads


class Office(StrEnum):
    """`Unit.kind` of an office; everything else is a ward."""

    HR = "hr"
    NURSING = "nursing"  # 护理部
    MEDICAL = "medical"  # 医务科
    IT = "it"  # 信息科


_PEOPLE = """
SELECT DISTINCT g.person_id FROM grants g
  JOIN persons p ON p.id = g.person_id JOIN units u ON u.id = g.unit_id
 WHERE p.active AND g.role = 'manager' AND u.kind = ANY($1) ORDER BY g.person_id
"""
_MANAGES = "SELECT EXISTS (SELECT 1 FROM units WHERE id = ANY($1) AND kind = ANY($2))"


async def people_of(*offices: Office) -> list[int]:
    """The managers of these offices; where there is none, the HR heads."""
    rows = await db.fetch(_PEOPLE, [str(office) for office in offices])
    return [row["person_id"] for row in rows] or await hr_heads()


async def works_for(by: Actor, offices: Sequence[Office]) -> bool:
    """Whether they are an HR head or manage one of these offices."""
    if by.hr_head:
        return True
    kinds = [str(office) for office in offices]
    return bool(await db.fetch_value(_MANAGES, list(by.manages), kinds))


async def require_office(by: Actor, *offices: Office) -> None:
    """Raises Refusal("not_allowed")."""
    if not await works_for(by, offices):
        raise Refusal("not_allowed")
