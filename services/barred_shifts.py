"""Planned ward shifts of people whose licence will have ended by then: told until it is solved.

护士条例 art. 21(3): nobody works past the last valid day. A roster refuses such shifts, but a
licence may end, or be corrected, after the roster was published. The head nurse hears of them
once a day; on the second day, or when a shift is as near as tomorrow, her deputy and the office
of the licence do so too. Nothing is changed by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from models.people import WARD
from services.ledger import Ledger
from services.licence_kinds import LicenceKinds
from services.offices import Office, people_of
from services.once_a_day import Part
from services.purposes import Facts, Purpose, Subject
from services.swap_facts import shift_words
from services.units import managers

ROSTERED = "licences.rostered"
MORNING = Part("licences.rostered", time(8), time(20))
EVENING = Part("licences.rostered.evening", time(17, 30), time(20))  # before tomorrow's reminders
NEAR = timedelta(days=7)  # a licence that still holds today, and a shift after its end
SHOWN = 12  # people of one list
FORGET = timedelta(days=30)

# A night that ends on the morning after the last valid day stands beyond it as well.
_BARRED = """
SELECT DISTINCT ON (s.starts_at, s.id)
       s.id, s.person_id, s.unit_id, s.name, s.hours, s.starts_at, p.name AS person, p.staff_no,
       u.name AS unit, l.kind, l.valid_to, b.first_told_on, b.told_on
  FROM shifts s
  JOIN licences l ON l.person_id = s.person_id AND l.state = 'current' AND s.day >= l.valid_to
  JOIN persons p ON p.id = s.person_id AND p.active
  JOIN units u ON u.id = s.unit_id AND u.kind = $3
  LEFT JOIN barred_shifts b ON b.shift_id = s.id
 WHERE s.state = 'planned' AND s.starts_at > $1 AND l.kind = ANY($2)
   AND timezone('Asia/Shanghai', s.ends_at - interval '1 minute')::date > l.valid_to
   AND (l.valid_to < $4 OR s.starts_at < $5) AND ($6::bigint[] IS NULL OR s.id = ANY($6))
 ORDER BY s.starts_at, s.id, l.valid_to
"""
_TOLD = """
INSERT INTO barred_shifts (shift_id, first_told_on, told_on)
SELECT shift_id, $2, $2 FROM unnest($1::bigint[]) AS t(shift_id)
ON CONFLICT (shift_id) DO UPDATE SET told_on = excluded.told_on
"""
_FORGET = "DELETE FROM barred_shifts WHERE told_on < $1"
_ENDED = """
SELECT s.id, l.kind, l.valid_to
  FROM shifts s JOIN licences l ON l.person_id = s.person_id
  JOIN units u ON u.id = s.unit_id AND u.kind = $3
 WHERE s.id = ANY($1) AND l.state = 'current' AND l.kind = ANY($2) AND s.day >= l.valid_to
   AND timezone('Asia/Shanghai', s.ends_at - interval '1 minute')::date > l.valid_to
 ORDER BY s.id, l.valid_to
"""
_DEPUTIES = """
SELECT d.deputy_id FROM deputies d JOIN persons p ON p.id = d.deputy_id
 WHERE p.active AND d.person_id = ANY($1) AND $2 BETWEEN d.first_day AND d.last_day
