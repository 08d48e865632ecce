"""One candidate's case: requirements beside the CV, interviews, scores, results, all events."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import db, sealed
from models.candidates import ChatState
from models.interviews import OPEN, InterviewState
from services import chats, invitation_texts
from services.actors import Actor
from services.candidate_records import EMAIL, NAME, PHONE, PROFILE
from services.console.case_timeline import Event, timeline
from services.console.recruiting import Sight, sight
from services.interview_facts import opened_points, plain
from services.outcome_facts import FACTS, TEXT
from services.refusals import Refusal
from services.score_notes import ScoreNote, notes_of
from services.task_facts import said_of

_BLANK = re.compile(r"\{[^{}]*\}")
_CASE = """
SELECT a.id, a.candidate_id, a.posting_id, a.stage, a.profile, a.match_points, a.matched_at,
       m.name AS matched_by, c.name, c.phone, c.email, c.title, c.source, c.opted_out_at,
       c.keep_until, c.pool_until, p.title AS post, p.code, p.state AS posting_state, p.unit_id,
       p.match_rules, p.documents
  FROM applications a JOIN candidates c ON c.id = a.candidate_id
  JOIN postings p ON p.id = a.posting_id LEFT JOIN persons m ON m.id = a.matched_by_id
 WHERE c.erased_at IS NULL AND {where}
 ORDER BY a.id DESC LIMIT 1
"""
_INTERVIEWS = """
SELECT i.id, i.state, i.decline_reason, i.invited_at, i.confirmed_at, i.ended_at, i.result_due_at,
       i.result_provisional, i.queue_no, s.starts_at, s.place, s.group_name
  FROM interviews i LEFT JOIN slots s ON s.id = i.slot_id
 WHERE i.application_id = $1 AND ($2 OR i.state IN ('confirmed', 'held'))
 ORDER BY i.id DESC
"""
_OUTCOMES = """
SELECT o.id, o.interview_id, o.kind, o.state, o.text, o.facts, o.prepared_at, o.send_after,
       o.sent_at, o.choice, o.rating, p.name AS prepared_by
  FROM outcomes o JOIN persons p ON p.id = o.prepared_by_id
 WHERE o.interview_id = ANY($1) ORDER BY o.id DESC
"""
_FREE = """
SELECT id, starts_at, place, group_name, capacity - taken AS seats FROM slots
 WHERE posting_id = $1 AND state = 'open' AND taken < capacity AND starts_at > $2
 ORDER BY starts_at, group_name, id LIMIT 60
"""
_OTHERS = """
SELECT a.id, p.title AS post, a.stage FROM applications a JOIN postings p ON p.id = a.posting_id
 WHERE a.candidate_id = $1 AND a.id <> $2 ORDER BY a.id DESC
"""


@dataclass(frozen=True, slots=True)
class MatchLine:
    """`point` is the sentence that can be ticked, "" while the CV lacks what it needs."""

    requirement: str
    point: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class Scored:
    interviewer: str
    note: ScoreNote


@dataclass(frozen=True, slots=True)
class Result:
    """`text` and `facts` are those of an outcome."""

    row: db.Row
    text: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """What is not for the actor's eyes is empty: of all but the first block only `interviews`,
    `scores` and `results` are filled for a manager of the unit."""

    sight: Sight
    id: int
    candidate_id: int
    posting_id: int
    post: str
    name: str
    stage: str
    interviews: Sequence[db.Row]
    scores: Sequence[Scored]
    results: Sequence[Result]
    row: Mapping[str, Any] | None = None
    profile: Mapping[str, Any] | None = None
    match: Sequence[MatchLine] = ()
    own_points: Sequence[str] = ()
    free: Sequence[db.Row] = ()
    others: Sequence[db.Row] = ()
    events: Sequence[Event] = ()
    chat: Mapping[str, str] | None = None

    @property
    def full(self) -> bool:
        return self.sight is Sight.FULL

    @property
    def open_interview(self) -> db.Row | None:
        return next((row for row in self.interviews if row["state"] in OPEN), None)

    @property
    def declined(self) -> db.Row | None:
        """The newest interview, if they declined it."""
        newest = next(iter(self.interviews), None)
        return newest if newest and newest["state"] == InterviewState.DECLINED else None

    @property
    def absent(self) -> db.Row | None:
        """The newest interview, if somebody noted that they did not come."""
        newest = next(iter(self.interviews), None)
        return newest if newest and newest["state"] == InterviewState.NO_SHOW else None

    @property
    def ended(self) -> db.Row | None:
        """The interview a result can be said of."""
        states = (InterviewState.CONFIRMED, InterviewState.HELD)
        over = (row for row in self.interviews if row["state"] in states and row["ended_at"])
        return next(over, None)

    @property
    def strengths(self) -> list[str]:
        """What interviewers wrote down in the candidate's favour, to choose from."""
        return list(dict.fromkeys(one.note.strength for one in self.scores if one.note.strength))

    @property
    def open_result(self) -> Result | None:
        standing = {"asked", "waiting", "sent"}
        return next((one for one in self.results if one.row["state"] in standing), None)


