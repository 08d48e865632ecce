"""Small answers to candidates, and the tasks that go with them when a person has to take over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from models.clock import Clock
from services.candidate_ports import Tasks
from services.interview_facts import InterviewView
from services.interview_words import CLARIFY, REPLY, WHICH
from services.ledger import Ledger
from services.recruiting_access import recruiters
from services.working_days import WorkingTime

PHRASES = "candidates/phrases"
LONGEST = 500  # characters of a candidate's words that a task shows

_RECRUITER = """
SELECT p.recruiter_id FROM applications a JOIN postings p ON p.id = a.posting_id
 WHERE a.candidate_id = $1 ORDER BY a.id DESC LIMIT 1
"""


class Replies:
    def __init__(
        self,
        ledger: Ledger,
        tasks: Tasks,
        catalogue: Catalogue,
        working_time: WorkingTime,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.tasks = tasks
        self.catalogue = catalogue
        self.working_time = working_time
        self.clock = clock

    def words(self, phrase: str, **facts: Any) -> str:
        return self.catalogue.phrase(PHRASES, phrase, **facts)

    def due(self) -> datetime:
        """Until when a person answers (C03): said to the candidate, asked of the person."""
        return self.working_time.answer_due(self.clock.now()).at

    async def say(self, candidate_id: int, text: str, interview_id: int = 0) -> None:
        await self.ledger.notify_candidate(
            REPLY, interview_id, candidate_id, context={"text": text}
        )

    async def clarify(self, view: InterviewView) -> None:
        await self.ledger.notify_candidate(
            CLARIFY, view.interview_id, view.candidate_id, context={}
        )

    async def which(self, views: list[InterviewView], text: str) -> None:
        """Ask which interview is meant; the words wait in the question's own message."""
        context = {"interviews": [view.interview_id for view in views], "text": text}
        await self.ledger.notify_candidate(
            WHICH, views[0].interview_id, views[0].candidate_id, context=context
        )

    async def task(
        self,
        kind: str,
        candidate_id: int | None,
        words: str,
        *,
        view: InterviewView | None = None,
        note: str = "",
        key: str | None = None,
        contact: int | None = None,
    ) -> None:
        """For the post's recruiter, else anybody who recruits; due within the promised time.

        `contact` is the chat of somebody who is no candidate.
        """
        await self.tasks.open(
            kind,
            person=await self._person(candidate_id, view),
            candidate_id=candidate_id,
            interview_id=view.interview_id if view else None,
            detail={"words": words[:LONGEST], "note": note, **_of(contact)},
            key=key,
            due_at=self.due(),
        )

    async def _person(self, candidate_id: int | None, view: InterviewView | None) -> int:
        if view is not None:
            return view.recruiter_id
        found = None
        if candidate_id is not None:
            found = await db.fetch_value(_RECRUITER, candidate_id)
        if found is not None:
            return int(found)
        able = await recruiters()
        if not able:
            raise RuntimeError("nobody recruits: give somebody a grant in the HR office")
        return able[0]


def _of(contact: int | None) -> dict[str, int]:
    return {} if contact is None else {"contact": contact}
