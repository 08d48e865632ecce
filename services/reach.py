"""On which channel and under which address somebody who works here can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models import db

PLATFORM_OF = {
    "wecom_app": "wecom",
    "wecom_robot": "wecom",
    "dingtalk": "dingtalk",
    "dingtalk_notice": "dingtalk",
}

# The first rung of the ladder on which each person has an identity; their own preference first.
FIRST_RUNG = """
SELECT DISTINCT ON (p.id) p.id AS person_id, l.channel, i.user_id AS address
  FROM persons p
  JOIN identities i ON i.person_id = p.id
  JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS l(channel, platform, rung)
    ON l.platform = i.platform
 WHERE p.active
 ORDER BY p.id, (p.preferred_channel IS DISTINCT FROM l.channel), l.rung, i.rank
"""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Channels in the order they are tried: those of staff, and those of candidates."""

    channels: tuple[str, ...]
    candidates: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[list[str], list[str]]:
        """The two arrays that FIRST_RUNG takes."""
        return list(self.channels), [PLATFORM_OF[channel] for channel in self.channels]

    async def rungs(self, people: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Person → (channel, address); people without any channel are absent."""
        rows = await db.fetch(
            f"SELECT * FROM ({FIRST_RUNG}) r WHERE person_id = ANY($3)",
            *self.arguments,
            list(people),
        )
        return {row["person_id"]: (row["channel"], row["address"]) for row in rows}

    async def next_rung(self, person_id: int, tried: Sequence[str]) -> tuple[str, str] | None:
        """The next channel this person has an identity on, after those already tried."""
        left = [channel for channel in self.channels if channel not in tried]
        if not left:
            return None
        rungs = await Ladder(tuple(left)).rungs([person_id])
        return rungs.get(person_id)
