"""A call-out played from its launch to its end, minute by minute, with a simulated pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.wiring import Services
from models import db
from models.callouts import CallKind
from models.clock import ManualClock
from services.actors import Actor, find
from services.callout_wish import CallWish
from tests.support.pool import Pool

STEP = timedelta(minutes=1)
_NEWLY = """
SELECT id, person_id, asked_at FROM call_answers WHERE call_out_id = $1 AND id > $2 ORDER BY id
"""
_NAMES = "SELECT id, name, staff_no, unit_id FROM persons"
_CALL = "SELECT * FROM call_outs WHERE id = $1"


@dataclass
class Night:
    """What happened. `minutes` are: minute → (asked, taken)."""

    call_out: int
    launched_at: datetime
    eligible: int
    minutes: dict[int, tuple[int, int]] = field(default_factory=dict)
    row: db.Row = field(default_factory=dict)

    def after(self, what: str) -> timedelta | None:
        """How long after the launch `full_at` or `short_at` was."""
        at: datetime | None = self.row[what]
        return None if at is None else at - self.launched_at

    @property
    def asked(self) -> int:
        return self.minutes[max(self.minutes)][0]


@dataclass
class Watch:
    """Plays one call-out: the engine's tick, who is newly asked, and who answers by now."""

    services: Services
    clock: ManualClock
    pool: Pool
    night: Night
    actors: Mapping[int, Actor]
    last: int = 0

    async def minute(self) -> None:
        calls, night = self.services.call_outs.call_outs, self.night
        await calls.run_due()
        report_at = night.row["report_at"]
        for row in await db.fetch(_NEWLY, night.call_out, self.last):
            self.last = row["id"]
            self.pool.ask(row["person_id"], row["asked_at"], report_at)
        night.row = await _row(night.call_out)
        for due in self.pool.due(self.clock.now()) if night.row["state"] == "asking" else ():
            actor = self.actors[due.person_id]
            await calls.answer(night.call_out, actor, due.said.value, due.eta)
        night.row = await _row(night.call_out)
        passed = (self.clock.now() - night.launched_at) // STEP
        night.minutes[passed] = (len(self.pool.asked), night.row["taken"])


def wish(report_at: datetime, needed: int) -> CallWish:
    """So many ICU nurses at 楼东, for eight hours."""
    return CallWish(
        kind=CallKind.VOLUNTARY,
        place="楼东",
        needed=needed,
        report_at=report_at,
        ends_at=report_at + timedelta(hours=8),
        skill="icu",
    )


async def play(
    services: Services, clock: ManualClock, pool: Pool, needed: int, watched: int = 120
) -> Night:
    """HR asks for ICU nurses at 楼东 in two hours; until it is full or its time has come.

    After `watched` minutes nobody answers any more, and the clock is moved to the end at once.
    """
    head = await find("wecom", "song")
    assert head is not None
    calls = services.call_outs.call_outs
    wanted = wish(clock.now() + timedelta(hours=2), needed)
    eligible = (await calls.preview(head, wanted)).eligible
    call_out = await calls.launch(head, wanted)
    night = Night(call_out, clock.now(), eligible, row=await _row(call_out))
    watch = Watch(services, clock, pool, night, await _actors())
    while night.row["state"] == "asking":
        await watch.minute()
        clock.advance(STEP if len(night.minutes) < watched else wanted.report_at - clock.now())
    return night


async def _row(call_out: int) -> db.Row:
    found = await db.fetch_one(_CALL, call_out)
    assert found is not None
    return found


async def _actors() -> dict[int, Actor]:
    rows = await db.fetch(_NAMES)
    return {
        row["id"]: Actor(row["id"], row["name"], row["staff_no"], row["unit_id"]) for row in rows
    }
