"""入职: HR says who begins, and on which day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI, Clock
from services import staff_search
from services.actors import Actor
from services.checklist_rules import Kind
from services.checklists import Checklists
from services.offices import Office, require_office
from services.refusals import Refusal

FURTHEST = timedelta(days=366)

_OPEN = """
SELECT id, template, anchor FROM checklists
 WHERE person_id = $1 AND template = ANY($2) AND state = 'open' ORDER BY id LIMIT 1
"""


class Entries:
    def __init__(self, checklists: Checklists, clock: Clock) -> None:
        self.checklists = checklists
        self.clock = clock

    async def open(self, by: Actor, name: str, first_day: date) -> dict[str, Any]:
        """Open the entry list that fits their title; what is said about it.

        Raises Refusal: not HR, nobody or several of that name, open already, no sensible day.
        """
        await require_office(by, Office.HR)
        now = self.clock.now()
        if abs(first_day - now.astimezone(SHANGHAI).date()) > FURTHEST:
            raise Refusal("entry_how")
        person = await staff_search.find(name, now, left_lately=True)
        if not person["active"]:
            raise Refusal("entry_left", name=person["name"])
        template = self.checklists.rules.entry_for(person["title"])
        if template is None:
            raise Refusal("entry_none", name=person["name"])
        opened = await self.checklists.open(by, template.key, person["id"], first_day)
        if opened is None:
            raise Refusal("entry_open", name=person["name"])
        return {
            "name": person["name"],
            "staff_no": person["staff_no"],
            "list": template.name,
            "anchor": first_day,
            "total": len(template.items),
        }

    async def cancel(self, by: Actor, name: str) -> dict[str, Any]:
        """They do not come after all. Raises Refusal: not HR, unknown, or no such list."""
        await require_office(by, Office.HR)
        person = await staff_search.find(name, self.clock.now())
        keys = self.checklists.rules.of_kind(Kind.ENTRY)
        row = await db.fetch_one(_OPEN, person["id"], keys)
        if row is None:
            raise Refusal("entry_none", name=person["name"])
        await self.checklists.cancel(row["id"], by)
        names = {template.key: template.name for template in self.checklists.rules}
        return {"name": person["name"], "list": names[row["template"]]}
