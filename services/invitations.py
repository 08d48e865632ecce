"""Inviting: HR ticks why this person fits, sees the text, and one seat is held for the answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models import db, sealed
from models.candidates import Stage
from models.clock import Clock
from models.interviews import OPEN
from models.ledger import Priority
from models.postings import PostingState
from services import audit, interview_seats, invitation_texts
from services.actors import Actor
from services.candidate_facts import complete, facts_for
from services.interview_answers import INVITATION, INVITATION_NAG, POLICY, InterviewAnswers
from services.interview_facts import InterviewView, plain
from services.invitation_texts import InvitationPreview, InvitationTexts, of_view
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import require_recruiting
from services.refusals import Refusal

EXPIRED = "interviews.expired"
MOST_POINTS = 5
LONGEST_POINT = 60  # characters

_TICK = """
UPDATE applications SET match_points = $2, matched_by_id = $3, matched_at = $4 WHERE id = $1
"""
_INVITE = """
INSERT INTO interviews (ref, application_id, slot_id, state, invited_by_id, invited_at, answer_by)
VALUES ($1, $2, $3, 'invited', $4, $5, $6)
ON CONFLICT (application_id) WHERE state IN ('invited', 'choosing', 'confirmed') DO NOTHING
RETURNING id
"""
_STANDING = """
SELECT p.name, i.invited_at FROM interviews i JOIN persons p ON p.id = i.invited_by_id
 WHERE i.application_id = $1 AND i.state = ANY($2)
"""
_SILENT = """
SELECT id FROM interviews
 WHERE state IN ('invited', 'choosing') AND answer_by <= $1 ORDER BY id LIMIT 200
