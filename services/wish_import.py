"""Leave and wishes from a sheet, added to what is known; none is taken back by a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from models import db
from models.clock import SHANGHAI, Clock
from models.roster_runs import WishKind
from models.shift_codes import ShiftKind
from services.duties import Codes
from services.import_drafts import Change, Line, Plan
from services.sheets.cells import Sheet
from services.sheets.listing import ListWords
from services.sheets.people import StaffRef
from services.sheets.problems import Problem, Severity
from services.sheets.staff_columns import spelling
from services.sheets.wishes import WishRow, parse_wishes
from services.staff_rows import StaffRows

_KNOWN = """
SELECT person_id, kind, code, first_day, last_day FROM wishes
 WHERE person_id = ANY($1) AND withdrawn_at IS NULL
"""
_STORE = """
INSERT INTO wishes (person_id, kind, code, first_day, last_day, source, said_at)
SELECT t.*, $6, $7 FROM unnest($1::bigint[], $2::text[], $3::text[], $4::date[], $5::date[]) AS t
"""


@dataclass(frozen=True, slots=True)
class WishFacts:
    """One leave or wish; `code` is the ward's, "" for a wish to be free."""

    person_id: int
    kind: WishKind
    code: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class _Wanted:
    row: WishRow
    person: StaffRef
    facts: WishFacts


class WishImport:
    def __init__(self, words: ListWords, codes: Codes, clock: Clock) -> None:
        self._words = words
        self._codes = codes
        self.clock = clock

    def read(self, sheets: Sequence[Sheet]) -> tuple[Sequence[WishRow], Sequence[Problem]]:
        today = self.clock.now().astimezone(SHANGHAI).date()
        found = parse_wishes(sheets, self._words, today)
        return found.rows, found.problems

    async def plan(self, rows: Sequence[WishRow]) -> Plan:
        staff = await StaffRows.all()
        problems: list[Problem] = []
        wanted: list[_Wanted] = []
        for row in rows:
            person = staff.find(row.staff_no, row.name, row.places, problems)
            facts = await self._facts(row, person, staff, problems) if person else None
            if person and facts:
                wanted.append(_Wanted(row, person, facts))
        known = await _known([one.person.id for one in wanted])
        lines, steps = _compare(wanted, known, problems)
        units = {staff.units[one.person.id] for one in wanted} - {None}
        return Plan(tuple(lines), tuple(problems), tuple(steps), frozenset(u for u in units if u))

    async def store(self, steps: Sequence[WishFacts], by: object, source: str) -> None:  # noqa: ARG002
        await db.execute(
            _STORE,
            [step.person_id for step in steps],
            [str(step.kind) for step in steps],
            [step.code for step in steps],
            [step.first for step in steps],
            [step.last for step in steps],
            source,
            self.clock.now(),
        )

    async def _facts(
        self, row: WishRow, person: StaffRef, staff: StaffRows, problems: list[Problem]
    ) -> WishFacts | None:
        if self._words.choices["kinds"].get(spelling(row.kind)) == WishKind.OFF:
            return WishFacts(person.id, WishKind.OFF, "", row.first, row.last)
        unit_id = staff.units[person.id]
        table = await self._codes.of_unit(unit_id) if unit_id else self._codes.default
        code = table.find(row.kind)
        if code is None or code.kind is ShiftKind.REST:
            known = [c.code for c in table.codes if c.kind is ShiftKind.ABSENCE]
            told = row.places["kind"].problem("wish_kind_unknown", known="、".join(known))
            problems.append(told)
            return None
        kind = WishKind.LEAVE if code.kind is ShiftKind.ABSENCE else WishKind.SHIFT
        return WishFacts(person.id, kind, code.code, row.first, row.last)


async def _known(people: Sequence[int]) -> set[WishFacts]:
    rows = await db.fetch(_KNOWN, list(people))
    return {
        WishFacts(
            row["person_id"], WishKind(row["kind"]), row["code"], row["first_day"], row["last_day"]
        )
        for row in rows
    }


def _compare(
    wanted: Sequence[_Wanted], known: set[WishFacts], problems: list[Problem]
) -> tuple[list[Line], list[WishFacts]]:
    lines, steps, seen = [], [], set(known)
    for one in wanted:
        facts = one.facts
        change = Change.SAME if facts in seen else Change.NEW
        if change is Change.NEW:
            problems += _clashes(one, seen)
            steps.append(facts)
        seen.add(facts)
        lines.append(Line(one.row.row, change, _cells(one)))
    return lines, steps


def _clashes(one: _Wanted, others: set[WishFacts]) -> list[Problem]:
    """The same days asked for twice, and differently: somebody should look, both may hold."""
    facts = one.facts
    found = [
        other
        for other in others
        if other.person_id == facts.person_id
        and other.first <= facts.last
        and facts.first <= other.last
    ]
    return [
        one.row.places["first"].problem(
            "wish_overlaps",
            Severity.WARNING,
            name=one.person.name,
            known=f"{other.first.isoformat()}至{other.last.isoformat()}",
            kind=other.code or "想休",
        )
        for other in sorted(found, key=lambda each: each.first)[:1]
    ]


def _cells(one: _Wanted) -> tuple[str, ...]:
    facts = one.facts
    days = facts.first.isoformat()
    if facts.last != facts.first:
        days += f"至{facts.last.isoformat()}"
    return (one.person.staff_no, one.person.name, str(facts.kind), facts.code, days)
