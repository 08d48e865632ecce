"""A licence list, compared with the licences on record: by person and kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

from models import db
from models.clock import SHANGHAI, Clock
from services.actors import Actor
from services.import_drafts import Change, Line, Plan
from services.licence_records import LicenceFacts
from services.licence_reminders import NextLook, next_look
from services.licence_steps import look
from services.licences import Change as OnRecord
from services.licences import Licences
from services.sheets.cells import Sheet
from services.sheets.licence_columns import LicenceWords
from services.sheets.licences import LicenceRow, parse_licences
from services.sheets.people import StaffRef
from services.sheets.problems import Problem, Severity
from services.staff_rows import StaffRows

_ENDS = """
SELECT person_id, kind, valid_to FROM licences WHERE state = 'current' AND person_id = ANY($1)
"""
_CHANGES = {
    OnRecord.NEW: Change.NEW,
    OnRecord.SAME: Change.SAME,
    OnRecord.DETAILS: Change.CHANGED,
    OnRecord.RENEWAL: Change.CHANGED,
    OnRecord.EARLIER: Change.CHANGED,
    OnRecord.KEPT: Change.LEFT,
}
_TOLD = {OnRecord.EARLIER: "licence_corrected", OnRecord.KEPT: "licence_older"}
_FIELDS = {
    OnRecord.DETAILS: ("licence_details",),
    OnRecord.RENEWAL: ("valid_to",),
    OnRecord.EARLIER: ("valid_to",),
}
# What of a row is a fact about the licence, whoever's it is.
_FACTS = tuple(
    field.name
    for field in fields(LicenceRow)
    if field.name not in ("row", "staff_no", "name", "places")
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    row: LicenceRow
    holder: StaffRef
    facts: LicenceFacts


class LicenceImport:
    def __init__(self, words: LicenceWords, licences: Licences, clock: Clock) -> None:
        self._words = words
        self._licences = licences
        self.clock = clock

    def read(self, sheets: Sequence[Sheet]) -> tuple[Sequence[LicenceRow], Sequence[Problem]]:
        today = self.clock.now().astimezone(SHANGHAI).date()
        found = parse_licences(sheets, self._words, today)
        return found.rows, found.problems

    async def plan(self, rows: Sequence[LicenceRow]) -> Plan:
        problems: list[Problem] = []
        wanted = self._wanted(rows, await StaffRows.all(), problems)
        changes = await self._licences.compare([one.facts for one in wanted])
        ends = await _ends(wanted)
        for one, change in zip(wanted, changes, strict=True):
            if key := _TOLD.get(change):
                known = ends[one.facts.person_id, one.facts.kind]
                problems.append(self._dated(one, key, known))
        lines = tuple(
            Line(one.row.row, _CHANGES[change], self._cells(one), _FIELDS.get(change, ()))
            for one, change in zip(wanted, changes, strict=True)
        )
        fresh = [
            one
            for one, change in zip(wanted, changes, strict=True)
            if _CHANGES[change] in (Change.NEW, Change.CHANGED)
        ]
        return Plan(
            lines,
            tuple(problems),
            tuple(one.facts for one in fresh),
            notes=await self._told(fresh, ends),
        )

    async def store(self, steps: Sequence[LicenceFacts], by: object, source: str) -> None:
        await self._licences.put_many(by if isinstance(by, Actor) else str(by), steps, source)

    async def _told(
        self, fresh: Sequence[_Wanted], ends: Mapping[tuple[int, str], date | None]
    ) -> tuple[Problem, ...]:
        """How many people are reminded at the next look, because a step has been reached."""
        when = await next_look(self.clock)
        day = self.clock.now().astimezone(SHANGHAI).date()
        day += timedelta(days=when is NextLook.TOMORROW)
        people = set()
        for one in fresh:
            facts, kind = one.facts, self._words.kinds[one.facts.kind]
            end = self._licences.end_of(facts)
            again = end is not None and end != ends.get((facts.person_id, facts.kind))
            if again and look(kind, end, None, day).say is not None:
                people.add(facts.person_id)
        if not people:
            return ()
        key = f"licence_told_{when}"
        return (Problem(Severity.WARNING, key, params={"people": str(len(people))}),)

    def _wanted(
        self, rows: Sequence[LicenceRow], staff: StaffRows, problems: list[Problem]
    ) -> list[_Wanted]:
        """One for each licence: a second row of the same is an error, or says nothing new."""
        found: dict[tuple[int, str], _Wanted] = {}
        for row in rows:
            holder = staff.find(row.staff_no, row.name, row.places, problems)
            if holder is None:
                continue
            one = _Wanted(row, holder, _facts(row, holder))
            first = found.setdefault((holder.id, row.kind), one)
            if first is not one:
                problems.append(self._doubled(first, one))
        return list(found.values())

    def _doubled(self, first: _Wanted, second: _Wanted) -> Problem:
        same = first.facts == second.facts
        return second.row.places["valid_to"].problem(
            "licence_repeated" if same else "licence_twice",
            Severity.WARNING if same else Severity.ERROR,
            first=str(first.row.row),
            name=second.holder.name,
            licence=self._name(second),
        )

    def _dated(self, one: _Wanted, key: str, known: date | None) -> Problem:
        end = one.facts.valid_to
        return one.row.places["valid_to"].problem(
            key,
            Severity.WARNING,
            licence=self._name(one),
            end=end.isoformat() if end else "",
            known=known.isoformat() if known else "长期",
        )

    def _name(self, one: _Wanted) -> str:
        return self._words.kinds[one.facts.kind].name

    def _cells(self, one: _Wanted) -> tuple[str, ...]:
        facts = one.facts
        end = "长期" if facts.perpetual else facts.valid_to.isoformat() if facts.valid_to else ""
        return (one.holder.staff_no, one.holder.name, self._name(one), end)


def _facts(row: LicenceRow, holder: StaffRef) -> LicenceFacts:
    return LicenceFacts(holder.id, **{name: getattr(row, name) for name in _FACTS})


async def _ends(wanted: Sequence[_Wanted]) -> Mapping[tuple[int, str], date | None]:
    people = sorted({one.facts.person_id for one in wanted})
    rows = await db.fetch(_ENDS, people)
    return {(row["person_id"], row["kind"]): row["valid_to"] for row in rows}
