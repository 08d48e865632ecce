"""Who may say that an item of a checklist is done, or does not apply."""

from __future__ import annotations

from models import db
from services.actors import Actor
from services.offices import Office, works_for
from services.refusals import Refusal

_ITEM = """
SELECT i.*, c.person_id, c.template, c.state AS list_state, p.name, p.unit_id
  FROM checklist_items i JOIN checklists c ON c.id = i.checklist_id
  JOIN persons p ON p.id = c.person_id WHERE i.id = $1
"""


async def item(item_id: int) -> db.Row:
    """The item with its list's state and its person; the list is locked. Raises Refusal."""
    checklist = await db.fetch_value(
        "SELECT c.id FROM checklists c JOIN checklist_items i ON i.checklist_id = c.id "
        "WHERE i.id = $1 FOR UPDATE OF c",
        item_id,
    )
    row = await db.fetch_one(_ITEM, item_id) if checklist is not None else None
    if row is None:
        raise Refusal("item_unknown")
    return row


async def may_do(item: db.Row, by: Actor) -> bool:
    """Its owner; for a newcomer's own item also the head of the unit; HR and nursing for all."""
    if by.person_id == item["owner_id"]:
        return True
    if by.person_id == item["person_id"]:
        return False
    own = item["owner_id"] == item["person_id"]
    if own and item["unit_id"] is not None and item["unit_id"] in by.manages:
        return True
    return await works_for(by, [Office.HR, Office.NURSING])


async def may_waive(item: db.Row, by: Actor) -> bool:
    """Nobody for themselves; mandatory items only an office, the others also the head."""
    if by.person_id == item["person_id"]:
        return False
    if not item["mandatory"] and item["unit_id"] is not None and item["unit_id"] in by.manages:
        return True
    return await works_for(by, [Office.HR, Office.NURSING])


async def already(item: db.Row) -> Refusal:
    if item["state"] in ("done", "waived"):
        name = await db.fetch_value("SELECT name FROM persons WHERE id = $1", item["done_by_id"])
        return Refusal("item_done", title=item["title"], by=name, at=item["done_at"])
    return Refusal("checklist_closed")
