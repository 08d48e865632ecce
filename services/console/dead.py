"""Dead events and failed deliveries: what, how often and why, never what they said."""

from __future__ import annotations

from datetime import datetime, timedelta

from models import db
from services.actors import Actor
from services.permissions import Act, require

MOST = 100
RECENT = timedelta(days=7)

_DEAD = """
SELECT id, kind, sender, error, attempts, received_at FROM inbox
 WHERE state = 'dead' ORDER BY id DESC LIMIT $1
"""
_FAILED = """
SELECT d.id, d.reason, d.code, d.not_before AS at, m.purpose, u.name AS unit,
       coalesce(p.name, g.title) AS receiver, g.id IS NOT NULL AS to_group
  FROM deliveries d JOIN messages m ON m.id = d.message_id
  LEFT JOIN persons p ON p.id = d.person_id LEFT JOIN unit_groups g ON g.id = d.group_id
  LEFT JOIN units u ON u.id = coalesce(p.unit_id, g.unit_id)
 WHERE d.state = 'failed' AND d.not_before > $1 AND m.withdrawn_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM deliveries later WHERE later.message_id = d.message_id
                      AND later.person_id IS NOT DISTINCT FROM d.person_id
                      AND later.group_id IS NOT DISTINCT FROM d.group_id AND later.id > d.id)
 ORDER BY d.id DESC LIMIT $2
"""


async def dead_events(actor: Actor) -> list[db.Row]:
    """Events given up on, newest first, the sender masked. Raises Refusal("not_allowed")."""
    require(actor, Act.RETRY_DEAD)
    rows = await db.fetch(_DEAD, MOST)
    return [row | {"sender": masked(row["sender"])} for row in rows]


async def failed_deliveries(actor: Actor, now: datetime) -> list[db.Row]:
    """What did not arrive in the last week and was not sent again. Raises Refusal."""
    require(actor, Act.RETRY_DEAD)
    return await db.fetch(_FAILED, now - RECENT, MOST)


def masked(sender: str) -> str:
    """`wecom:zhangsan` → `wecom:z***`."""
    platform, _, user = sender.partition(":")
    return f"{platform}:{user[:1]}***" if user else platform
