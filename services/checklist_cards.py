"""What the cards of checklists show, from the items as they are when they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models import db, sealed
from services.checklist_rules import ChecklistRules, Kind
from services.ledger import CONTEXT
from services.purposes import Facts, Subject

OPTIONS = 10  # of a card's choice
LINES = 4  # WeCom gives a card's words 160 characters

_ITEMS = """
SELECT i.id, i.title, i.due_at, i.mandatory, i.state, i.owner_id, i.checklist_id,
       c.person_id, c.template, c.anchor, c.state AS list_state, p.name
  FROM checklist_items i JOIN checklists c ON c.id = i.checklist_id
  JOIN persons p ON p.id = c.person_id
 WHERE i.id = ANY($1) ORDER BY i.due_at, c.id, i.position
"""
_OF_MESSAGE = "SELECT purpose, context FROM messages WHERE id = $1"


class ChecklistCards:
    """A card is about some items of one owner; which ones stands in its message's context."""

    def __init__(self, rules: ChecklistRules) -> None:
        self.rules = rules

    async def facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = {item for subject in subjects for item in subject.context.get("items", ())}
        rows = {row["id"]: row for row in await db.fetch(_ITEMS, list(ids))}
        return {
            subject.message_id: self._of(
                [rows[item] for item in subject.context.get("items", ()) if item in rows],
                int(subject.context.get("owner", 0)),
            )
            for subject in subjects
        }

    async def of_message(self, message_id: int) -> tuple[str, dict[str, Any]]:
        """The template of a card that is out there, and its facts now."""
        row = await db.fetch_one(_OF_MESSAGE, message_id)
        assert row is not None
        context = sealed.open_json(CONTEXT, row["context"])
        found = await self.facts([Subject(message_id, 0, context)])
        return row["purpose"].replace(".", "/"), dict(found[message_id].context)

    async def open_items(self, message_id: int) -> list[int]:
        """The items of a card that still wait for its owner, most urgent first."""
        row = await db.fetch_one(_OF_MESSAGE, message_id)
        if row is None or row["context"] is None:
            return []
        context = sealed.open_json(CONTEXT, row["context"])
        items = await db.fetch(_ITEMS, context.get("items", []))
        return [row["id"] for row in items if _waits(row, int(context.get("owner", 0)))]

    def _of(self, rows: Sequence[db.Row], owner: int) -> Facts:
        waiting = [row for row in rows if _waits(row, owner)]
        done = sum(row["state"] in ("done", "waived") for row in rows)
        people = {row["person_id"]: row["name"] for row in rows}
        several = len(people) > 1
        own = list(people) == [owner]
        lines = [
            {
                "id": row["id"],
                "title": f"{row['name']} {row['title']}" if several else row["title"],
                "mandatory": row["mandatory"],
                "due_at": row["due_at"],
            }
            for row in waiting
        ]
        kinds = {self._kind(row["template"]) for row in rows}
        shown = {
            "own": own,
            "names": list(people.values()),
            "list": self._name(rows),
            "kind": str(next(iter(kinds))) if len(kinds) == 1 else "",
            "anchor": rows[0]["anchor"] if rows and not several else "",
            "lines": lines[:LINES],
            "more": max(len(lines) - LINES, 0),
            "options": [{"id": line["id"], "text": line["title"]} for line in lines[:OPTIONS]],
            "done": done,
            "total": len(rows),
            "open": len(waiting),
            "alone": own and any(line["mandatory"] for line in lines) and kinds == {Kind.ENTRY},
            "state": _state(rows, waiting),
        }
        return Facts(shown, bool(waiting), "the items are done")

    def _name(self, rows: Sequence[db.Row]) -> str:
        """护士入职清单, or 清单 where several kinds of lists are on one card."""
        keys = {row["template"] for row in rows}
        known = {template.key: template.name for template in self.rules}
        return known.get(keys.pop(), "清单") if len(keys) == 1 else "清单"

    def _kind(self, template: str) -> Kind | None:
        return next((one.kind for one in self.rules if one.key == template), None)


def _waits(row: db.Row, owner: int) -> bool:
    return bool(
        row["state"] == "open" and row["list_state"] == "open" and row["owner_id"] == owner
    )


def _state(rows: Sequence[db.Row], waiting: Sequence[db.Row]) -> str:
    if waiting:
        return "open"
    if all(row["state"] in ("done", "waived") for row in rows):
        return "done"
    return "cancelled" if all(row["list_state"] == "cancelled" for row in rows) else "moved"
