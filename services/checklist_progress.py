"""How far lists are: for HR of everybody, for a head nurse of their own unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models import db
from services.actors import Actor
from services.checklist_rules import ChecklistRules, Kind
from services.offices import Office, works_for
from services.refusals import Refusal

_LISTS = """
SELECT c.id, c.template, c.anchor, c.state, c.opened_at, c.closed_at, p.id AS person_id, p.name,
       p.staff_no, p.active, p.leaves_on, u.name AS unit, count(i.id) AS total,
       count(i.id) FILTER (WHERE i.state IN ('done', 'waived')) AS done,
       count(i.id) FILTER (WHERE i.state = 'open' AND i.due_at <= $1) AS late,
       count(i.id) FILTER (WHERE i.state = 'open' AND i.mandatory) AS mandatory_open
  FROM checklists c JOIN persons p ON p.id = c.person_id
  LEFT JOIN units u ON u.id = p.unit_id LEFT JOIN checklist_items i ON i.checklist_id = c.id
 WHERE c.template = ANY($2) AND c.state = ANY($3)
   AND ($4::bigint[] IS NULL OR p.unit_id = ANY($4)) AND c.state <> 'proposed'
 GROUP BY c.id, p.id, u.id ORDER BY c.state = 'open' DESC, late DESC, c.anchor, c.id LIMIT $5
"""
_ITEMS = """
SELECT i.id, i.checklist_id, i.key, i.title, i.mandatory, i.due_at, i.state, i.done_at, i.note,
       o.name AS owner, d.name AS done_by
  FROM checklist_items i JOIN persons o ON o.id = i.owner_id
  LEFT JOIN persons d ON d.id = i.done_by_id
 WHERE i.checklist_id = $1 ORDER BY i.position
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """One list. `late` and `mandatory_open` count items that are still open."""

    id: int
    template: str
    list_name: str
    anchor: date
    state: str
    opened_at: datetime
    closed_at: datetime | None
    person_id: int
    name: str
    staff_no: str
    unit: str
    active: bool
    done: int
    total: int
    late: int
    mandatory_open: int

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


async def units_seen(by: Actor) -> list[int] | None:
    """The units whose lists the actor may see; None is all. Raises Refusal("not_allowed")."""
    if await works_for(by, [Office.HR, Office.NURSING]):
        return None
    if not by.manages:
        raise Refusal("not_allowed")
    return sorted(by.manages)


async def lists(
    by: Actor,
    rules: ChecklistRules,
    now: datetime,
    kinds: Sequence[Kind] = tuple(Kind),
    states: Sequence[str] = ("open",),
    most: int = 300,
) -> list[Progress]:
    """Lists of these kinds, the late ones first. Raises Refusal("not_allowed")."""
    units = await units_seen(by)
    keys = [key for kind in kinds for key in rules.of_kind(kind)]
    rows = await db.fetch(_LISTS, now, keys, list(states), units, most)
    names = {template.key: template.name for template in rules}
    return [
        Progress(
            row["id"],
            row["template"],
            names.get(row["template"]) or str(row["template"]),
            row["anchor"],
            row["state"],
            row["opened_at"],
            row["closed_at"],
            row["person_id"],
            row["name"],
            row["staff_no"],
            row["unit"] or "",
            row["active"],
            row["done"],
            row["total"],
            row["late"],
            row["mandatory_open"],
        )
        for row in rows
    ]


async def items_of(checklist_id: int) -> list[db.Row]:
    """Every item of a list, with its owner and who did it."""
    return await db.fetch(_ITEMS, checklist_id)
