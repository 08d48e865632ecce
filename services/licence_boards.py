"""The licences of a unit at a glance: once a month to its head nurse, and when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services.actors import Actor
from services.calendar_days import WorkingCalendar
from services.ledger import Ledger
from services.licence_phrases import LicencePhrases, answers_of
from services.licence_records import LicenceView, by_urgency, load
from services.licence_steps import Standing
from services.licences import Licences
from services.offices import Office, people_of, works_for
from services.once_a_day import Part, claim_since
from services.permissions import Act, may
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.units import managers

BOARD = "licences.board"
BOARDS = "licences.boards"
MORNING = Part("licences.board", time(9), time(20))
LATEST = timedelta(days=3)  # later, whoever wants to see it asks
MONTHS = 3  # how far a board looks ahead, this month included
SHOWN = 8  # lines of one part
OFFICES = (Office.NURSING, Office.MEDICAL, Office.HR)
PARTS = ("expired", "late", "now", "soon", "unknown")

_OF_UNIT = "l.state = 'current' AND p.active AND p.unit_id = $1"
_UNITS = """
SELECT u.id, u.name AS unit, count(*) AS total,
       count(*) FILTER (WHERE l.valid_to < $1) AS expired,
       count(*) FILTER (WHERE l.valid_to >= $1 AND l.apply_by < $1) AS late,
       count(*) FILTER (WHERE l.apply_by >= $1 AND l.apply_by < $2) AS due,
       count(*) FILTER (WHERE l.valid_to IS NULL AND NOT l.perpetual AND l.kind = ANY($3))
           AS unknown
  FROM licences l JOIN persons p ON p.id = l.person_id JOIN units u ON u.id = p.unit_id
 WHERE l.state = 'current' AND p.active AND ($4::bigint[] IS NULL OR u.id = ANY($4))
 GROUP BY u.id ORDER BY u.id
"""
# A nurse by title; where a list was never brought in, nobody is missing on it.
_MISSING = """
SELECT p.id, p.name, p.unit_id, u.name AS unit FROM persons p JOIN units u ON u.id = p.unit_id
 WHERE p.active AND p.title LIKE '%护%' AND ($1::bigint[] IS NULL OR p.unit_id = ANY($1))
   AND EXISTS (SELECT 1 FROM licences l JOIN persons o ON o.id = l.person_id
                WHERE o.unit_id = p.unit_id AND l.state = 'current')
   AND NOT EXISTS (SELECT 1 FROM licences l
                    WHERE l.person_id = p.id AND l.kind = 'nurse' AND l.state = 'current')
 ORDER BY p.unit_id, p.name
"""


async def units_with_missing(units: Sequence[int] | None) -> list[db.Row]:
    """Nurses (by title) of these units, or of all, without a nurse's licence on record."""
    return await db.fetch(_MISSING, None if units is None else list(units))


