"""Roster versions: what a draft would change, what became of it, and a unit's history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models import db
from services.actors import Actor
from services.permissions import Act, may, require
from services.refusals import Refusal

HISTORY = 20

_ROSTER = """
SELECT r.*, u.name AS unit, c.name AS author, p.name AS publisher,
       (SELECT a.detail FROM audit_rows a
         WHERE a.subject = 'rosters:' || r.id AND a.action = 'roster.published' LIMIT 1) AS result
  FROM rosters r JOIN units u ON u.id = r.unit_id
  LEFT JOIN persons c ON c.id = r.created_by_id LEFT JOIN persons p ON p.id = r.published_by_id
 WHERE r.id = $1
"""
_HISTORY = """
SELECT r.id, r.version, r.state, r.source, r.first_day, r.last_day, r.created_at, r.published_at,
       c.name AS author, p.name AS publisher
  FROM rosters r LEFT JOIN persons c ON c.id = r.created_by_id
  LEFT JOIN persons p ON p.id = r.published_by_id
 WHERE r.unit_id = $1 ORDER BY r.version DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class ChangedCell:
    day: date
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RosterPage:
    """A version with its stored preview. `told` is None until it is published."""

    row: db.Row
    line: str
    warnings: Sequence[str]
    violations: Sequence[str]
    people: Mapping[str, Sequence[ChangedCell]]
    may_override: bool
    told: int | None = None
    cells: int | None = None
    override: str | None = None

    @property
    def shown(self) -> int:
        return sum(len(cells) for cells in self.people.values())

    @property
    def days(self) -> list[date]:
        return sorted({cell.day for cells in self.people.values() for cell in cells})


async def roster_page(actor: Actor, roster_id: int) -> RosterPage:
    """One roster version. Raises Refusal, the same for absent and out of scope."""
    row = await db.fetch_one(_ROSTER, roster_id)
    if row is None:
        raise Refusal("not_allowed")
    require(actor, Act.SEE_UNIT_ROSTER, row["unit_id"])
    preview = _json(row["preview"])
    result = _json(row["result"]) if row["result"] else {}
    return RosterPage(
        row,
        preview.get("line", ""),
        preview.get("warnings", []),
        preview.get("violations", []),
        _by_person(preview.get("changes", [])),
        may(actor, Act.OVERRIDE_REST_RULE, row["unit_id"]),
        result.get("told"),
        result.get("cells"),
        result.get("override"),
    )


def _by_person(changes: Sequence[Mapping[str, Any]]) -> dict[str, list[ChangedCell]]:
    people: dict[str, list[ChangedCell]] = {}
    for change in changes:
        cell = ChangedCell(date.fromisoformat(change["day"]), change["old"], change["new"])
        people.setdefault(change["name"], []).append(cell)
    return people


def _json(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else dict(value)
    return found


async def history(actor: Actor, unit_id: int) -> list[db.Row]:
    """The newest versions of a unit, drafts included. Raises Refusal("not_allowed")."""
    require(actor, Act.SEE_UNIT_ROSTER, unit_id)
    return await db.fetch(_HISTORY, unit_id, HISTORY)