"""
_TOLD = "UPDATE candidates SET told_at = $2 WHERE id = $1 AND told_at IS NULL"
_STARTS = "SELECT starts_at FROM slots WHERE id = $1"


class Invitations:
    def __init__(self, answers: InterviewAnswers, texts: InvitationTexts, clock: Clock) -> None:
        self.answers = answers
        self.texts = texts
        self.clock = clock
        self.ledger = answers.ledger
        self.ledger.purposes.add(
            [
                Purpose(INVITATION, self._facts, Priority.DECISION, useful_for=answers.patience),
                Purpose(INVITATION_NAG, self._facts, Priority.REMINDER),
                Purpose(EXPIRED, self._expired_facts, Priority.DECISION),
            ]
        )

    async def proposals(self, by: Actor, application_id: int) -> list[str]:
        """The posting's match points with the candidate's facts filled in, for HR to tick."""
        row = await self._allowed(by, application_id)
        body = row["profile"]
        profile = sealed.open_json("applications.profile", body) if body else {}
        return invitation_texts.filled(plain(row["match_rules"]), profile)

    async def tick(self, by: Actor, application_id: int, points: Sequence[str]) -> None:
        """HR says which points make this candidate fit (C01); they will stand in the invitation.

        Raises Refusal: no_match_point where none is left, match_point_too_long, not_allowed.
        """
        await self._allowed(by, application_id, lock=True)
        kept = list(dict.fromkeys(" ".join(point.split()) for point in points if point.strip()))
        if not kept:
            raise Refusal("no_match_point")
        if len(kept) > MOST_POINTS or max(map(len, kept)) > LONGEST_POINT:
            raise Refusal("match_point_too_long", most=MOST_POINTS, length=LONGEST_POINT)
        now = self.clock.now()
        body = sealed.seal_json("applications.match_points", kept)
        await db.execute(_TICK, application_id, body, by.person_id, now)
        subject = f"applications:{application_id}"
        await audit.record(now, by, "application.matched", subject, points=len(kept))

    async def preview(self, by: Actor, application_id: int, slot_id: int) -> InvitationPreview:
        """The text that would be sent, or what is missing. Changes nothing."""
        row = await self._allowed(by, application_id)
        return await self.texts.preview(row, slot_id, by.name)

    async def invite(self, by: Actor, application_id: int, slot_id: int) -> int:
        """Hold a seat and ask the candidate; the interview's id.

        Raises Refusal: no_match_point, invitation_incomplete(missing), already_invited(by, at),
        slot_taken, candidate_opted_out, candidate_erased, posting_closed, not_allowed.
        """
        row = await self._allowed(by, application_id, lock=True)
        await self._check(row)
        await self._check_text(row, slot_id, by)
        now = self.clock.now()
        await interview_seats.take(slot_id, row["posting_id"], now)
        starts: datetime = await db.fetch_value(_STARTS, slot_id)
        until = min(now + self.answers.patience, starts)
        interview: int | None = await db.fetch_value(
            _INVITE, secrets.token_hex(16), application_id, slot_id, by.person_id, now, until
        )
        if interview is None:
            raise await self._standing(application_id)
        await self._ask(row, interview, until)
        await audit.record(now, by, "interview.invited", f"interviews:{interview}", slot=slot_id)
        return interview

    async def cancel(self, by: Actor, interview_id: int, why: str = "") -> None:
        """Take an invitation or a confirmed interview back; the candidate is told, with `why`.

        Raises Refusal: interview_<state> when it is over, not_allowed.
        """
        seen = await self.answers.view(interview_id)
        await require_recruiting(by, seen.posting_id)
        await self.answers.cancel(interview_id, by=by, why=why.strip())

    async def expire_due(self) -> int:
        """The tick interviews.expire: seats held for the silent are given back, and HR is told."""
        rows = await db.fetch(_SILENT, self.clock.now())
        done = 0
        for row in rows:
            async with db.transaction():
                if await self.answers.expire(row["id"]):
                    await self._tell_expired(row["id"])
                    done += 1
        return done

    # Small steps.

    async def _allowed(self, by: Actor, application_id: int, *, lock: bool = False) -> db.Row:
        row = await invitation_texts.application(application_id, lock=lock)
        await require_recruiting(by, row["posting_id"])
        return row

    async def _check(self, row: db.Row) -> None:
        if row["erased_at"] is not None:
            raise Refusal("candidate_erased")
        if row["opted_out_at"] is not None:
            raise Refusal("candidate_opted_out")
        if row["posting_state"] != PostingState.OPEN:
            raise Refusal("posting_closed")
        standing = await self._standing_row(row["id"])
        if standing is not None:
            raise _already(standing)
        if not row["match_points"]:
            raise Refusal("no_match_point")

    async def _check_text(self, row: db.Row, slot_id: int, by: Actor) -> None:
        missing = complete(await self.texts.of_application(row, slot_id, by.name))
        if missing:
            raise Refusal("invitation_incomplete", missing=list(missing))

    async def _ask(self, row: db.Row, interview: int, until: datetime) -> None:
        """The first message a candidate gets carries the notice; the fact is kept with it."""
        candidate = row["candidate_id"]
        first = bool(await db.execute(_TOLD, candidate, self.clock.now()))
        await interview_seats.set_stage(row["id"], Stage.INVITED)
        await self.answers.asks.open_to_candidate(
            INVITATION,
            interview,
            candidate,
            policy=POLICY,
            deadline=until,
            context={"notice": self.texts.notice(row, first)},
            once=f"{INVITATION}:{interview}",
        )

    async def _standing_row(self, application_id: int) -> db.Row | None:
        return await db.fetch_one(_STANDING, application_id, [str(state) for state in OPEN])

    async def _standing(self, application_id: int) -> Refusal:
        row = await self._standing_row(application_id)
        return _already(row) if row else Refusal("slot_taken")

    async def _tell_expired(self, interview: int) -> None:
        seen = await self.answers.view(interview)
        people = list(dict.fromkeys([seen.recruiter_id, seen.invited_by]))
        await self.ledger.notify(EXPIRED, interview, people, once=f"{EXPIRED}:{interview}")

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        """An invitation stands while the seat is held and the question open."""
        views = await self.answers.facts.by_ids([subject.subject_id for subject in subjects])
        return {
            subject.message_id: _invitation(views[subject.subject_id], subject.context)
            for subject in subjects
            if subject.subject_id in views
        }

    async def _expired_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.answers.facts.by_ids([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                {
                    "address": view.address,
                    "post": view.post,
                    "invited_at": view.invited_at,
                    "offered": view.offered_at is not None,
                },
                bool(view.address),
                "the candidate was erased",
            )
            for subject in subjects
            if (view := views.get(subject.subject_id))
        }


def _already(row: db.Row) -> Refusal:
    return Refusal("already_invited", by=row["name"], at=row["invited_at"])


def _invitation(view: InterviewView, context: Mapping[str, Any]) -> Facts:
    if view.state != "invited" or view.starts_at is None:
        return Facts({}, stands=False, why_not=f"the interview is {view.state}")
    facts = of_view(view)
    if missing := complete(facts):
        return Facts({}, broken=f"facts are missing: {', '.join(missing)}")
    return Facts({**facts_for(facts), "notice": context.get("notice", "")})