async def of_candidate(actor: Actor, candidate_id: int, wanted: int | None, now: datetime) -> Case:
    """Their newest application, or the one `wanted`. Raises Refusal("not_allowed")."""
    where = "c.id = $1" if wanted is None else "c.id = $1 AND a.id = $2"
    args = (candidate_id,) if wanted is None else (candidate_id, wanted)
    return await _case(actor, await db.fetch_one(_CASE.format(where=where), *args), now)


async def of_application(actor: Actor, application_id: int, now: datetime) -> Case:
    """Raises Refusal("not_allowed"), also where there is none."""
    row = await db.fetch_one(_CASE.format(where="a.id = $1"), application_id)
    return await _case(actor, row, now)


async def _case(actor: Actor, row: db.Row | None, now: datetime) -> Case:
    if row is None:
        raise Refusal("not_allowed")
    seen = await sight(actor, row["posting_id"], row["unit_id"])
    full = seen is Sight.FULL
    interviews = await db.fetch(_INTERVIEWS, row["id"], full)
    if not full and not interviews:
        raise Refusal("not_allowed")
    ids = [interview["id"] for interview in interviews]
    first: dict[str, Any] = {
        "sight": seen,
        "id": row["id"],
        "candidate_id": row["candidate_id"],
        "posting_id": row["posting_id"],
        "post": row["post"],
        "name": sealed.open_sealed(NAME, row["name"]),
        "stage": row["stage"],
        "interviews": interviews,
        "scores": await _scores(ids),
        "results": await _results(ids),
    }
    return Case(**first, **(await _private(row, now) if full else {}))


async def _private(row: db.Row, now: datetime) -> dict[str, Any]:
    """What only the HR office sees."""
    profile = sealed.open_json(PROFILE, row["profile"]) if row["profile"] else {}
    ticked = opened_points(row["match_points"])
    match = [_line(rule, profile, ticked) for rule in plain(row["match_rules"])]
    listed = {line.point for line in match}
    return {
        "row": _masked(row),
        "profile": profile,
        "match": match,
        "own_points": [point for point in ticked if point not in listed],
        "free": await db.fetch(_FREE, row["posting_id"], now),
        "others": await db.fetch(_OTHERS, row["candidate_id"], row["id"]),
        "events": await timeline(row["id"], row["candidate_id"]),
        "chat": await _chat(row["candidate_id"], now),
    }


async def _chat(candidate_id: int, now: datetime) -> Mapping[str, str] | None:
    """Who has their WeChat chat; None when they never wrote there."""
    chat = (await chats.of_candidates([candidate_id])).get(candidate_id)
    if chat is None or chat.said_at is None:
        return None
    state, who = said_of(chat, now)
    over = chat.standing(now) is ChatState.ENDED
    return {"state": "ended" if over and not state else state, "who": who}


def _line(rule: Mapping[str, Any], profile: Mapping[str, Any], ticked: Sequence[str]) -> MatchLine:
    point = next(iter(invitation_texts.filled([rule], profile)), "")
    asked = str(rule.get("requirement", "")) or _BLANK.sub("…", str(rule.get("text", "")))
    return MatchLine(asked, point, point in ticked)


def _masked(row: db.Row) -> dict[str, Any]:
    """Numbers and addresses are dialled from a task, which records who saw them."""
    phone = sealed.open_sealed(PHONE, row["phone"]) if row["phone"] else ""
    email = sealed.open_sealed(EMAIL, row["email"]) if row["email"] else ""
    sealed_columns = {"name", "phone", "email", "profile", "match_points"}
    kept = {key: value for key, value in row.items() if key not in sealed_columns}
    return {**kept, "tail": phone[-4:], "mail": email.partition("@")[2]}


async def _scores(interviews: Sequence[int]) -> list[Scored]:
    found = []
    for interview in interviews:
        notes = await notes_of(interview)
        names = await db.fetch("SELECT id, name FROM persons WHERE id = ANY($1)", list(notes))
        by_id = {row["id"]: row["name"] for row in names}
        found += [Scored(by_id[person], note) for person, note in notes.items()]
    return found


async def _results(interviews: Sequence[int]) -> list[Result]:
    return [
        Result(
            {key: value for key, value in row.items() if key not in {"text", "facts"}},
            sealed.open_sealed(TEXT, row["text"]) if row["text"] else "",
            sealed.open_json(FACTS, row["facts"]) if row["facts"] else {},
        )
        for row in await db.fetch(_OUTCOMES, list(interviews))
    ]
