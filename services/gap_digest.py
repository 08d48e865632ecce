"""缺口: told to each ward's managers once a morning, and to whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services.actors import Actor
from services.coverage import Unreached, unreached_tomorrow
from services.gap_forecast import Forecast, GapForecast, wards
from services.gap_owners import GapOwners
from services.ledger import Ledger
from services.offices import Office, people_of, works_for
from services.once_a_day import Part
from services.permissions import Act, may_anywhere
from services.purposes import Purpose, from_context
from services.refusals import Refusal
from services.units import allowed, managers
from services.unset_minimums import UnsetMinimums

SHORT = "gaps.short"
MORNING = Part("gaps.told", time(7, 15), time(9, 0))
USEFUL = timedelta(hours=8)
GAPS_SHOWN = 10  # of one ward in a digest; whoever asks for the ward sees all
UNREACHED_SHOWN = 20

_DEPUTIES = """
SELECT person_id, deputy_id FROM deputies
 WHERE person_id = ANY($1) AND $2 BETWEEN first_day AND last_day
"""
_UNITS = "SELECT id, name FROM units WHERE kind = 'ward' ORDER BY id"


@dataclass(frozen=True, slots=True)
class Answer:
    """What 缺口 says: the short wards' facts, the names of those that are not, and the unset."""

    facts: Mapping[str, Any]
    enough: tuple[str, ...]
    unset: tuple[str, ...]


class GapDigest:
    def __init__(
        self,
        ledger: Ledger,
        forecast: GapForecast,
        owners: GapOwners,
        unset: UnsetMinimums,
        kind_words: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.forecast = forecast
        self.owners = owners
        self.unset = unset
        self.kind_words = dict(kind_words)
        self.clock = clock
        ledger.purposes.add([Purpose(SHORT, from_context, Priority.DIGEST, useful_for=USEFUL)])

    async def tell(self) -> int:
        """Once a morning: one message for each person who answers for something short."""
        if not MORNING.start <= self.clock.now().astimezone(SHANGHAI).time() < MORNING.end:
            return 0
        async with db.transaction():
            # Claimed with what it leads to: cut off in between, the next look does it all.
            if not await MORNING.claim(self.clock):
                return 0
            return await self._tell()

    async def _tell(self) -> int:
        short = [found for ward in await wards() if (found := await self.forecast.of(ward)).short]
        lost = await unreached_tomorrow(self.ledger.ladder, self.clock)
        units = {found.ward.id for found in short} | {one.unit_id for one in lost}
        today = self.clock.now().astimezone(SHANGHAI).date()
        told = 0
        answerable = await _answerable(sorted(units), today)
        for person, theirs in answerable.items():
            context = self.facts(
                [found for found in short if found.ward.id in theirs],
                [one for one in lost if one.unit_id in theirs],
            )
            once = f"{SHORT}:{today}:{person}"
            sent = await self.ledger.notify(SHORT, person, [person], context=context, once=once)
            told += sent is not None
        await self.owners.ask(answerable, {one.ward.id: one.ward.name for one in short}, today)
        await self.unset.tell()
        return told

    async def asked(self, by: Actor, name: str = "") -> Answer:
        """What is short in the asker's wards, or in the one they name. Raises Refusal."""
        units = await _visible(by, name)
        known = {ward.id: ward for ward in await wards([unit["id"] for unit in units])}
        found = [await self.forecast.of(ward) for ward in known.values()]
        lost = await unreached_tomorrow(self.ledger.ladder, self.clock)
        ids = {unit["id"] for unit in units}
        facts = self.facts(
            [each for each in found if each.short],
            [one for one in lost if one.unit_id in ids],
            shown=GAPS_SHOWN if not name else len(units) * 1000,
        )
        return Answer(
            facts,
            tuple(each.ward.name for each in found if not each.short),
            tuple(unit["name"] for unit in units if unit["id"] not in known),
        )

    async def every(self) -> list[Forecast]:
        """For the command line: all wards with minimums."""
        return [await self.forecast.of(ward) for ward in await wards()]

    def facts(
        self,
        short: Sequence[Forecast],
        lost: Sequence[Unreached],
        *,
        shown: int = GAPS_SHOWN,
    ) -> dict[str, Any]:
        """The facts of the template gaps/short."""
        return {
            "wards": [
                {
                    "unit": found.ward.name,
                    "gaps": [gap.facts(self.kind_words) for gap in found.gaps[:shown]],
                    "more": max(len(found.gaps) - shown, 0),
                    "unpublished": [day.isoformat() for day in found.unpublished],
                }
                for found in short
            ],
            "unreached": [
                {"name": one.name, "unit": one.unit, "no_account": one.no_account}
                for one in lost[:UNREACHED_SHOWN]
            ],
            "more_unreached": max(len(lost) - UNREACHED_SHOWN, 0),
        }


async def _answerable(units: Sequence[int], today: date) -> dict[int, set[int]]:
    """Person → units they answer for today: managers and their deputies, else the office."""
    found: dict[int, set[int]] = {}
    for unit_id in units:
        for person in await managers(unit_id) or await people_of(Office.NURSING):
            found.setdefault(person, set()).add(unit_id)
    for row in await db.fetch(_DEPUTIES, list(found), today):
        found.setdefault(row["deputy_id"], set()).update(found[row["person_id"]])
    return found


async def _visible(by: Actor, name: str) -> list[db.Row]:
    """The wards the asker may know of. Raises Refusal: none, or none of that name."""
    if not may_anywhere(by, Act.SEE_UNIT_ROSTER):
        raise Refusal("not_allowed")
    units = await db.fetch(_UNITS)
    if not await works_for(by, [Office.NURSING]):
        theirs = {row["id"] for row in await allowed(by, Act.SEE_UNIT_ROSTER)}
        units = [unit for unit in units if unit["id"] in theirs]
    if name:
        units = [unit for unit in units if unit["name"] == name]
        if not units:
            raise Refusal("unit_unknown", name=name)
    if not units:
        raise Refusal("not_allowed")
    return units
