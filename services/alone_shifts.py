"""Published shifts on which somebody would be alone, now that a mandatory item is open again.

A roster refuses such shifts, but an item may be opened again after it was published. The head
nurse of the ward is told which they are; nothing is changed by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI, Clock
from models.duties import Duty
from models.ledger import Priority
from services.company import alone
from services.duties import RestCheck, cells_of_unit, duties_on, who_works
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.swap_facts import shift_words
from services.units import managers

ALONE = "checklists.alone"
SHOWN = 8
_NEXT = timedelta(days=1)  # a night reaches into the day beside it

_PERSON = "SELECT name, staff_no, unit_id FROM persons WHERE id = $1 AND active"
_SHIFTS = """
SELECT * FROM shifts
 WHERE person_id = $1 AND unit_id = $2 AND state = 'planned' AND starts_at > $3
 ORDER BY starts_at, id
"""


class AloneShifts:
    def __init__(self, rest: RestCheck, ledger: Ledger, clock: Clock) -> None:
        self.rest = rest
        self.ledger = ledger
        self.clock = clock
        ledger.purposes.add([Purpose(ALONE, self._facts, Priority.DIGEST)])

    async def tell(self, person_id: int) -> int:
        """Tell the managers of the person's ward, in the caller's transaction, once a day at
        most; how many shifts it is about."""
        facts = await self._of(person_id)
        if not facts["count"]:
            return 0
        today = self.clock.now().astimezone(SHANGHAI).date()
        await self.ledger.notify(
            ALONE, person_id, await managers(facts["unit_id"]), once=f"{ALONE}:{person_id}:{today}"
        )
        return int(facts["count"])

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = {}
        for subject in subjects:
            facts = await self._of(subject.subject_id)
            found[subject.message_id] = Facts(facts, bool(facts["count"]), "nobody is alone")
        return found

    async def _of(self, person_id: int) -> dict[str, Any]:
        """The person and, in words, the shifts ahead on which they would be alone now."""
        person = await db.fetch_one(_PERSON, person_id)
        if person is None or person["unit_id"] is None:
            return {"count": 0}
        shifts = await db.fetch(_SHIFTS, person_id, person["unit_id"], self.clock.now())
        duties = await self._alone(person["unit_id"], person_id, shifts)
        starts = {duty.start or duty.day for duty in duties}
        theirs = [one for one in shifts if {one["starts_at"], one["day"]} & starts]
        lines = [shift_words(one) for one in theirs]
        more = max(len(lines) - SHOWN, 0)
        return {**person, "count": len(lines), "lines": lines[:SHOWN], "more": more}

    async def _alone(
        self, unit_id: int, person_id: int, shifts: Sequence[db.Row]
    ) -> Sequence[Duty]:
        rule = self.rest.alone
        if rule is None or not shifts:
            return ()
        first, last = shifts[0]["day"] - _NEXT, shifts[-1]["day"] + _NEXT
        ward = await self._ward(unit_id, first, last)
        guarded = await self.rest.supervision.unaccompanied(unit_id, list(ward))
        if person_id not in guarded:
            return ()
        found = alone(ward, person_id, guarded, rule)
        return [violation.first for violation in found if violation.first is not None]

    async def _ward(self, unit_id: int, first: date, last: date) -> dict[int, list[Duty]]:
        """What everybody who works here is rostered for in this ward."""
        table = await self.rest.codes.of_unit(unit_id)
        rows = await cells_of_unit(unit_id, first, last)
        here = await who_works([row["person_id"] for row in rows])
        ward: dict[int, list[Duty]] = {person: [] for person in here}
        for row in rows:
            if row["person_id"] in here:
                ward[row["person_id"]] += duties_on(table, row["day"], row["codes"])
        return ward
