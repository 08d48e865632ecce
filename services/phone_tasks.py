"""A message read out by telephone: HR is asked to call, and their report is its receipt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from models import db
from models.clock import Clock
from models.policies import Escalate
from services import jobs
from services.actors import Actor
from services.candidate_reach import PHONE
from services.candidate_tasks import REPLIES, CandidateTasks, Task, caller
from services.escalation import Escalation, Silent

INVITATIONS = ("interviews.invitation", "interviews.offer")

_SENT = """
SELECT m.id AS message_id, m.purpose, m.subject_id,
       EXISTS (SELECT 1 FROM asks a WHERE a.message_id = m.id AND a.candidate_id = $2) AS question
  FROM sends s JOIN deliveries d ON d.send_id = s.id JOIN messages m ON m.id = d.message_id
 WHERE s.task_id = $1 AND d.candidate_id = $2
"""
# Whose post it is: the interview the message speaks of, else the candidate's newest application.
_ABOUT = """
SELECT p.recruiter_id, i.id AS interview_id, c.phone IS NOT NULL AS phone
  FROM candidates c
  LEFT JOIN applications a ON a.candidate_id = c.id
  LEFT JOIN postings p ON p.id = a.posting_id
  LEFT JOIN interviews i ON i.application_id = a.id AND i.id = $2
 WHERE c.id = $1 ORDER BY (i.id IS NULL), a.id DESC NULLS LAST LIMIT 1
"""
_TOLD = """
WITH moved AS (
    UPDATE deliveries d SET state = $3::text, reason = $4::text
      FROM sends s
     WHERE s.id = d.send_id AND s.task_id = $1 AND d.candidate_id = $2
       AND d.state IN ('unknown', 'accepted')
    RETURNING d.id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, $3::text, $5, $4::text FROM moved
"""
_CALL = """
WITH made AS (
    INSERT INTO deliveries
        (message_id, candidate_id, channel, address, state, priority, not_before, expires_at)
    SELECT m.id, a.candidate_id, $2::text, a.candidate_id::text, 'queued', m.priority, $3,
           a.deadline
      FROM asks a JOIN messages m ON m.id = a.message_id
     WHERE a.id = ANY($1) AND a.candidate_id IS NOT NULL AND m.withdrawn_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM deliveries d
                        WHERE d.message_id = m.id AND d.channel = $2::text)
    RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'queued', $3, 'nobody answered' FROM made
"""


class Call(StrEnum):
    """How the call that a send asks for stands."""

    OPEN = "open"
    REACHED = "reached"
    MISSED = "missed"
    IMPOSSIBLE = "impossible"  # there is no number


class PhoneTasks:
    def __init__(self, tasks: CandidateTasks, escalation: Escalation, clock: Clock) -> None:
        self.tasks = tasks
        self.clock = clock
        for outcome in (*REPLIES, "told"):
            tasks.on("phone", outcome, self._reached)
        tasks.on("phone", "no_answer", self._missed)
        tasks.on_withdrawn("phone", self._not_needed)
        for purpose in INVITATIONS:
            escalation.on(purpose, Escalate.PHONE, self.call)

    async def ask(self, send: str, candidate_id: int, words: str) -> Call:
        """Have somebody read `words` to the candidate; a repeat opens nothing twice.

        `send` is the key of the send whose delivery the report will settle.
        """
        async with db.transaction():
            sent = await db.fetch_one(_SENT, send, candidate_id)
            subject = sent["subject_id"] if sent else None
            interview = subject if sent and sent["purpose"].startswith("interviews.") else None
            about = await db.fetch_one(_ABOUT, candidate_id, interview)
            if about is None or not about["phone"]:
                return Call.IMPOSSIBLE
            await self.tasks.open(
                "phone",
                person=await caller(about["recruiter_id"]),
                candidate_id=candidate_id,
                interview_id=about["interview_id"],
                detail={
                    "script": spoken(words),
                    "question": bool(sent and sent["question"]),
                    "send": send,
                },
                key=_key(send, candidate_id),
            )
            return await self._state(send, candidate_id)

    async def call(self, silent: Sequence[Silent]) -> None:
        """Nobody answered in writing: the same question once more, by telephone."""
        asks = [ask.ask_id for ask in silent]
        if await db.execute(_CALL, asks, PHONE, self.clock.now()):
            await jobs.enqueue(jobs.DELIVER)

    async def _state(self, send: str, candidate_id: int) -> Call:
        row = await db.fetch_one(
            "SELECT state, outcome FROM candidate_tasks WHERE key = $1", _key(send, candidate_id)
        )
        if row is None or row["state"] != "done":
            return Call.OPEN
        return Call.MISSED if row["outcome"] == "no_answer" else Call.REACHED

    async def _reached(self, task: Task, by: Actor) -> None:  # noqa: ARG002 -- a deed of a task
        answered = task.outcome in REPLIES
        await self._settle(task, "answered" if answered else "accepted", "by telephone")

    async def _missed(self, task: Task, by: Actor) -> None:  # noqa: ARG002 -- a deed of a task
        await self._settle(task, "failed", "nobody picked up")

    async def _not_needed(self, task: Task) -> None:
        await self._settle(task, "withdrawn", "the call was not needed any more")

    async def _settle(self, task: Task, state: str, reason: str) -> None:
        if "send" in task.detail:
            now = self.clock.now()
            await db.execute(_TOLD, task.detail["send"], task.candidate_id, state, reason, now)


def _key(send: str, candidate_id: int) -> str:
    return f"phone:{send}:{candidate_id}"


_ADDRESS = re.compile(r"^.*https?://.*$", re.MULTILINE)
_BY_NUMBER = re.compile(r"[^，。！？；：\n]*回复[“”\"'\s]*\d[^，。！？；\n]*[，。！；]?")


def spoken(words: str) -> str:
    """A message as it is read aloud: without links, and without "reply 1"."""
    plain = _BY_NUMBER.sub("", _ADDRESS.sub("", words))
    return "\n".join(line.strip() for line in plain.splitlines() if line.strip())
