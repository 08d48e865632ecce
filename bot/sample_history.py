"""What happened at the sample hospital before the bot came: interviews that are over.

Such interviews are rows without a conversation; from their end on, everything goes its usual way.
"""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta

from bot.sample_candidates import DOCTOR, HALL, NURSE, RECRUITER, named
from bot.wiring import Services
from models import db, sealed
from models.candidates import Stage
from models.clock import SHANGHAI
from models.outcomes import OutcomeKind
from services.actors import Actor, by_id
from services.score_notes import ScoreNote
from services.working_days import WorkingTime

HEAD = "S2001"  # of the doctors' ward, who sees the candidates
FORMER_POST = "重症医学科护士"
STRENGTH = "医患沟通"
_SLOT = """
INSERT INTO slots (posting_id, starts_at, ends_at, place, capacity, taken)
SELECT id, $2, $3, $4, 2, 2 FROM postings WHERE title = $1 RETURNING id
"""
_INTERVIEWER = "INSERT INTO slot_interviewers (slot_id, person_id) VALUES ($1, $2)"
_INTERVIEW = """
INSERT INTO interviews (ref, application_id, slot_id, state, invited_by_id, invited_at, answer_by,
                        confirmed_at)
VALUES ($1, $2, $3, 'confirmed', $4, $5, $5, $5) RETURNING id
"""
_APPLICATION = """
SELECT a.id FROM applications a JOIN candidates c ON c.id = a.candidate_id
 WHERE c.phone_index = $1
"""
_KEPT = """
UPDATE candidates SET consent_at = $2, pool_consent_at = $2, pool_until = $3 WHERE phone_index = $1
"""


# A post of last year, so that the pool has somebody for a post of this year.
_FORMER_POST = """
INSERT INTO postings (code, title, unit_id, work, recruiter_id, state, opened_at, closed_at)
SELECT 'HL-2025-07', $2, unit_id, work, recruiter_id, 'closed', $3, $4
  FROM postings WHERE title = $1
RETURNING id
"""
_APPLIED_THEN = """
UPDATE applications SET stage = 'declined', posting_id = $2, created_at = $3
 WHERE candidate_id = (SELECT id FROM candidates WHERE phone_index = $1)
"""


async def person(staff_no: str) -> Actor:
    found = await by_id(
        await db.fetch_value("SELECT id FROM persons WHERE staff_no = $1", staff_no)
    )
    assert found is not None
    return found


async def candidate_id(name: str) -> int:
    found: int = await db.fetch_value(
        "SELECT id FROM candidates WHERE phone_index = $1", _index(name)
    )
    return found


async def seed_history(services: Services, working_time: WorkingTime, now: datetime) -> None:
    """白小试 waits for a result, the refusal of 石小试 for a manager, 江小试 is in the pool."""
    recruiter, head = await person(RECRUITER), await person(HEAD)
    slot = await _past_slot(last_working_day(working_time, now), head)
    waiting = await _interview("白小试", slot, recruiter)
    refused = await _interview("石小试", slot, recruiter)
    await services.recruiting.results.ends.tick()
    async with db.transaction():
        await _judged(services, head, waiting, refused)
        await _refuse(services, recruiter, refused)
        await _keep("江小试", now)


async def _judged(services: Services, head: Actor, waiting: int, refused: int) -> None:
    scores = {"专业知识": 9.0, "沟通": 8.0, "应变": 8.0}
    good = ScoreNote(scores, "hire", "心血管疾病诊疗经验扎实", "可以尽快到岗")
    await services.recruiting.results.scorecards.record(head, waiting, good)
    weak = ScoreNote({"专业知识": 5.0, "沟通": 9.0}, "decline", STRENGTH, "经验尚浅")
    await services.recruiting.results.scorecards.record(head, refused, weak)


def last_working_day(working_time: WorkingTime, now: datetime) -> datetime:
    """Ten o'clock on the newest working day before today."""
    day = now.astimezone(SHANGHAI).date() - timedelta(days=1)
    while not working_time.calendar.is_working_day(day):
        day -= timedelta(days=1)
    return datetime.combine(day, time(10, 0), SHANGHAI)


async def _past_slot(starts: datetime, interviewer: Actor) -> int:
    ends = starts + timedelta(minutes=40)
    slot: int = await db.fetch_value(_SLOT, DOCTOR, starts, ends, HALL)
    await db.execute(_INTERVIEWER, slot, interviewer.person_id)
    return slot


async def _interview(name: str, slot: int, by: Actor) -> int:
    application = await db.fetch_value(_APPLICATION, _index(name))
    at = await db.fetch_value("SELECT starts_at FROM slots WHERE id = $1", slot)
    ref, before = secrets.token_hex(16), at - timedelta(days=3)
    made: int = await db.fetch_value(_INTERVIEW, ref, application, slot, by.person_id, before)
    await db.execute(
        "UPDATE applications SET stage = $2, matched_at = $3, matched_by_id = $4 WHERE id = $1",
        application,
        str(Stage.INTERVIEW),
        before,
        by.person_id,
    )
    return made


async def _refuse(services: Services, by: Actor, interview: int) -> None:
    facts = {
        "strength": STRENGTH,
        "requirement": "需要独立值心内科夜班",
        "experience": "以门诊为主",
        "advice": "积累一两年病房值班经验后，欢迎您再来应聘。",
    }
    outcomes = services.recruiting.results.outcomes
    draft = await outcomes.draft(by, interview, OutcomeKind.REJECTED, facts)
    await outcomes.prepare(by, interview, OutcomeKind.REJECTED, facts, draft.text)


async def _keep(name: str, now: datetime) -> None:
    until = (now + timedelta(days=365)).astimezone(SHANGHAI).date()
    index = _index(name)
    await db.execute(_KEPT, index, now, until)
    opened, closed = now - timedelta(days=150), now - timedelta(days=120)
    former = await db.fetch_value(_FORMER_POST, NURSE, FORMER_POST, opened, closed)
    await db.execute(_APPLIED_THEN, index, former, opened)


def _index(name: str) -> str:
    return sealed.ring().index("candidates.phone", named(name).row.phone)
