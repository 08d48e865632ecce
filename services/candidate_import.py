"""A list of candidates, compared with the posts and the candidates we have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.candidate_records import Applicant, CandidateRecords, Compared
from services.import_drafts import Change, Line, Plan, problem_at
from services.posting_names import PostingNames
from services.sheets.candidates import CandidateRow, parse_candidates
from services.sheets.cells import Sheet
from services.sheets.listing import ListWords
from services.sheets.problems import Problem, Severity

_NOTES = {
    "other_name": "candidate_renamed",
    "stage_kept": "candidate_stage_kept",
    "opted_out": "candidate_opted_out",
}


class CandidateImport:
    def __init__(self, words: ListWords, records: CandidateRecords) -> None:
        self._words = words
        self._records = records

    def read(self, sheets: Sequence[Sheet]) -> tuple[Sequence[CandidateRow], Sequence[Problem]]:
        found = parse_candidates(sheets, self._words)
        return found.rows, found.problems

    async def plan(self, rows: Sequence[CandidateRow]) -> Plan:
        posts = await PostingNames.all()
        matched = [(row, posts.match(row.post, row.row)) for row in rows]
        problems = [post for _, post in matched if isinstance(post, Problem)]
        known = [(row, post) for row, post in matched if isinstance(post, int)]
        compared = await self._records.compare([_applicant(row, post) for row, post in known])
        told = list(zip((row for row, _ in known), compared, strict=True))
        for row, one in told:
            problems += [_note(row, one, note) for note in one.notes]
        lines = [_line(row, one) for row, one in told]
        steps = [one for one in compared if one.change is not Change.SAME]
        return Plan(tuple(lines), tuple(problems), tuple(steps))

    async def store(self, steps: Sequence[Compared], by: object, source: str) -> None:  # noqa: ARG002
        await self._records.store(steps)


def _applicant(row: CandidateRow, posting_id: int) -> Applicant:
    return Applicant(
        row.name,
        row.phone,
        posting_id,
        row.email,
        row.title,
        row.source,
        row.stage,
        _profile(row),
    )


def _profile(row: CandidateRow) -> Mapping[str, Any]:
    return {
        "years": row.years,
        "degree": row.degree,
        "major": row.major,
        "school": row.school,
        "licence": row.licence,
        "employer": row.employer,
    }


def _line(row: CandidateRow, one: Compared) -> Line:
    return Line(row.row, one.change, (row.name, row.post, row.stage), one.fields)


def _note(row: CandidateRow, one: Compared, note: str) -> Problem:
    """Of the stored name only the surname is shown: the number may belong to somebody else."""
    known = f"{one.known['name'][:1]}*"
    return problem_at(
        row.row, _NOTES[note], Severity.WARNING, name=row.name, known=known, stage=row.stage
    )
