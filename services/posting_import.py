"""A table of posts, compared with those we have: by code, never by title."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from models import db
from models.clock import Clock
from models.postings import PostingState
from services import recruiting_access
from services.courtesy import check_question
from services.courtesy_rules import CourtesyRules
from services.import_drafts import Change, Line, Plan, problem_at
from services.sheets.cells import Sheet
from services.sheets.listing import ListWords
from services.sheets.people import number_key
from services.sheets.postings import PostingRow, parse_postings
from services.sheets.problems import Problem
from services.sheets.staff_columns import spelling

_KNOWN = """
SELECT id, code, title, unit_id, work, recruiter_id, documents, facts, match_rules, state,
       notice_within, notice_open, notice_url
  FROM postings WHERE code = ANY($1)
"""
_RECRUITERS = """
SELECT id, staff_no, active, id = ANY($2) AS recruits FROM persons WHERE staff_no = ANY($1)
"""
_STORE = """
INSERT INTO postings (code, title, unit_id, work, recruiter_id, documents, facts, match_rules,
                      state, notice_within, notice_open, notice_url, opened_at, closed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (code) DO UPDATE SET title = excluded.title, unit_id = excluded.unit_id,
    work = excluded.work, recruiter_id = excluded.recruiter_id, documents = excluded.documents,
    facts = excluded.facts, match_rules = excluded.match_rules, state = excluded.state,
    notice_within = excluded.notice_within, notice_open = excluded.notice_open,
    notice_url = excluded.notice_url,
    closed_at = CASE WHEN excluded.state = 'closed'
                     THEN coalesce(postings.closed_at, excluded.closed_at) END
"""
USUAL_TERM = 7  # working days that a notice stays public, unless the post says otherwise
# Another clock: what was told by the old one says nothing about the new one.
_COUNT_ANEW = """
UPDATE interviews i SET result_step = 0 FROM applications a, postings p
 WHERE a.id = i.application_id AND p.id = a.posting_id AND p.code = $1
   AND p.notice_within IS DISTINCT FROM $2::smallint AND i.notice_id IS NULL
"""
_JSON = ("documents", "facts", "match_rules")


class PostingImport:
    def __init__(self, words: ListWords, courtesy: CourtesyRules, clock: Clock) -> None:
        self._words = words
        self._courtesy = courtesy
        self.clock = clock

    def read(self, sheets: Sequence[Sheet]) -> tuple[Sequence[PostingRow], Sequence[Problem]]:
        found = parse_postings(sheets, self._words)
        return found.rows, found.problems

    async def plan(self, rows: Sequence[PostingRow]) -> Plan:
        lock = " FOR UPDATE" if db.in_a_transaction() else ""
        known = {
            row["code"]: _plain(row)
            for row in await db.fetch(f"{_KNOWN}{lock}", [row.code for row in rows])
        }
        units = await db.fetch("SELECT id, name FROM units ORDER BY id")
        by_name = {spelling(unit["name"]): unit["id"] for unit in units}
        people = await _people([row.recruiter for row in rows])
        lines, problems, steps = [], [], []
        for row in rows:
            problems += [*_people_problems(row, people), *self._rudeness(row)]
            if row.unit and spelling(row.unit) not in by_name:
                problems.append(problem_at(row.row, "posting_unit_unknown", unit=row.unit))
                continue
            if row.recruiter not in people:
                continue
            unit_id = by_name[spelling(row.unit)] if row.unit else None
            before = known.get(row.code)
            wanted = _wanted(row, unit_id, people[row.recruiter]["id"], before)
            line = _line(row, wanted, before)
            lines.append(line)
            if line.change is not Change.SAME:
                steps.append(wanted)
        return Plan(tuple(lines), tuple(problems), tuple(steps))

    async def store(self, steps: Sequence[Mapping[str, Any]], by: object, source: str) -> None:  # noqa: ARG002
        now = self.clock.now()
        for step in steps:
            values = [
                json.dumps(step[key], ensure_ascii=False) if key in _JSON else step[key]
                for key in _FIELDS
            ]
            closed = now if step["state"] == PostingState.CLOSED else None
            await db.execute(_COUNT_ANEW, step["code"], step["notice_within"])
            await db.execute(_STORE, step["code"], *values, now, closed)

    def _rudeness(self, row: PostingRow) -> list[Problem]:
        """A match point that rests on a protected attribute would be said to a candidate."""
        found = []
        for rule in row.rules:
            for text in (rule.requirement, rule.text):
                for finding in check_question(text, self._courtesy):
                    words = "、".join(finding.words)
                    found.append(problem_at(row.row, "posting_rule_unfair", words=words))
        return found


_FIELDS = (
    "title",
    "unit_id",
    "work",
    "recruiter_id",
    "documents",
    "facts",
    "match_rules",
    "state",
    "notice_within",
    "notice_open",
    "notice_url",
)


async def _people(numbers: Sequence[str]) -> dict[str, db.Row]:
    recruiters = await recruiting_access.recruiters()
    rows = await db.fetch(_RECRUITERS, list(numbers), recruiters)
    return {number_key(row["staff_no"]): row for row in rows}


def _people_problems(row: PostingRow, people: Mapping[str, db.Row]) -> list[Problem]:
    person = people.get(row.recruiter)
    if person is None:
        return [problem_at(row.row, "number_unknown", number=row.recruiter)]
    if not (person["active"] and person["recruits"]):
        return [problem_at(row.row, "posting_recruiter_not", number=row.recruiter)]
    return []


def _plain(row: db.Row) -> db.Row:
    """asyncpg hands JSON over as text."""
    return {
        key: json.loads(value) if key in _JSON and isinstance(value, str) else value
        for key, value in row.items()
    }


def _wanted(
    row: PostingRow, unit_id: int | None, recruiter_id: int, before: db.Row | None
) -> dict[str, Any]:
    """What the sheet leaves out stays as it is: blank cells take nothing away."""
    old = before or {}
    rules = [asdict(rule) for rule in row.rules]
    return {
        "code": row.code,
        "title": row.title,
        "unit_id": unit_id if unit_id is not None else old.get("unit_id"),
        "work": row.work,
        "recruiter_id": recruiter_id,
        "documents": list(row.documents) or old.get("documents", []),
        "facts": {**old.get("facts", {}), **row.facts},
        "match_rules": rules or old.get("match_rules", []),
        "state": row.state or old.get("state", PostingState.OPEN.value),
        "notice_within": row.notice_within or old.get("notice_within"),
        "notice_open": row.notice_open or old.get("notice_open", USUAL_TERM),
        "notice_url": row.notice_url or old.get("notice_url", ""),
    }


def _line(row: PostingRow, wanted: Mapping[str, Any], before: db.Row | None) -> Line:
    cells = (row.code, row.title, row.unit, row.recruiter)
    if before is None:
        return Line(row.row, Change.NEW, cells)
    differs = tuple(key for key in _FIELDS if wanted[key] != before[key])
    return Line(row.row, Change.CHANGED if differs else Change.SAME, cells, differs)
