"""The first page: how tonight's reminders stand, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import db
from models.clock import SHANGHAI
from services.actors import Actor
from services.console import scope
from services.permissions import Act, may

# A shift's reminder has one place only, so the figures of a unit add up to its shifts.
_TONIGHT = """
WITH tonight AS (
    SELECT s.unit_id, p.name,
           CASE WHEN a.state = 'answered' THEN 'confirmed'
                WHEN d.state IS NULL OR d.state IN ('queued', 'sending') THEN 'waiting'
                WHEN d.state = 'unknown' THEN 'unsure'
                WHEN d.state IN ('accepted', 'seen', 'answered') THEN 'silent'
                ELSE 'failed' END AS standing
      FROM shifts s JOIN persons p ON p.id = s.person_id
      LEFT JOIN messages m ON m.dedupe_key = 'shifts.reminder:' || s.id
      LEFT JOIN asks a ON a.message_id = m.id AND a.person_id = s.person_id
      LEFT JOIN LATERAL (SELECT state FROM deliveries
                          WHERE message_id = m.id AND person_id = s.person_id
                          ORDER BY id DESC LIMIT 1) d ON true
     WHERE s.unit_id = ANY($1) AND s.state = 'planned' AND s.day BETWEEN $3 AND $4
       AND timezone('Asia/Shanghai', coalesce(a.opened_at, m.created_at, s.remind_at))::date = $2
)
SELECT unit_id, standing, array_agg(name ORDER BY name) AS names
  FROM tonight GROUP BY unit_id, standing
"""
_DRAFTS = """
SELECT r.id, r.unit_id, u.name AS unit, r.source, r.created_at, p.name AS author,
       r.preview ->> 'line' AS line
  FROM rosters r JOIN units u ON u.id = r.unit_id LEFT JOIN persons p ON p.id = r.created_by_id
 WHERE r.state = 'draft' AND r.unit_id = ANY($1) ORDER BY r.id DESC LIMIT 20
"""
_PAUSES = """
SELECT channel, until, code, reason, cure FROM channel_pauses WHERE until > $1 ORDER BY channel
"""


@dataclass(frozen=True, slots=True)
class UnitTonight:
    """A unit, and who of tonight's reminded stands where."""

    id: int
    name: str
    people: int
    standings: Mapping[str, Sequence[str]]

    @property
    def total(self) -> int:
        return sum(len(names) for names in self.standings.values())

    def count(self, standing: str) -> int:
        return len(self.names(standing))

    def names(self, standing: str) -> Sequence[str]:
        return self.standings.get(standing, ())


async def tonight(actor: Actor, now: datetime) -> list[UnitTonight]:
    """Tonight's reminders of every unit in scope that has a roster or a manager."""
    units = await scope.units(actor)
    today: date = now.astimezone(SHANGHAI).date()
    rows = await db.fetch(
        _TONIGHT,
        [unit["id"] for unit in units],
        today,
        today - timedelta(days=1),
        today + timedelta(days=2),
    )
    return [
        UnitTonight(
            unit["id"],
            unit["name"],
            unit["people"],
            {row["standing"]: row["names"] for row in rows if row["unit_id"] == unit["id"]},
        )
        for unit in units
        if unit["rostered"]
    ]


async def drafts(actor: Actor) -> list[db.Row]:
    """Rosters that were imported and not yet published, newest first."""
    return await db.fetch(_DRAFTS, [unit["id"] for unit in await scope.units(actor)])


async def dead_count(actor: Actor) -> int | None:
    """How many incoming events nobody could handle; None for whom that is not to see."""
    if not may(actor, Act.RETRY_DEAD):
        return None
    count: int = await db.fetch_value("SELECT count(*) FROM inbox WHERE state = 'dead'")
    return count


async def pauses(now: datetime) -> list[db.Row]:
    """Channels at rest, with the cure where there is one."""
    return await db.fetch(_PAUSES, now)


async def ticks() -> list[db.Row]:
    """When each recurring job last ran."""
    return await db.fetch("SELECT name, last_at FROM tick_runs ORDER BY last_at DESC")
