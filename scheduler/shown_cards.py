"""What a card that was sent says now, for whoever opens one of its links."""

from __future__ import annotations

from message_templates.errors import TemplateError
from models import db
from models.cards import Card
from scheduler.rendering import Renderer

_SENT = """
SELECT m.id AS message_id, m.purpose, m.subject_id, m.context
  FROM sends s
  JOIN deliveries d ON d.send_id = s.id
  JOIN messages m ON m.id = d.message_id
  JOIN persons p ON p.id = d.person_id AND p.active
 WHERE s.task_id = $1 AND d.address = $2 AND m.withdrawn_at IS NULL
 ORDER BY d.id DESC LIMIT 1
"""


class ShownCards:
    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    async def card(self, task_id: str, address: str) -> Card | None:
        """The card of this send to this platform user id; None when there is none any more."""
        rows = await db.fetch(_SENT, task_id, address)
        for template, facts in (await self._renderer.facts_of(rows)).values():
            if facts.broken:
                return None
            try:
                content = self._renderer.content(template, facts.context)
            except TemplateError:
                return None
            return content if isinstance(content, Card) else None
        return None
