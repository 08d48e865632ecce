"""Who answers for a unit."""

from __future__ import annotations

from collections.abc import Sequence

from models import db
from services.actors import Actor
from services.permissions import Act, may
from services.refusals import Refusal

_MANAGERS = """
SELECT g.person_id FROM grants g JOIN persons p ON p.id = g.person_id
 WHERE p.active AND g.role = 'manager' AND g.unit_id = $1 ORDER BY g.id
"""
_HR_HEADS = """
SELECT g.person_id FROM grants g JOIN persons p ON p.id = g.person_id
 WHERE p.active AND g.role = 'hr_head' ORDER BY g.id
"""


async def managers(unit_id: int) -> list[int]:
    return [row["person_id"] for row in await db.fetch(_MANAGERS, unit_id)]


async def hr_heads() -> list[int]:
    return [row["person_id"] for row in await db.fetch(_HR_HEADS)]


async def deciders(unit_id: int, without: Sequence[int]) -> list[int]:
    """The unit's managers who have no stake; where none is left, the HR heads."""
    able = [person for person in await managers(unit_id) if person not in without]
    return able or [person for person in await hr_heads() if person not in without]


async def named(by: Actor, act: Act, name: str) -> db.Row:
    """The unit of this name where `by` may do the act; without a name, their only one.

    Raises Refusal: not allowed anywhere, no such unit of theirs, or which one.
    """
    unit, rest = await chosen(by, act, name)
    if rest:
        raise Refusal("unit_unknown", name=rest)
    return unit


async def chosen(by: Actor, act: Act, text: str) -> tuple[db.Row, str]:
    """The unit a text begins with, and the rest; the only one where the text names none.

    Raises Refusal: not allowed anywhere, or which one.
    """
    rows = await allowed(by, act)
    # A name may begin with another's: 外科 and 外科二区.
    for row in sorted(rows, key=lambda row: -len(row["name"])):
        rest = text.removeprefix(row["name"])
        if text.startswith(row["name"]) and (not rest or not rest[0].isalnum()):
            return row, rest.lstrip(" \t\r\n:：,，。.;；、")
    if len(rows) > 1:
        raise Refusal("which_unit", names=[row["name"] for row in rows])
    return rows[0], text


async def allowed(by: Actor, act: Act) -> list[db.Row]:
    """The units (id, name) where `by` may do the act, oldest first. Raises Refusal: nowhere."""
    rows = await db.fetch("SELECT id, name FROM units ORDER BY id")
    found = [row for row in rows if may(by, act, row["id"])]
    if not found:
        raise Refusal("not_allowed")
    return found


async def by_name(name: str) -> int | None:
    """The unit of exactly this name."""
    found: int | None = await db.fetch_value("SELECT id FROM units WHERE name = $1", name.strip())
    return found
