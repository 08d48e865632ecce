"""Licences for tests: who holds what until when."""

from __future__ import annotations

from datetime import date
from typing import Any

from models import db
from services.licence_records import LicenceFacts
from services.licences import Licences


async def person_of(user: str) -> int:
    """The person of a platform's user id, on whichever platform."""
    found: int = await db.fetch_value(
        "SELECT min(person_id) FROM identities WHERE user_id = $1", user
    )
    return found


async def holds(records: Licences, user: str, kind: str, until: str | None, **more: Any) -> int:
    """Somebody holds a licence until that day (ISO); the row's id."""
    end = date.fromisoformat(until) if until else None
    facts = LicenceFacts(await person_of(user), kind, end, **more)
    return await records.put("test", facts, "测试名册.xlsx")


async def nothing_said_yet_today() -> None:
    """As if nobody had worked this morning: what is due is said at the next tick."""
    await db.execute(
        "DELETE FROM tick_runs WHERE name IN ('licences.reminded', 'licences.rostered')"
    )
