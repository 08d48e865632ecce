"""What every message to a candidate needs: how they are addressed, by whom, for which post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models import db, sealed
from services.hospital import Hospital
from services.salutation import AddressRules, Work, address

# Of several applications the newest tells which post they know us by.
_KNOWN = """
SELECT DISTINCT ON (c.id) c.id, c.name, c.title, c.erased_at, p.title AS post, p.work,
       coalesce(p.facts ->> 'phone', '') AS phone
  FROM candidates c
  LEFT JOIN applications a ON a.candidate_id = c.id LEFT JOIN postings p ON p.id = a.posting_id
 WHERE c.id = ANY($1) ORDER BY c.id, a.id DESC
"""


class CandidateWords:
    """Opens names for as long as a message is written, and keeps none."""

    def __init__(self, hospital: Hospital, rules: AddressRules) -> None:
        self.hospital = hospital
        self.rules = rules

    async def of(self, candidates: Sequence[int]) -> Mapping[int, dict[str, Any]]:
        """Candidate → address, hospital, post, phone ("" where unknown); erased: absent."""
        rows = await db.fetch(_KNOWN, list(candidates))
        return {
            row["id"]: {
                "address": self._address(row),
                "hospital": self.hospital.name,
                "post": row["post"] or "",
                "phone": row["phone"] or "",
            }
            for row in rows
            if row["erased_at"] is None and row["name"] is not None
        }

    def _address(self, row: db.Row) -> str:
        name = sealed.open_sealed("candidates.name", row["name"])
        work = row["work"] if row["work"] in set(Work) else Work.OTHER
        return address(name, Work(work), row["title"], self.rules)
