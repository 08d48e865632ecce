"""Call-outs as rows, for pages and figures that do not care how they came to be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from models import db

_CALL_OUT = """
INSERT INTO call_outs (by_id, unit_id, kind, place, place_key, skill, reason, needed, taken, state,
                       report_at, ends_at, launched_at, wave, short_at, full_at, closed_at)
VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $14, $15) RETURNING id
"""
_ANSWER = """
INSERT INTO call_answers (call_out_id, person_id, wave, state, asked_at, answered_at, eta)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def person_id(userid: str) -> int:
    found: int = await db.fetch_value(
        "SELECT person_id FROM identities WHERE user_id = $1 LIMIT 1", userid
    )
    return found


async def a_call_out(by: str, at: datetime, **other: Any) -> int:
    """Launched by somebody at an instant: two ICU nurses at 楼东, wanted two hours later."""
    facts = {
        "unit_id": None,
        "kind": "voluntary",
        "place": "楼东",
        "skill": "icu",
        "reason": "",
        "needed": 2,
        "taken": 0,
        "state": "asking",
        "report_at": at + timedelta(hours=2),
        "ends_at": at + timedelta(hours=10),
        "launched_at": at,
        "short_at": None,
        "full_at": None,
        "closed_at": None,
    }
    assert set(other) <= set(facts), set(other) - set(facts)
    made: int = await db.fetch_value(_CALL_OUT, await person_id(by), *(facts | other).values())
    return made


async def said(
    call_out: int,
    answers: Mapping[str, str],
    at: datetime,
    wave: int = 1,
    eta: datetime | None = None,
) -> None:
    """userid → state, all asked at `at` and answered five minutes later."""
    for userid, state in answers.items():
        answered = None if state == "asked" else at + timedelta(minutes=5)
        coming = eta if state == "yes" else None
        who = await person_id(userid)
        await db.execute(_ANSWER, call_out, who, wave, state, at, answered, coming)