"""


async def ended_licences(
    shifts: Sequence[int], blocking: Mapping[str, str]
) -> dict[int, dict[str, Any]]:
    """Shift → the licence that will have ended by then: its name and its last valid day.

    Of several the one that ended first. Shifts outside wards ask for no licence.
    """
    found: dict[int, dict[str, Any]] = {}
    for row in await db.fetch(_ENDED, list(shifts), list(blocking), WARD):
        if row["id"] not in found:
            found[row["id"]] = {"licence": blocking[row["kind"]], "valid_to": row["valid_to"]}
    return found


@dataclass
class _List:
    """What one receiver is told of; `pressing`: why others than the head hear of it."""

    shifts: list[int] = field(default_factory=list)
    pressing: bool = False


class BarredShifts:
    def __init__(self, kinds: LicenceKinds, ledger: Ledger, clock: Clock) -> None:
        self.kinds = kinds
        self.ledger = ledger
        self.clock = clock
        ledger.purposes.add([Purpose(ROSTERED, self._facts, Priority.DIGEST)])

    async def tell(self) -> int:
        """Once a day what stands, and before evening what has come up since for tomorrow; how
        many shifts were told of. All of it or nothing.
        """
        if not MORNING.is_now(self.clock):
            return 0
        async with db.transaction():
            if await MORNING.claim(self.clock):
                return await self._tell(await self._standing())
            if not await EVENING.claim(self.clock):
                return 0
            return await self._tell([row for row in await self._standing() if self._is_near(row)])

    async def _standing(self, shifts: Sequence[int] | None = None) -> list[db.Row]:
        now = self.clock.now()
        return await db.fetch(
            _BARRED,
            now,
            list(self.kinds.blocking),
            WARD,
            self._today(),
            now + NEAR,
            None if shifts is None else list(shifts),
        )

    async def _tell(self, rows: Sequence[db.Row]) -> int:
        """Of each shift once a day at most."""
        today = self._today()
        new = [row for row in rows if row["told_on"] is None or row["told_on"] < today]
        await db.execute(_FORGET, today - FORGET)
        if not new:
            return 0
        await db.execute(_TOLD, [row["id"] for row in new], today)
        for receiver, theirs in sorted((await self._receivers(new)).items()):
            await self.ledger.notify(
                ROSTERED,
                receiver,
                [receiver],
                context={"shifts": theirs.shifts, "pressing": theirs.pressing},
            )
        return len(new)

    async def _receivers(self, rows: Sequence[db.Row]) -> dict[int, _List]:
        """Receiver → shifts: the managers; when it presses, deputies and the office as well."""
        found: dict[int, _List] = defaultdict(_List)
        heads = {unit: await managers(unit) for unit in {row["unit_id"] for row in rows}}
        offices: dict[Office, list[int]] = {}
        for row in rows:
            its = heads[row["unit_id"]]
            for person in its:
                found[person].shifts.append(row["id"])
            office = self.kinds[row["kind"]].office
            # Nobody is left to judge their own case, and no ward without a head goes unheard.
            if not self._presses(row) and its and row["person_id"] not in its:
                continue
            if office not in offices:
                offices[office] = await people_of(office)
            for person in {*offices[office], *await self._deputies(its)} - {*its}:
                found[person].shifts.append(row["id"])
                found[person].pressing = True
        return found

    async def _deputies(self, heads: Sequence[int]) -> list[int]:
        rows = await db.fetch(_DEPUTIES, list(heads), self._today())
        return [row["deputy_id"] for row in rows]

    def _presses(self, row: db.Row) -> bool:
        """Told before and not solved, or as near as tomorrow."""
        return row["first_told_on"] is not None or self._is_near(row)

    def _is_near(self, row: db.Row) -> bool:
        starts: datetime = row["starts_at"]
        return starts.astimezone(SHANGHAI).date() <= self._today() + timedelta(days=1)

    # What is said, at the moment it is sent.

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = {each for subject in subjects for each in subject.context["shifts"]}
        standing = await self._standing(sorted(ids))
        return {
            subject.message_id: self._shown(
                [row for row in standing if row["id"] in subject.context["shifts"]],
                bool(subject.context["pressing"]),
            )
            for subject in subjects
        }

    def _shown(self, rows: Sequence[db.Row], pressing: bool) -> Facts:
        by_person: dict[tuple[int, str], list[db.Row]] = defaultdict(list)
        for row in rows:
            by_person[row["person_id"], row["kind"]].append(row)
        with_unit = pressing or len({row["unit_id"] for row in rows}) > 1
        people = [self._person(theirs, with_unit) for theirs in by_person.values()]
        facts = {
            "count": len({row["person_id"] for row in rows}),
            "shifts": len(rows),
            "people": people[:SHOWN],
            "more": max(len(people) - SHOWN, 0),
            "pressing": pressing,
        }
        return Facts(facts, bool(people), "solved")

    def _person(self, rows: Sequence[db.Row], with_unit: bool) -> dict[str, Any]:
        first = rows[0]
        return {
            "name": first["person"],
            "staff_no": first["staff_no"],
            "unit": first["unit"] if with_unit else "",
            "licence": self.kinds[first["kind"]].name,
            "valid_to": first["valid_to"],
            "ended": first["valid_to"] < self._today(),
            "first": shift_words(first),
            "shifts": len(rows),
        }

    def _today(self) -> date:
        return self.clock.now().astimezone(SHANGHAI).date()
