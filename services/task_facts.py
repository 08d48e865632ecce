"""What a task about a candidate shows: on a card as little as will do, in the console all of it.

A platform's card is read by the platform as well (PIPL art. 6): it shows how the candidate is
addressed and the last digits of the number. The number to dial stands in the console alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models import db, sealed
from models.interviews import TaskState
from services import appointments
from services.hospital import Hospital
from services.salutation import AddressRules, Work, address

DETAIL = "candidate_tasks.detail"

_TASKS = """
SELECT t.*, p.name AS done_by, c.name AS candidate, c.phone, c.title AS stated
  FROM candidate_tasks t
  LEFT JOIN persons p ON p.id = t.done_by_id LEFT JOIN candidates c ON c.id = t.candidate_id
 WHERE t.id = ANY($1)
"""
_EMPTY = {"words": "", "script": "", "note": "", "question": False}


class TaskFacts:
    def __init__(self, hospital: Hospital, rules: AddressRules) -> None:
        self.hospital = hospital
        self.rules = rules

    async def of(self, tasks: Sequence[int], *, whole: bool = False) -> dict[int, dict[str, Any]]:
        """Task id → facts for `tasks/<kind>.toml`; `whole` gives the full number."""
        rows = await db.fetch(_TASKS, list(tasks))
        known = await appointments.by_ids(
            [row["interview_id"] for row in rows if row["interview_id"] is not None]
        )
        return {row["id"]: self._facts(row, known.get(row["interview_id"]), whole) for row in rows}

    def _facts(
        self, row: db.Row, about: appointments.Appointment | None, whole: bool
    ) -> dict[str, Any]:
        detail = sealed.open_json(DETAIL, row["detail"]) if row["detail"] else {}
        phone = _opened("phone", row["phone"])
        name = _opened("name", row["candidate"])
        return {
            **_EMPTY,
            **detail,
            "id": row["id"],
            "candidate_id": row["candidate_id"],
            "kind": row["kind"],
            "state": TaskState(row["state"]),
            "outcome": row["outcome"] or "",
            "address": self._address(name, row["stated"] or "", about),
            "post": about.post if about else "",
            "starts_at": about.starts_at if about else None,
            "place": about.place if about else "",
            "phone": phone if whole else "",
            "tail": last_digits(phone),
            "due_at": row["due_at"],
            "done_by": row["done_by"] or "",
            "done_at": row["done_at"],
            "url": f"{self.hospital.public_url}/console/tasks/{row['id']}",
        }

    def _address(self, name: str, stated: str, about: appointments.Appointment | None) -> str:
        if not name:
            return ""
        return address(name, about.work if about else Work.OTHER, stated, self.rules)


def last_digits(phone: str) -> str:
    """The last four; "" when there is no number."""
    return "".join(each for each in phone if each.isdigit())[-4:]


def _opened(column: str, value: str | None) -> str:
    return sealed.open_sealed(f"candidates.{column}", value) if value else ""
