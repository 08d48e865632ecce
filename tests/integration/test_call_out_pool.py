"""Two hundred nurses within two hours out of a pool of five thousand, by a recorded answer curve;
and where that cannot be, it is said early and with numbers.

No phones: the engine's own tick and answers, on a clock that is moved minute by minute.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from tests.support import call_night, pool
from tests.support.answer_curves import CURVES
from tests.support.hospital import START
from tests.support.pool import Pool

STAFF, NEEDED = 5_000, 200
# Whom no call may reach: without skill or licence, nursing a child, on leave, at work then.
_MUST_NOT = """
SELECT p.staff_no FROM call_answers a JOIN persons p ON p.id = a.person_id
 WHERE a.call_out_id = $1 AND (
       NOT p.skills ? 'icu' OR p.protected_until IS NOT NULL
       OR EXISTS (SELECT 1 FROM licences l WHERE l.person_id = p.id AND l.valid_to < $2)
       OR EXISTS (SELECT 1 FROM roster_cells c WHERE c.person_id = p.id AND c.day = $2
                     AND c.codes::text ~ '年休|P'))
"""


@pytest.mark.parametrize(
    ("curve", "staff", "needed"), [("night_drill", STAFF, NEEDED), ("typical_day", 1_500, 60)]
)
async def test_two_hundred_come_within_two_hours(
    services: Services, clock: ManualClock, curve: str, staff: int, needed: int
) -> None:
    await pool.fill(staff, START.date(), START)
    night = await call_night.play(services, clock, Pool(CURVES[curve]), needed)
    assert night.row["state"] == "full", night.minutes
    full_after = night.after("full_at")
    assert full_after is not None
    assert full_after < timedelta(hours=2)
    assert night.row["taken"] == needed
    assert night.row["short_at"] is None
    answers = await _answers(night.call_out)
    assert answers["yes"] == needed
    assert "asked" not in answers  # the silent were stood down
    assert night.asked < night.eligible / 2  # and half of the house was left in peace
    assert await db.fetch(_MUST_NOT, night.call_out, START.date()) == []


async def test_that_it_cannot_be_is_said_early(services: Services, clock: ManualClock) -> None:
    await pool.fill(STAFF, START.date(), START)
    night = await call_night.play(services, clock, Pool(CURVES["pessimistic"]), NEEDED, watched=45)
    assert night.row["state"] == "ended"
    assert 0 < night.row["taken"] < NEEDED
    said_after = night.after("short_at")
    assert said_after is not None
    assert said_after <= timedelta(minutes=15)  # of a hundred and twenty
    told = "SELECT count(*) FROM messages WHERE purpose = 'callouts.told' AND subject_id = $1"
    assert await db.fetch_value(told, night.call_out) == 2  # that it is short, and how it ended
    # Nobody who might have come was left unasked, except who could not be there any more.
    assert night.asked > 0.75 * night.eligible
    assert (await _answers(night.call_out))["yes"] == night.row["taken"]


async def _answers(call_out: int) -> dict[str, int]:
    rows = await db.fetch(
        "SELECT state, count(*) AS people FROM call_answers WHERE call_out_id = $1 GROUP BY state",
        call_out,
    )
    return {row["state"]: row["people"] for row in rows}
