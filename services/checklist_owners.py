"""Which person has to do an item: the newcomer, the head of their unit, or an office."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from services.checklist_rules import Owner
from services.offices import Office, people_of
from services.units import hr_heads, managers

_OFFICES: Mapping[Owner, Office] = {
    Owner.HR: Office.HR,
    Owner.NURSING: Office.NURSING,
    Owner.MEDICAL: Office.MEDICAL,
    Owner.IT: Office.IT,
}


class Owners:
    """Looks each role up once for one person; the lookups of others' lists are kept."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int | None], list[int]] = {}

    async def of(self, role: Owner, person: int, unit_id: int | None) -> int:
        """Nobody checks themselves: for the head of a unit it is the next one in turn."""
        if role is Owner.SELF:
            return person
        for people in await self._in_turn(role, unit_id):
            able = [one for one in people if one != person]
            if able:
                return able[0]
        return person

    async def _in_turn(self, role: Owner, unit_id: int | None) -> list[list[int]]:
        heads = await self._once("hr_heads", None, hr_heads)
        if role is Owner.HEAD:
            of_unit = (
                await self._once("managers", unit_id, lambda: managers(unit_id))
                if unit_id is not None
                else []
            )
            nursing = await self._once("office", None, lambda: people_of(Office.NURSING))
            return [of_unit, nursing, heads]
        office = _OFFICES[role]
        return [await self._once(office, None, lambda: people_of(office)), heads]

    async def _once(
        self, what: str, unit_id: int | None, look: Callable[[], Awaitable[list[int]]]
    ) -> list[int]:
        if (what, unit_id) not in self._known:
            self._known[what, unit_id] = await look()
        return self._known[what, unit_id]
