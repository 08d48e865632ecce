"""想休: what people would like of a month that is not rostered yet."""

from __future__ import annotations

from datetime import date, timedelta

from models import db
from models.clock import SHANGHAI, Clock
from models.roster_runs import WishKind
from services import audit
from services.actors import Actor
from services.duties import CURRENT_CELLS, Codes, uses_of
from services.refusals import Refusal

AHEAD = timedelta(days=400)
MOST_DAYS = 31
MOST_WISHES = 20  # open ones of one person

_COMING = """
SELECT id, kind, code, first_day, last_day, source FROM wishes
 WHERE person_id = $1 AND withdrawn_at IS NULL AND last_day >= $2 ORDER BY first_day, id
"""
_SAY = """
INSERT INTO wishes (person_id, kind, code, first_day, last_day, source, said_at)
VALUES ($1, $2, $3, $4, $5, '', $6) RETURNING id
"""
# Only what was said in chat: leave and wishes of a sheet belong to whoever keeps the sheet.
_WITHDRAW = """
UPDATE wishes SET withdrawn_at = $4
 WHERE person_id = $1 AND withdrawn_at IS NULL AND kind IN ('off', 'shift')
   AND last_day >= $5 AND ($2::date IS NULL OR (first_day <= $3 AND last_day >= $2))
RETURNING id, kind, code, first_day, last_day
"""


class Wishes:
    def __init__(self, codes: Codes, clock: Clock) -> None:
        self.codes = codes
        self.clock = clock

    @property
    def today(self) -> date:
        return self.clock.now().astimezone(SHANGHAI).date()

    async def say(self, by: Actor, first: date, last: date, code: str = "") -> list[db.Row]:
        """Wish to be free on these days, or for this code; all coming wishes of `by`.

        A wish replaces those for the same days. Raises Refusal: no such days, too many, a code
        the ward does not have, or days whose roster is published already.
        """
        label = await self._label(by, code)
        self._check(first, last)
        await db.lock(f"wishes:{by.person_id}")
        await self._check_open(by, first, last)
        now = self.clock.now()
        await db.fetch(_WITHDRAW, by.person_id, first, last, now, self.today)
        coming = await self.coming(by)
        if len(coming) >= MOST_WISHES:
            raise Refusal("wish_too_many", most=MOST_WISHES)
        kind = WishKind.SHIFT if label else WishKind.OFF
        wish = await db.fetch_value(_SAY, by.person_id, str(kind), label, first, last, now)
        await audit.record(now, by, "wish.said", f"wishes:{wish}", first=first, last=last)
        return await self.coming(by)

    async def _label(self, by: Actor, code: str) -> str:
        if not code:
            return ""
        if by.unit_id is None:
            raise Refusal("wish_code_unknown", code=code)
        table = await self.codes.of_unit(by.unit_id)
        uses = [use for use in uses_of(table, [code]) if use.code.kind.works]
        if not uses:
            raise Refusal("wish_code_unknown", code=code)
        return uses[0].label

    def _check(self, first: date, last: date) -> None:
        if first <= self.today or last < first or last > self.today + AHEAD:
            raise Refusal("wish_days")
        if (last - first).days >= MOST_DAYS:
            raise Refusal("wish_days")

    async def _check_open(self, by: Actor, first: date, last: date) -> None:
        sql = CURRENT_CELLS.format(who="c.person_id = $3 AND r.unit_id = $4")
        rows = await db.fetch(sql, first, last, by.person_id, by.unit_id)
        if rows:
            raise Refusal("wish_published", day=rows[0]["day"])

    async def coming(self, by: Actor) -> list[db.Row]:
        """Wishes and leave from today on, as they are said: kind, code, first and last day."""
        return await db.fetch(_COMING, by.person_id, self.today)

    async def withdraw(self, by: Actor, first: date | None, last: date | None) -> list[db.Row]:
        """Take back wishes that touch these days, or all; those taken back.

        Raises Refusal("wish_none").
        """
        now = self.clock.now()
        rows = await db.fetch(_WITHDRAW, by.person_id, first, last, now, self.today)
        if not rows:
            raise Refusal("wish_none")
        for row in rows:
            await audit.record(now, by, "wish.withdrawn", f"wishes:{row['id']}")
        return rows
