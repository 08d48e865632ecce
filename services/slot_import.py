"""A table of interview slots, compared with those we have; nothing promised is taken back.

A slot is known by post, start, place and group. Its capacity never falls below the seats taken, a
cancelled one is not opened again, and what the sheet leaves out stays until somebody cancels it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI, Clock
from models.postings import SlotState
from services.import_drafts import Change, Line, Plan, problem_at
from services.posting_names import PostingNames
from services.refusals import Refusal
from services.sheets.cells import Sheet
from services.sheets.listing import ListWords
from services.sheets.people import StaffDirectory, StaffRef
from services.sheets.problems import Problem, Severity
from services.sheets.slots import SlotRow, parse_slots

_KNOWN = """
SELECT s.id, s.posting_id, s.starts_at, s.ends_at, s.place, s.capacity, s.taken, s.group_name,
       s.state, p.title,
       coalesce((SELECT array_agg(i.person_id ORDER BY i.person_id) FROM slot_interviewers i
                  WHERE i.slot_id = s.id), '{}') AS interviewers
  FROM slots s JOIN postings p ON p.id = s.posting_id
 WHERE s.posting_id = ANY($1) AND s.starts_at > $2 ORDER BY s.starts_at, s.id
"""
_ADD = """
INSERT INTO slots (posting_id, starts_at, ends_at, place, capacity, taken, group_name)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id
"""
_CHANGE = """
UPDATE slots SET ends_at = $2, capacity = $3
 WHERE id = $1 AND state = 'open' AND taken <= $3 RETURNING id
