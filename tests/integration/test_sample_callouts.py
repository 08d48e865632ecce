"""The demo's call-outs: stories that hold together, and a running drill that ends as any other."""

from __future__ import annotations

from datetime import timedelta

from bot.sample_callouts import seed_call_outs
from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.actors import find
from services.console import callouts

_WRONG = """
SELECT c.id FROM call_outs c WHERE c.taken <> (
    SELECT count(*) FROM call_answers a WHERE a.call_out_id = c.id AND a.state = 'yes')
    OR c.full_at < (SELECT max(answered_at) FROM call_answers a WHERE a.call_out_id = c.id)
"""


async def test_the_stories_hold_together_and_the_drill_ends(
    services: Services, clock: ManualClock
) -> None:
    await seed_call_outs(clock.now())
    await seed_call_outs(clock.now())
    qin = await find("wecom", "qin")
    assert qin is not None
    rows = await callouts.listed(qin)
    assert [row["state"] for row in rows] == ["full", "ended", "ended"]
    assert [row["asked"] for row in rows] == [15, 12, 9]
    assert await db.fetch(_WRONG) == []
    fair = await callouts.fairness(qin, clock.now())
    assert {row.accepted for row in fair.people} == {0, 1}
    calls = services.call_outs.call_outs
    await calls.run_due()
    assert (await callouts.listed(qin))[0]["state"] == "full"
    clock.advance(timedelta(minutes=75))
    await calls.run_due()
    assert {row["state"] for row in await callouts.listed(qin)} == {"ended"}
    said = await db.fetch("SELECT purpose FROM messages WHERE purpose LIKE 'callouts.%'")
    assert [row["purpose"] for row in said] == ["callouts.told"]
