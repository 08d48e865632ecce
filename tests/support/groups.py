"""Groups of the sample hospital's units, bound without a chat in between."""

from __future__ import annotations

from models import db, sealed
from models.groups import GroupDoor
from services.groups import PLACE

_ADD = """
INSERT INTO unit_groups (unit_id, door, title, secret, secret_index, added_at)
SELECT id, $2, name || '通知群', $3, $4, '2026-12-01T00:00:00+08:00'::timestamptz
  FROM units WHERE name = $1 RETURNING id
"""


async def bind_webhook(unit: str, key: str) -> int:
    """A group of a unit, behind a WeCom webhook with this key; its id."""
    return await _bound(unit, GroupDoor.WECOM_WEBHOOK, {"key": key}, key)


async def _bound(unit: str, door: GroupDoor, secret: dict[str, str], name: str) -> int:
    index = sealed.ring().index(PLACE, name)
    body = sealed.seal_json(PLACE, secret)
    group: int = await db.fetch_value(_ADD, unit, str(door), body, index)
    return group


async def unit_id(name: str) -> int:
    found: int = await db.fetch_value("SELECT id FROM units WHERE name = $1", name)
    return found
