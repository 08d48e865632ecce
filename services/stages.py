"""How far an application has come, moved by hand: what nobody's interview or result moves.

Invited, interviewed, offered and declined follow from what happens. By hand somebody is
shortlisted or not, is noted as no longer interested (said on the telephone, say), or is again.
"""

from __future__ import annotations

from collections.abc import Mapping

from models import db
from models.candidates import Stage
from models.clock import Clock
from models.interviews import OPEN
from services import audit
from services.actors import Actor
from services.recruiting_access import require_recruiting
from services.refusals import Refusal

BY_HAND: Mapping[Stage, tuple[Stage, ...]] = {
    Stage.NEW: (Stage.SHORTLISTED, Stage.WITHDRAWN),
    Stage.SHORTLISTED: (Stage.NEW, Stage.WITHDRAWN),
    Stage.INTERVIEWED: (Stage.WITHDRAWN,),
    Stage.OFFERED: (Stage.WITHDRAWN,),
    Stage.WITHDRAWN: (Stage.SHORTLISTED,),
}

_OPEN = """
SELECT id FROM interviews WHERE application_id = $1 AND state = ANY($2) LIMIT 1
"""
_RESULT = """
SELECT 1 FROM outcomes o JOIN interviews i ON i.id = o.interview_id
 WHERE i.application_id = $1 AND o.state IN ('asked', 'waiting') LIMIT 1
"""


async def move(by: Actor, application_id: int, before: Stage, after: Stage, clock: Clock) -> None:
    """From the stage that was seen, in a transaction of its own.

    Raises Refusal: not_allowed, stage_interview (an interview is open: it moves them),
    stage_result (a letter is on its way, and would move them again), stage_changed (it is another
    by now), stage_not_by_hand.
    """
    posting = await db.fetch_value(
        "SELECT posting_id FROM applications WHERE id = $1", application_id
    )
    if posting is None:
        raise Refusal("not_allowed")
    await require_recruiting(by, posting)
    if after not in BY_HAND.get(before, ()):
        raise Refusal("stage_not_by_hand")
    async with db.transaction():
        row = await db.fetch_one(
            "SELECT stage FROM applications WHERE id = $1 FOR UPDATE", application_id
        )
        if row is None or row["stage"] != before:
            raise Refusal("stage_changed")
        if await db.fetch_value(_OPEN, application_id, [state.value for state in OPEN]):
            raise Refusal("stage_interview")
        if await db.fetch_value(_RESULT, application_id):
            raise Refusal("stage_result")
        await db.execute("UPDATE applications SET stage = $2 WHERE id = $1", application_id, after)
        await audit.record(
            clock.now(),
            by,
            "application.moved",
            f"applications:{application_id}",
            before=before,
            after=after,
        )
