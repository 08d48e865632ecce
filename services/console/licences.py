"""The console's pages of licences: a filtered list, and one person's with what proves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models import db
from services import audit
from services.actors import Actor
from services.licence_boards import OFFICES, LicenceBoards, units_with_missing
from services.licence_phrases import Answers, LicencePhrases, answers_of
from services.licence_records import LicenceView, by_urgency, load
from services.licence_steps import Standing
from services.licences import Licences
from services.offices import works_for
from services.refusals import Refusal

MOST = 200  # rows of one page
_UNITS = """
SELECT id, name FROM units WHERE $1::bigint[] IS NULL OR id = ANY($1) ORDER BY id
"""
_PERSON = """
SELECT p.id, p.name, p.staff_no, p.unit_id, p.title, p.active, u.name AS unit
  FROM persons p LEFT JOIN units u ON u.id = p.unit_id WHERE p.id = $1
"""
# How a licence stands, as a condition: $1 is today, $2 the kinds that have an end.
_STANDING: Mapping[str, str] = {
    "todo": "(l.valid_to < $1 OR l.apply_by < $1::date + 92)",
    Standing.EXPIRED: "l.valid_to < $1",
    Standing.LATE: "l.valid_to >= $1 AND l.apply_by < $1",
    "soon": "l.apply_by >= $1 AND l.apply_by < $1::date + 92",
    Standing.UNKNOWN: "l.valid_to IS NULL AND NOT l.perpetual AND l.kind = ANY($2)",
    Standing.PERPETUAL: "(l.perpetual OR (l.valid_to IS NULL AND NOT l.kind = ANY($2)))",
    "unverified": "l.verified_by_id IS NULL",
}
STANDINGS = tuple(str(one) for one in _STANDING)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is filtered by; "" and None mean everything."""

    unit_id: int | None = None
    kind: str = ""
    standing: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A licence of the list, with what its holder answered."""

    view: LicenceView
    state: str
    answers: Answers


@dataclass(frozen=True, slots=True)
class Listed:
    units: Sequence[db.Row]
    overview: Sequence[db.Row]
    rows: Sequence[Row]
    more: int
    missing: Sequence[db.Row]
    office: bool  # may bring in lists and take licences off the record


@dataclass(frozen=True, slots=True)
class Holder:
    """One person: what holds now, and everything that was ever written down."""

    person: db.Row
    current: Sequence[Row]
    history: Sequence[LicenceView]
    office: bool


class LicencePages:
    def __init__(self, records: Licences, boards: LicenceBoards, words: LicencePhrases) -> None:
        self.records = records
        self.boards = boards
        self.words = words

    async def listed(self, by: Actor, wanted: Wanted) -> Listed:
        """Raises Refusal("not_allowed"): not their unit, or none is."""
        seen = await self.boards.units(by)
        if wanted.unit_id is not None:
            await self.boards.require(by, wanted.unit_id)
            seen = [wanted.unit_id]
        views = await self._views(seen, wanted)
        heard = await answers_of([one.id for one in views[:MOST]])
        overview = await self.boards.overview(by)
        return Listed(
            units=await db.fetch(_UNITS, await self.boards.units(by)),
            overview=overview["units"],
            rows=[self._row(one, heard) for one in views[:MOST]],
            more=max(0, len(views) - MOST),
            missing=await units_with_missing(seen),
            office=await works_for(by, OFFICES),
        )

    async def _views(self, units: Sequence[int] | None, wanted: Wanted) -> list[LicenceView]:
        ending = [kind.key for kind in self.records.kinds if kind.steps]
        condition = _STANDING.get(wanted.standing, "$1::date IS NOT NULL")
        where = (
            f"l.state = 'current' AND p.active AND ({condition}) AND $2::text[] IS NOT NULL "
            "AND ($3::bigint[] IS NULL OR p.unit_id = ANY($3)) AND ($4 = '' OR l.kind = $4)"
        )
        today: date = self.records.today
        order = "l.perpetual, l.apply_by NULLS LAST, l.id"
        return await load(
            self.records.kinds,
            today,
            where,
            today,
            ending,
            None if units is None else list(units),
            wanted.kind,
            order=f"{order} LIMIT {MOST * 5}",
        )

    def _row(self, one: LicenceView, heard: Mapping[int, Answers]) -> Row:
        return Row(one, self.words.state(one), heard.get(one.id, Answers()))

    async def holder(self, by: Actor, person_id: int) -> Holder:
        """A person's licences with their numbers; the look is audited. Raises Refusal."""
        person = await db.fetch_one(_PERSON, person_id)
        if person is None:
            raise Refusal("not_allowed")
        await self.boards.require(by, person["unit_id"])
        history = await self.records.history(person_id)
        current = by_urgency([one for one in history if one.state == "current"])
        heard = await answers_of([one.id for one in current])
        now = self.records.clock.now()
        await audit.record(now, by, "licences.seen", f"persons:{person_id}")
        return Holder(
            person,
            [self._row(one, heard) for one in current],
            [one for one in history if one.state != "current"],
            await works_for(by, OFFICES),
        )

    def kinds(self) -> list[dict[str, Any]]:
        return [{"key": kind.key, "name": kind.name} for kind in self.records.kinds]
