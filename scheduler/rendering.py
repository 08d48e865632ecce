"""What messages say at this moment: their facts, loaded per purpose, put into their templates."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import structlog

from message_templates.catalogue import Catalogue
from models import db, sealed
from models.cards import Sendable
from services.ledger import CONTEXT
from services.purposes import Facts, Purpose, Purposes, Subject

log = structlog.get_logger()

_BROKEN = (KeyError, ValueError, TypeError, AttributeError, IndexError, sealed.SealError)


class Renderer:
    """Rows need `message_id`, `purpose`, `subject_id` and `context`."""

    def __init__(self, purposes: Purposes, catalogue: Catalogue) -> None:
        self.purposes = purposes
        self.catalogue = catalogue

    async def facts_of(self, rows: Sequence[db.Row]) -> dict[int, tuple[str, Facts]]:
        """Message id → (template, facts), loaded once per purpose for the whole batch."""
        by_purpose: dict[str, dict[int, Subject]] = {}
        for row in rows:
            subjects = by_purpose.setdefault(row["purpose"], {})
            if row["message_id"] not in subjects:
                subjects[row["message_id"]] = _subject(row)
        found: dict[int, tuple[str, Facts]] = {}
        for name, subjects in by_purpose.items():
            purpose = self.purposes[name]
            loaded = await _load(purpose, list(subjects.values()))
            found.update({mid: (purpose.template, facts) for mid, facts in loaded.items()})
        return found

    def content(
        self,
        template: str,
        facts: Mapping[str, Any],
        known: dict[Hashable, Sendable] | None = None,
    ) -> Sendable:
        """Raises TemplateError. With `known`, equal facts of a batch are rendered once."""
        if known is None:
            return self.catalogue[template].render(facts)
        key = (template, *facts.items())
        try:
            content = known.get(key)
        except TypeError:  # facts with lists in them: nearly never equal
            return self.catalogue[template].render(facts)
        if content is None:
            content = known[key] = self.catalogue[template].render(facts)
        return content


async def _load(purpose: Purpose, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
    """Facts for a batch; what cannot be loaded spoils only itself."""
    try:
        return await purpose.load(subjects)
    except _BROKEN as error:
        if len(subjects) == 1:
            log.error("facts_failed", purpose=purpose.name, exc_info=error)
            why = f"its facts cannot be loaded: {type(error).__name__}"
            return {subjects[0].message_id: Facts({}, broken=why)}
    singles = [await _load(purpose, [subject]) for subject in subjects]
    return {message: facts for single in singles for message, facts in single.items()}


def _subject(row: db.Row) -> Subject:
    context = sealed.open_json(CONTEXT, row["context"]) if row["context"] else {}
    return Subject(row["message_id"], row["subject_id"], context)