class LicenceBoards:
    def __init__(
        self,
        records: Licences,
        ledger: Ledger,
        words: LicencePhrases,
        calendar: WorkingCalendar,
        clock: Clock,
    ) -> None:
        self.records = records
        self.ledger = ledger
        self.words = words
        self.calendar = calendar
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(BOARD, self._unit_facts, Priority.DIGEST),
                Purpose(BOARDS, self._office_facts, Priority.DIGEST),
            ]
        )

    async def units(self, by: Actor) -> list[int] | None:
        """The units whose licences they see; None means all. Raises Refusal: none."""
        if await works_for(by, OFFICES):
            return None
        if not by.manages:
            raise Refusal("not_allowed")
        return sorted(by.manages)

    async def require(self, by: Actor, unit_id: int | None) -> None:
        """Raises Refusal("not_allowed")."""
        if not may(by, Act.SEE_LICENCES, unit_id) and not await works_for(by, OFFICES):
            raise Refusal("not_allowed")

    async def board(self, by: Actor, unit_id: int, month: date | None = None) -> dict[str, Any]:
        """The facts of `licences/board`. Raises Refusal("not_allowed")."""
        await self.require(by, unit_id)
        return await self._board(unit_id, month or self.records.today)

    async def overview(self, by: Actor, month: date | None = None) -> dict[str, Any]:
        """The facts of `licences/boards`: a line for each unit they see. Raises Refusal."""
        return await self._overview(await self.units(by), month or self.records.today)

    async def parts(self, unit_id: int, month: date) -> dict[str, list[LicenceView]]:
        """Part → licences of a unit, the most urgent first; what is not urgent is in none."""
        views = await load(self.records.kinds, self.records.today, _OF_UNIT, unit_id)
        found: dict[str, list[LicenceView]] = {part: [] for part in PARTS}
        for one in by_urgency(views):
            part = _part(one, month)
            if part is not None:
                found[part].append(one)
        return found

    async def tell_monthly(self) -> int:
        """On the first working day, or when that was missed soon after; how many messages."""
        if not MORNING.is_now(self.clock):
            return 0
        today = self.records.today
        first = self.calendar.add_working_days(today.replace(day=1) - timedelta(days=1), 1).day
        if not first <= today <= first + LATEST:
            return 0
        async with db.transaction():
            begin = datetime.combine(first, MORNING.start, SHANGHAI)
            if not await claim_since(f"{MORNING.name}.month", begin, self.clock):
                return 0
            return await self._tell(today)

    async def _tell(self, today: date) -> int:
        units = await self._rows(None, today)
        if not units:
            return 0
        month = f"{today:%Y-%m}"
        context = {"month": str(today.replace(day=1))}
        for row in units:
            await self.ledger.notify(
                BOARD,
                row["id"],
                await managers(row["id"]),
                context=context,
                once=f"{BOARD}:{row['id']}:{month}",
            )
        offices = await people_of(Office.NURSING), await people_of(Office.MEDICAL)
        await self.ledger.notify(
            BOARDS,
            0,
            sorted({*offices[0], *offices[1]}),
            context=context,
            once=f"{BOARDS}:{month}",
        )
        return len(units) + 1

    # Facts.

    async def _board(self, unit_id: int, month: date) -> dict[str, Any]:
        rows = await self._rows([unit_id], month)
        name = await db.fetch_value("SELECT name FROM units WHERE id = $1", unit_id)
        parts = await self.parts(unit_id, month)
        heard = await answers_of([one.id for views in parts.values() for one in views])
        missing = await units_with_missing([unit_id])
        today = self.records.today
        return {
            "unit": name,
            "month": month.month,
            "total": rows[0]["total"] if rows else 0,
            "parts": [
                {
                    "heading": self.words.say(part),
                    "count": len(views),
                    "lines": [
                        self.words.line(one, heard.get(one.id), today=today)
                        for one in views[:SHOWN]
                    ],
                    "more": max(0, len(views) - SHOWN),
                }
                for part, views in parts.items()
                if views
            ],
            "missing": [row["name"] for row in missing],
        }

    async def _overview(self, units: Sequence[int] | None, month: date) -> dict[str, Any]:
        rows = await self._rows(units, month)
        total = sum(row["total"] for row in rows)
        return {"month": month.month, "total": total, "units": rows}

    async def _rows(self, units: Sequence[int] | None, month: date) -> list[db.Row]:
        ending = [kind.key for kind in self.records.kinds if kind.steps]
        until = later(month, MONTHS)
        return await db.fetch(
            _UNITS, self.records.today, until, ending, None if units is None else list(units)
        )

    async def _unit_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return {
            subject.message_id: Facts(
                await self._board(subject.subject_id, date.fromisoformat(subject.context["month"]))
            )
            for subject in subjects
        }

    async def _office_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return {
            subject.message_id: Facts(
                await self._overview(None, date.fromisoformat(subject.context["month"]))
            )
            for subject in subjects
        }


def later(month: date, months: int) -> date:
    """The first day of the month that many months on."""
    years, index = divmod(month.month - 1 + months, 12)
    return date(month.year + years, index + 1, 1)


def _part(one: LicenceView, month: date) -> str | None:
    if one.standing is Standing.EXPIRED:
        return "expired"
    if one.standing is Standing.LATE:
        return "late"
    if one.standing is Standing.UNKNOWN:
        return "unknown" if one.kind.steps else None
    if one.apply_by is None or one.apply_by >= later(month, MONTHS):
        return None
    return "now" if one.apply_by < later(month, 1) else "soon"
