"""People with skills and licences, and what a launcher wishes."""

from __future__ import annotations

from datetime import datetime, timedelta

from models import db
from models.callouts import CallKind
from models.clock import ManualClock
from services.actors import by_id
from services.callout_answers import Answer, Answered
from services.callout_wish import CallWish
from services.callouts import CallOuts

# Every nurse of a ward can do intensive care and has a valid licence.
SKILLS = (
    "UPDATE persons SET skills = '[\"icu\"]' FROM units u "
    "WHERE u.id = persons.unit_id AND u.kind = 'ward'",
    "DELETE FROM licences WHERE kind = 'nurse'",
    "INSERT INTO licences (person_id, kind, valid_to, created_at) "
    "SELECT id, 'nurse', '2029-12-31', '2026-01-01' FROM persons WHERE skills::text LIKE '%icu%'",
)


async def give_skills() -> None:
    for statement in SKILLS:
        await db.execute(statement)


def wish(clock: ManualClock, needed: int = 2, **more: object) -> CallWish:
    """Two intensive care nurses at 楼东 in two hours."""
    report_at = clock.now() + timedelta(hours=2)
    values: dict[str, object] = {
        "kind": CallKind.VOLUNTARY,
        "place": "楼东",
        "needed": needed,
        "skill": "icu",
        "report_at": report_at,
        "ends_at": report_at + timedelta(hours=4),
    }
    return CallWish(**{**values, **more})  # type: ignore[arg-type]


async def answered(
    call_outs: CallOuts, call_out_id: int, person: int, answer: Answer, eta: datetime | None = None
) -> Answered:
    by = await by_id(person)
    assert by is not None
    return await call_outs.answer(call_out_id, by, answer, eta)


async def asked(call_out_id: int) -> list[int]:
    """Who is being asked and silent, in the order of asking."""
    rows = await db.fetch(
        "SELECT person_id FROM call_answers "
        "WHERE call_out_id = $1 AND state = 'asked' ORDER BY id",
        call_out_id,
    )
    return [row["person_id"] for row in rows]
