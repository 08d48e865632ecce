"""Work that is done once in a certain part of the local day, by whichever process comes first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from models import db
from models.clock import SHANGHAI, Clock

_CLAIM = """
INSERT INTO tick_runs (name, last_at) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET last_at = excluded.last_at WHERE tick_runs.last_at < $3
RETURNING name
"""


async def claim_since(name: str, begin: datetime, clock: Clock) -> bool:
    """Whether nobody has claimed this since `begin`; whoever asks first has."""
    return await db.fetch_value(_CLAIM, name, clock.now(), begin) is not None


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of every local day; when nobody works in it, that day is left out."""

    name: str
    start: time
    end: time

    async def claim(self, clock: Clock) -> bool:
        """Whether it is this part of the day now, and nobody has claimed today's before."""
        if not self.is_now(clock):
            return False
        begin = datetime.combine(clock.now().astimezone(SHANGHAI).date(), self.start, SHANGHAI)
        return await claim_since(self.name, begin, clock)

    async def is_claimed(self, clock: Clock) -> bool:
        """Whether today's was claimed; for work that claims its day only when it is done."""
        begin = datetime.combine(clock.now().astimezone(SHANGHAI).date(), self.start, SHANGHAI)
        last = await db.fetch_value("SELECT last_at FROM tick_runs WHERE name = $1", self.name)
        return last is not None and last >= begin

    def is_now(self, clock: Clock) -> bool:
        """Whether it is this part of the day, without asking the database."""
        return self.start <= clock.now().astimezone(SHANGHAI).time() < self.end

    async def give_back(self, clock: Clock) -> None:
        """It failed for now: the next look in the same part of the day tries again."""
        await db.execute(
            "UPDATE tick_runs SET last_at = $2 WHERE name = $1",
            self.name,
            clock.now() - timedelta(days=1),
        )
