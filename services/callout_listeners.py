"""Who hears how a call-out stands: its launcher, or who takes over when the launcher leaves."""

from __future__ import annotations

from datetime import date

from models import db
from services.units import hr_heads, managers

_WORKS_HERE = "SELECT active FROM persons WHERE id = $1"
_DEPUTIES = """
SELECT DISTINCT d.deputy_id FROM deputies d JOIN persons p ON p.id = d.deputy_id
 WHERE p.active AND d.person_id = ANY($1) AND $2 BETWEEN d.first_day AND d.last_day
 ORDER BY d.deputy_id
"""


async def heirs(call: db.Row) -> list[int]:
    """Who may act on it beside its launcher: managers of its unit, else the HR heads."""
    unit = call["unit_id"]
    found = await managers(unit) if unit is not None else []
    found = [person for person in found if person != call["by_id"]]
    return found or [person for person in await hr_heads() if person != call["by_id"]]


async def listeners(call: db.Row, today: date) -> list[int]:
    """The launcher; once they have left, their heirs and whoever stands in for these today."""
    if await db.fetch_value(_WORKS_HERE, call["by_id"]):
        return [call["by_id"]]
    heads = await heirs(call)
    standing_in = [row["deputy_id"] for row in await db.fetch(_DEPUTIES, heads, today)]
    return [*heads, *(one for one in standing_in if one not in heads and one != call["by_id"])]
