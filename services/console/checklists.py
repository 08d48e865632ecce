"""Checklists as pages show them: who may see which, and one list with all of its items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models import db, sealed
from services import checklist_progress
from services.actors import Actor
from services.checklist_rules import ChecklistRules
from services.checklists import NOTE
from services.refusals import Refusal

_ONE = """
SELECT c.id, c.template, c.anchor, c.state, c.opened_at, c.closed_at, p.name, p.staff_no,
       p.unit_id, p.active, p.left_at, u.name AS unit, b.name AS opened_by
  FROM checklists c JOIN persons p ON p.id = c.person_id LEFT JOIN units u ON u.id = p.unit_id
  LEFT JOIN persons b ON b.id = c.by_id WHERE c.id = $1 AND c.state <> 'proposed'
"""


@dataclass(frozen=True, slots=True)
class Whole:
    """One list: its head, as a row, and its items in order, their notes opened."""

    head: dict[str, Any]
    items: tuple[dict[str, Any], ...]


async def one(by: Actor, rules: ChecklistRules, checklist_id: int) -> Whole:
    """Raises Refusal("checklist_unknown"), also for whoever may not see it."""
    units = await checklist_progress.units_seen(by)
    row = await db.fetch_one(_ONE, checklist_id)
    if row is None or (units is not None and row["unit_id"] not in units):
        raise Refusal("checklist_unknown")
    names = {template.key: template.name for template in rules}
    items = [
        dict(item) | {"note": sealed.open_sealed(NOTE, item["note"]) if item["note"] else ""}
        for item in await checklist_progress.items_of(checklist_id)
    ]
    return Whole(dict(row) | {"list": names.get(row["template"], row["template"])}, tuple(items))
