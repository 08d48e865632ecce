"""Group chats of a unit: bound, moved, unbound, and opened for whoever posts there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models import db, sealed
from models.clock import Clock
from models.groups import GroupDoor
from services import audit, units
from services.actors import Actor
from services.ledger import Ledger
from services.permissions import Act, require
from services.refusals import Refusal

PLACE = "unit_groups.secret"
# Platforms on which our own robot, as a member of the group, may write there unasked.
ROBOT_DOOR = {"dingtalk": GroupDoor.DINGTALK_ROBOT}
# The part of a door's secret that names the group; the rest may change.
NAMED_BY = {
    GroupDoor.WECOM_WEBHOOK: "key",
    GroupDoor.DINGTALK_WEBHOOK: "token",
    GroupDoor.DINGTALK_ROBOT: "conversation",
}

_KNOWN = """
SELECT g.id, g.unit_id, g.active, u.name AS unit
  FROM unit_groups g JOIN units u ON u.id = g.unit_id
 WHERE g.door = $1 AND g.secret_index = $2
"""
# `added_at` says since when it has been this unit's group, so a new key alone does not touch it.
_BIND = """
INSERT INTO unit_groups AS g
    (unit_id, door, title, secret, secret_index, active, added_by_id, added_at)
VALUES ($1, $2, $3, $4, $5, true, $6, $7)
ON CONFLICT (door, secret_index) DO UPDATE
   SET unit_id = excluded.unit_id, title = excluded.title, secret = excluded.secret,
       active = true, added_by_id = excluded.added_by_id,
       added_at = CASE WHEN g.active AND g.unit_id = excluded.unit_id THEN g.added_at
                       ELSE excluded.added_at END
RETURNING id
"""
_UNBIND = """
UPDATE unit_groups g SET active = false FROM units u
 WHERE g.id = $1 AND g.active AND u.id = g.unit_id RETURNING u.name AS unit
"""
_OF_UNIT = """
SELECT id, door, title FROM unit_groups WHERE unit_id = $1 AND active ORDER BY id FOR SHARE
"""
_LIST = """
SELECT g.id, g.door, g.title, g.added_at, u.name AS unit,
       (SELECT d.state FROM deliveries d WHERE d.group_id = g.id AND d.person_id IS NULL
         ORDER BY d.id DESC LIMIT 1) AS last
  FROM unit_groups g JOIN units u ON u.id = g.unit_id WHERE g.active ORDER BY u.name, g.id
"""
# Shut for what is on its way, or comes again, from before the group became this unit's: one post
# at a time is sent to a group, so that it is that one for which the door is asked.
_DOOR = """
SELECT g.secret FROM unit_groups g
 WHERE g.id = $1 AND g.active AND NOT EXISTS (
       SELECT 1 FROM deliveries d JOIN messages m ON m.id = d.message_id
        WHERE d.group_id = g.id AND d.person_id IS NULL AND d.state = 'sending'
          AND m.created_at < g.added_at)
"""


class UnknownGroup(LookupError):
    """No group chat has this address any more: it was unbound, or never bound."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`before` is the unit it was taken from, "" when it was nobody's."""

    group_id: int
    unit: str
    before: str = ""


class Groups:
    """`door` is for the channels; everything else is for people and operators."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock

    async def bind_here(
        self, by: Actor, platform: str, chat: str, title: str, unit_name: str
    ) -> Bound:
        """The group chat in which `by` writes becomes a unit's; `chat` is the chat's own id.

        Raises Refusal: not allowed, which unit, or the platform needs a webhook instead.
        """
        door = _robot_door(platform)
        unit = await units.named(by, Act.BIND_GROUP, unit_name)
        return await self.bind(by, unit["id"], door, {"conversation": chat}, title)

    async def unbind_here(self, by: Actor, platform: str, chat: str) -> str:
        """The unit whose group this chat was. Raises Refusal: not bound, or not allowed."""
        door = _robot_door(platform)
        index = sealed.ring().index(PLACE, chat)
        row = await db.fetch_one(_KNOWN, str(door), index)
        if row is None or not row["active"]:
            raise Refusal("group_not_bound")
        require(by, Act.BIND_GROUP, row["unit_id"])
        return await self.unbind(by, row["id"]) or str(row["unit"])

    async def bind(
        self, by: Actor | str, unit_id: int, door: GroupDoor, secret: Mapping[str, str], title: str
    ) -> Bound:
        """Bind without asking who may: for operators and for those who were asked already.

        A group belongs to one unit: one that was another's moves, and what the other still had
        to say there is withdrawn.
        """
        unit = str(await db.fetch_value("SELECT name FROM units WHERE id = $1", unit_id))
        index = sealed.ring().index(PLACE, secret[NAMED_BY[door]])
        now = self.clock.now()
        async with db.transaction():
            await db.lock(f"group:{door}:{index}")
            known = await db.fetch_one(_KNOWN, str(door), index)
            group_id: int = await db.fetch_value(
                _BIND,
                unit_id,
                str(door),
                (title.strip() or f"{unit}群")[:128],
                sealed.seal_json(PLACE, dict(secret)),
                index,
                by.person_id if isinstance(by, Actor) else None,
                now,
            )
            before = ""
            if known is not None and known["active"] and known["unit_id"] != unit_id:
                before = str(known["unit"])
                await self.ledger.leave_group(group_id, "the group was moved")
            await audit.record(
                now, by, "group.bound", f"unit_groups:{group_id}", unit=unit_id, before=before
            )
        return Bound(group_id, unit, before)

    async def unbind(self, by: Actor | str, group_id: int) -> str | None:
        """Nothing is posted there any more; the unit it was of, None when it was unbound before.

        Asks nobody who may.
        """
        async with db.transaction():
            unit: str | None = await db.fetch_value(_UNBIND, group_id)
            if unit is not None:
                await self.ledger.leave_group(group_id, "the group was unbound")
                await audit.record(
                    self.clock.now(), by, "group.unbound", f"unit_groups:{group_id}"
                )
        return unit

    async def of_unit(self, unit_id: int) -> list[db.Row]:
        """Id, door and title of a unit's groups; none leaves it while the transaction lasts."""
        return await db.fetch(_OF_UNIT, unit_id)

    async def everywhere(self) -> list[db.Row]:
        """All groups in use, with the state of what was last posted; no secret."""
        return await db.fetch(_LIST)

    async def door(self, address: str) -> Mapping[str, str]:
        """What opens the group with this address, the group's id as text.

        `key` of a WeCom webhook, `token` and `secret` of a DingTalk webhook, `conversation` where
        the robot is a member. Raises UnknownGroup.
        """
        sealed_secret = None
        if address.isascii() and address.isdigit() and len(address) < 19:  # a bigint
            sealed_secret = await db.fetch_value(_DOOR, int(address))
        if sealed_secret is None:
            raise UnknownGroup(f"group {address} is not bound any more; bind it again")
        opened: dict[str, str] = sealed.open_json(PLACE, sealed_secret)
        return opened


def _robot_door(platform: str) -> GroupDoor:
    door = ROBOT_DOOR.get(platform)
    if door is None:
        raise Refusal("group_needs_webhook")
    return door
