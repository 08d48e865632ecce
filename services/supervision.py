"""Who may not be alone on a shift: with open mandatory items of an entry list, or in training."""

from __future__ import annotations

from collections.abc import Sequence

from models import db
from models.people import WARD

# 护士条例 art. 21(2): nobody practises here before their place of practice has been changed.
_OPEN_LIST = """
SELECT DISTINCT c.person_id FROM checklists c JOIN checklist_items i ON i.checklist_id = c.id
 WHERE c.person_id = ANY($1) AND c.template = ANY($2) AND c.state = 'open'
   AND i.mandatory AND i.state = 'open'
"""
_LEARNING = """
SELECT id AS person_id FROM persons
 WHERE id = ANY($1) AND EXISTS (SELECT 1 FROM unnest($2::text[]) AS word
        WHERE position(word IN level) > 0 OR position(word IN title) > 0
           OR position(word IN employment) > 0)
"""


class Supervision:
    """`templates` are the entry lists; `words` mark a level, title or employment of learners."""

    def __init__(self, templates: Sequence[str] = (), words: Sequence[str] = ()) -> None:
        self.templates = tuple(templates)
        self.words = tuple(words)

    async def unaccompanied(self, unit_id: int, people: Sequence[int]) -> frozenset[int]:
        """Those of `people` who may not be alone on a shift of this unit; nobody in an office."""
        kind = await db.fetch_value("SELECT kind FROM units WHERE id = $1", unit_id)
        if kind != WARD or not people:
            return frozenset()
        rows = await db.fetch(_OPEN_LIST, list(people), list(self.templates))
        rows += await db.fetch(_LEARNING, list(people), list(self.words))
        return frozenset(row["person_id"] for row in rows)
