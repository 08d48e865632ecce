"""Call-outs of the sample hospital: one that is over, a drill of last month, and one that is full.

The rows are as the engine would have left them; nobody's phone rings for them. What the running
drill does when its time has come is the engine's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import db
from models.callouts import AnswerState, CallKind, CallState
from services.callout_wish import place_key

LAUNCHER = "S0003"
ICU, CARDIOLOGY = "S1", "S2"

_CALL_OUT = """
INSERT INTO call_outs (by_id, unit_id, kind, place, place_key, skill, reason, needed, taken, state,
                       report_at, ends_at, launched_at, wave, next_wave_at, full_at, closed_at)
SELECT p.id, p.unit_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $14, $15
  FROM persons p WHERE p.staff_no = $1 RETURNING id
"""
_ANSWER = """
INSERT INTO call_answers (call_out_id, person_id, wave, state, asked_at, answered_at, eta)
SELECT $1, id, 1, $3, $4, $5, $6 FROM persons WHERE staff_no = $2
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A call-out, `ago` before now. `answers` are one letter per nurse from `first` on: yes, Late,
    no, gave Back, Silent."""

    kind: CallKind
    state: CallState
    place: str
    skill: str
    reason: str
    ago: timedelta
    answers: Sequence[tuple[str, str]]


_OVER = timedelta(days=34)
_STORIES = (
    Told(
        CallKind.VOLUNTARY,
        CallState.ENDED,
        "楼东",
        "nurse",
        "旅游大巴事故",
        _OVER,
        [(ICU, "ynyyns"), (CARDIOLOGY, "yLb")],
    ),
    Told(
        CallKind.DRILL,
        CallState.ENDED,
        "急诊大厅",
        "icu",
        "十一月演练",
        timedelta(days=20),
        [(ICU, "snyLyysnyysn")],
    ),
    Told(
        CallKind.DRILL,
        CallState.FULL,
        "门诊楼",
        "nurse",
        "十二月演练",
        timedelta(minutes=20),
        [(ICU, "yyLnysnysysn"), (CARDIOLOGY, "yns")],
    ),
)
_STATES = {
    "y": AnswerState.YES,
    "L": AnswerState.YES,
    "n": AnswerState.NO,
    "b": AnswerState.LEFT,
    "s": AnswerState.STOOD_DOWN,
}


async def seed_call_outs(now: datetime) -> None:
    """What is there stays."""
    if await db.fetch_value("SELECT EXISTS (SELECT 1 FROM call_outs)"):
        return
    async with db.transaction():
        for told in _STORIES:
            await _seed(told, now)


async def _seed(told: Told, now: datetime) -> None:
    launched = now - told.ago
    report = launched + timedelta(minutes=90)
    letters = "".join(some for _, some in told.answers)
    taken = letters.count("y") + letters.count("L")
    over = told.state is CallState.ENDED
    call_out = await db.fetch_value(
        _CALL_OUT,
        LAUNCHER,
        str(told.kind),
        told.place,
        place_key(told.kind, told.place),
        told.skill,
        told.reason,
        taken,
        taken,
        str(told.state),
        report,
        report + timedelta(hours=8),
        launched,
        None if over else report,
        launched + timedelta(minutes=len(letters)),
        report if over else None,
    )
    minute = 0
    for prefix, some in told.answers:
        for number, letter in enumerate(some, start=2):
            minute += 1
            await _answered(call_out, f"{prefix}{number:03}", letter, launched, report, minute)


async def _answered(
    call_out: int, staff_no: str, letter: str, launched: datetime, report: datetime, minute: int
) -> None:
    state = _STATES[letter]
    silent = state is AnswerState.STOOD_DOWN
    eta = report + timedelta(minutes=15) if letter == "L" else report
    await db.execute(
        _ANSWER,
        call_out,
        staff_no,
        str(state),
        launched,
        None if silent else launched + timedelta(minutes=minute),
        eta if state is AnswerState.YES else None,
    )