"""
_STAFF = "SELECT id, staff_no, name FROM persons WHERE active ORDER BY id"

Key = tuple[int, datetime, str, str]


@dataclass(frozen=True, slots=True)
class SlotStep:
    """One slot to add or to change. `interviewers` None: the sheet does not say."""

    row: SlotRow
    key: Key
    ends_at: datetime
    interviewers: tuple[int, ...] | None
    slot_id: int | None = None


class SlotImport:
    def __init__(self, words: ListWords, clock: Clock) -> None:
        self._words = words
        self.clock = clock

    def read(self, sheets: Sequence[Sheet]) -> tuple[Sequence[SlotRow], Sequence[Problem]]:
        today = self.clock.now().astimezone(SHANGHAI).date()
        found = parse_slots(sheets, self._words, today)
        return found.rows, found.problems

    async def plan(self, rows: Sequence[SlotRow]) -> Plan:
        now = self.clock.now()
        posts = await PostingNames.all()
        staff = StaffDirectory([StaffRef(**row) for row in await db.fetch(_STAFF)])
        problems: list[Problem] = []
        wanted: list[SlotStep] = []
        for row in rows:
            post = posts.match(row.post, row.row)
            people = _interviewers(row, staff, problems)
            if isinstance(post, Problem):
                problems.append(post)
            else:
                wanted.append(_step(row, post, people))
                if wanted[-1].key[1] <= now:
                    problems.append(problem_at(row.row, "slot_begun"))
        known = await self._known({step.key[0] for step in wanted}, now)
        lines, steps = _compare(wanted, known, problems)
        lines += _absent(wanted, known)
        return Plan(tuple(lines), tuple(problems), tuple(steps))

    async def _known(self, posts: set[int], now: datetime) -> dict[Key, db.Row]:
        lock = " FOR UPDATE OF s" if db.in_a_transaction() else ""
        rows = await db.fetch(f"{_KNOWN}{lock}", sorted(posts), now)
        return {
            (row["posting_id"], row["starts_at"], row["place"], row["group_name"]): row
            for row in rows
        }

    async def store(self, steps: Sequence[SlotStep], by: object, source: str) -> None:  # noqa: ARG002
        for step in steps:
            slot_id = await _stored(step)
            if slot_id is None:
                raise Refusal("import_outdated")
            if step.interviewers is not None:
                await _invite(slot_id, step.interviewers)


def _step(row: SlotRow, posting_id: int, people: tuple[int, ...] | None) -> SlotStep:
    starts = datetime.combine(row.day, row.start, SHANGHAI)
    key = (posting_id, starts, row.place, row.group)
    return SlotStep(row, key, starts + timedelta(minutes=row.minutes), people)


def _interviewers(
    row: SlotRow, staff: StaffDirectory, problems: list[Problem]
) -> tuple[int, ...] | None:
    """By name, or by number where a name has several bearers."""
    if not row.interviewers:
        return None
    found = set()
    for name in row.interviewers:
        by_number = name.isascii()
        match = staff.match(name if by_number else "", "" if by_number else name)
        if match.staff is not None:
            found.add(match.staff.id)
        else:
            told = Problem(Severity.ERROR, match.error, row.row, params=match.params)
            problems.append(told)
    return tuple(sorted(found))


def _compare(
    wanted: Sequence[SlotStep], known: Mapping[Key, db.Row], problems: list[Problem]
) -> tuple[list[Line], list[SlotStep]]:
    lines, steps = [], []
    for step in wanted:
        before = known.get(step.key)
        differs = _differs(step, before) if before else ()
        change = Change.NEW if before is None else Change.CHANGED if differs else Change.SAME
        if before is not None and (told := _forbidden(step, before, differs)) is not None:
            problems.append(told)
            change = Change.LEFT
        lines.append(Line(step.row.row, change, _cells(step, before), differs))
        if change in {Change.NEW, Change.CHANGED}:
            steps.append(_with_id(step, before))
    return lines, steps


def _differs(step: SlotStep, before: db.Row) -> tuple[str, ...]:
    told: dict[str, Any] = {"ends_at": step.ends_at, "capacity": step.row.seats}
    if step.interviewers is not None:
        told["interviewers"] = list(step.interviewers)
    return tuple(key for key, value in told.items() if value != before[key])


def _forbidden(step: SlotStep, before: db.Row, differs: Sequence[str]) -> Problem | None:
    row = step.row
    if before["state"] == SlotState.CANCELLED:
        return problem_at(row.row, "slot_was_cancelled", Severity.WARNING)
    if "capacity" in differs and row.seats < before["taken"]:
        return problem_at(
            row.row, "slot_seats_promised", seats=str(row.seats), taken=str(before["taken"])
        )
    return None


def _absent(wanted: Sequence[SlotStep], known: Mapping[Key, db.Row]) -> list[Line]:
    """Open slots within the sheet's days that it does not list."""
    days = {step.row.day for step in wanted}
    listed = {step.key for step in wanted}
    return [
        Line(0, Change.ABSENT, _known_cells(row))
        for key, row in known.items()
        if key not in listed
        and row["state"] == SlotState.OPEN
        and min(days) <= row["starts_at"].astimezone(SHANGHAI).date() <= max(days)
    ]


def _cells(step: SlotStep, before: db.Row | None) -> tuple[str, ...]:
    row = step.row
    taken = before["taken"] if before else row.taken
    return (row.post, _when(step.key[1]), row.place, row.group, f"{taken}/{row.seats}")


def _known_cells(row: db.Row) -> tuple[str, ...]:
    seats = f"{row['taken']}/{row['capacity']}"
    return (row["title"], _when(row["starts_at"]), row["place"], row["group_name"], seats)


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _with_id(step: SlotStep, before: db.Row | None) -> SlotStep:
    slot_id = before["id"] if before else None
    return SlotStep(step.row, step.key, step.ends_at, step.interviewers, slot_id)


async def _stored(step: SlotStep) -> int | None:
    row = step.row
    posting_id, starts, place, group = step.key
    if step.slot_id is None:
        args = (posting_id, starts, step.ends_at, place, row.seats, row.taken, group)
        added: int | None = await db.fetch_value(_ADD, *args)
        return added
    changed: int | None = await db.fetch_value(_CHANGE, step.slot_id, step.ends_at, row.seats)
    return changed


async def _invite(slot_id: int, people: Sequence[int]) -> None:
    await db.execute(
        "DELETE FROM slot_interviewers WHERE slot_id = $1 AND person_id <> ALL($2)",
        slot_id,
        list(people),
    )
    await db.execute(
        "INSERT INTO slot_interviewers (slot_id, person_id) "
        "SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING",
        slot_id,
        list(people),
    )
