"""Has the database give up what deletions left behind in its files: ciphertexts of dead rows.

VACUUM takes dead rows out of tables and indexes, and leaves their bytes where they were until a
new row needs the place. Rewriting a table drops them, and locks it meanwhile: so this is done at
night, and only to the small tables that say who somebody is. Neither runs in a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from models import db
from models.clock import Clock
from services.erasure_wipe import TOUCHED
from services.once_a_day import Part

VACUUMED, REWRITTEN = "erasure.vacuumed", "erasure.rewritten"
NIGHT = Part("erasure.night", time(2, 30), time(4, 30))
LONGEST = 900  # seconds for one table
# Hundreds to thousands of rows: rewriting them takes well under a second.
SMALL = (
    "applications",
    "approvals",
    "candidate_tasks",
    "candidates",
    "entry_links",
    "kf_contacts",
    "outcomes",
    "scorecards",
    "sheet_uploads",
)
_NEWEST = """
SELECT max(erased_at) AS newest, (SELECT last_at FROM tick_runs WHERE name = $1) AS done
  FROM candidates
"""
_DONE = """
INSERT INTO tick_runs (name, last_at) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET last_at = excluded.last_at
"""


class ErasureSweep:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def vacuum(self) -> int:
        """After deletions, once: how many tables were gone over.

        An index would else keep its entries as long as it likes.
        """
        return await self._go_over(VACUUMED, TOUCHED, "VACUUM (INDEX_CLEANUP ON)")

    async def rewrite_tonight(self) -> int:
        """The same by rewriting, in the small hours; a table somebody holds waits a night."""
        return await self.rewrite() if await NIGHT.claim(self.clock) else 0

    async def rewrite(self) -> int:
        return await self._go_over(REWRITTEN, SMALL, "VACUUM (FULL)")

    async def _go_over(self, what: str, tables: Sequence[str], command: str) -> int:
        newest = await self._erased_since(what)
        if newest is None:
            return 0
        for table in tables:
            async with db.connection() as connection:
                await connection.execute(f"{command} {table}", timeout=LONGEST)
        await db.execute(_DONE, what, newest)
        return len(tables)

    async def _erased_since(self, what: str) -> datetime | None:
        """The newest deletion, when it was not gone over yet."""
        row = await db.fetch_one(_NEWEST, what)
        assert row is not None
        newest: datetime | None = row["newest"]
        if newest is None or (row["done"] is not None and newest <= row["done"]):
            return None
        return newest
