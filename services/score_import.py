"""A sheet of interview scores, compared with the interviews that took place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models import db, sealed
from models.clock import Clock
from services.actors import Actor
from services.candidate_records import PHONE, name_index
from services.import_drafts import Change, Line, Plan, problem_at
from services.score_notes import ScoreNote, merged, notes_of
from services.scorecards import Scorecards
from services.sheets.cells import Sheet
from services.sheets.listing import ListWords
from services.sheets.people import StaffDirectory, StaffRef
from services.sheets.problems import Problem, Severity
from services.sheets.scores import ScoreRow, parse_scores

_STAFF = "SELECT id, staff_no, name FROM persons WHERE active ORDER BY id"
# The newest interview of each that has begun, and whether its result is on its way.
_HELD = """
SELECT DISTINCT ON (c.id) c.id AS candidate_id, c.phone, i.id, i.slot_id,
       EXISTS (SELECT 1 FROM outcomes o WHERE o.interview_id = i.id
                  AND o.state IN ('asked', 'waiting', 'sent')) AS closed,
       coalesce((SELECT array_agg(n.person_id) FROM slot_interviewers n
                  WHERE n.slot_id = i.slot_id), '{}') AS interviewers
  FROM candidates c JOIN applications a ON a.candidate_id = c.id
  LEFT JOIN interviews i ON i.application_id = a.id AND i.state IN ('confirmed', 'held')
       AND EXISTS (SELECT 1 FROM slots s WHERE s.id = i.slot_id AND s.starts_at <= $2)
 WHERE c.name_index = $1 AND c.erased_at IS NULL
 ORDER BY c.id, i.id DESC NULLS LAST
"""


@dataclass(frozen=True, slots=True)
class ScoreStep:
    interview_id: int
    interviewer_id: int
    note: ScoreNote


class ScoreImport:
    """`scorecards` checks and keeps what is imported, as it does for cards and words."""

    def __init__(self, words: ListWords, scorecards: Scorecards, clock: Clock) -> None:
        self._words = words
        self._scorecards = scorecards
        self.clock = clock

    def read(self, sheets: Sequence[Sheet]) -> tuple[Sequence[ScoreRow], Sequence[Problem]]:
        found = parse_scores(sheets, self._words)
        return found.rows, found.problems

    async def plan(self, rows: Sequence[ScoreRow]) -> Plan:
        staff = StaffDirectory([StaffRef(**row) for row in await db.fetch(_STAFF)])
        lines, problems, steps = [], [], []
        for row in rows:
            found = await self._found(row, staff)
            if isinstance(found, Problem):
                problems.append(found)
                continue
            before = (await notes_of(found.interview_id)).get(found.interviewer_id)
            change, fields = _compared(before, found.note)
            lines.append(Line(row.row, change, (row.name, row.interviewer, row.verdict), fields))
            if change is not Change.SAME:
                steps.append(found)
        return Plan(tuple(lines), tuple(problems), tuple(steps))

    async def _found(self, row: ScoreRow, staff: StaffDirectory) -> ScoreStep | Problem:
        match = staff.match("", row.interviewer)
        if match.staff is None:
            return Problem(Severity.ERROR, match.error, row.row, params=match.params)
        interview = await self._interview(row)
        if isinstance(interview, Problem):
            return interview
        if match.staff.id not in interview["interviewers"]:
            return problem_at(
                row.row, "score_not_interviewer", name=row.name, interviewer=row.interviewer
            )
        step = ScoreStep(interview["id"], match.staff.id, _note(row))
        if interview["closed"] and await self._differs(step):
            return problem_at(row.row, "score_closed", name=row.name)
        return step

    async def _interview(self, row: ScoreRow) -> db.Row | Problem:
        """Of the one candidate with this name and these last digits."""
        people = await db.fetch(_HELD, name_index(row.name), self.clock.now())
        meant = [person for person in people if _ends(person, row.tail)]
        if not meant:
            return problem_at(row.row, "score_nobody", name=row.name)
        held = [person for person in meant if person["id"] is not None]
        if len(held) > 1:
            return problem_at(row.row, "score_several", name=row.name)
        return held[0] if held else problem_at(row.row, "score_no_interview", name=row.name)

    async def _differs(self, step: ScoreStep) -> bool:
        before = (await notes_of(step.interview_id)).get(step.interviewer_id)
        return _compared(before, step.note)[0] is not Change.SAME

    async def store(self, steps: Sequence[ScoreStep], by: object, source: str) -> None:  # noqa: ARG002
        """`by` is the person who imports. Raises Refusal as `Scorecards.record` does."""
        assert isinstance(by, Actor)
        for step in steps:
            await self._scorecards.record(
                by, step.interview_id, step.note, interviewer=step.interviewer_id
            )


def _ends(person: Mapping[str, object], tail: str) -> bool:
    phone = person["phone"]
    return not tail or (isinstance(phone, str) and sealed.open_sealed(PHONE, phone).endswith(tail))


def _note(row: ScoreRow) -> ScoreNote:
    return ScoreNote(row.scores, row.verdict, row.strength, row.comment)


def _compared(before: ScoreNote | None, new: ScoreNote) -> tuple[Change, tuple[str, ...]]:
    """What is left out stays: only what the sheet says may differ."""
    if before is None:
        return Change.NEW, ()
    after = merged(before, new)
    differs = tuple(
        key
        for key in ("scores", "verdict", "strength", "comment")
        if getattr(after, key) != getattr(before, key)
    )
    return (Change.CHANGED if differs else Change.SAME), differs
