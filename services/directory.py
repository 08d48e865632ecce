"""Joiners, leavers and changed accounts, as the platforms' directories tell of them.

Leaving a leading directory ends all access in that transaction. Leaving another one ends only that
account: the person works on under the other, and gets there what was still to be sent. Whoever has
no account left is treated as gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from models import db
from models.clock import Clock
from models.policies import Policies
from services import accounts, audit, jobs
from services.leaving import Leaving
from services.reach import PLATFORM_OF, Ladder

# A WeCom member may only have left the app's range and comes back under the same name. Whoever
# leaves a DingTalk organisation is gone from it: the account must not find them again.
KEEP_THE_NAME = frozenset({"wecom"})

# WeCom's smart robot hears nothing of the directory.
TELL_OF_LEAVERS = frozenset({"wecom_app", "dingtalk"})

_WHO = """
SELECT i.person_id FROM identities i
 WHERE i.platform = $1 AND lower(i.user_id) IN (SELECT lower(u) FROM unnest($2::text[]) u)
 ORDER BY i.person_id
"""
# Read again behind the locks: an account may have become another's.
_STILL = f"""
SELECT p.id FROM persons p WHERE p.id = $3 AND p.id IN ({_WHO}) FOR NO KEY UPDATE
"""
_RENAME = """
UPDATE identities SET user_id = $3 WHERE platform = $1 AND lower(user_id) = lower($2)
RETURNING person_id
"""
_REDIRECT = """
WITH moved AS (
    UPDATE deliveries SET channel = $2, address = $3
     WHERE person_id = $1 AND state = 'queued' AND channel = ANY($4) RETURNING id
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, 'queued', $5, 'next channel' FROM moved
"""


def leading(policies: Policies) -> frozenset[str]:
    """The platforms whose directory says who works here, among those that tell us of leavers."""
    used = {channel: PLATFORM_OF[channel] for channel in policies.ladder if channel in PLATFORM_OF}
    heard = {its for channel, its in used.items() if channel in TELL_OF_LEAVERS}
    known = heard or set(used.values())
    return frozenset(known & set(policies.leading_directories) or known)


Gone = Callable[[Sequence[int], str], Awaitable[None]]


class DirectoryChanges:
    """`leads` are the platforms whose directory says who works here."""

    def __init__(
        self, ladder: Ladder, leads: frozenset[str], leaving: Leaving, clock: Clock
    ) -> None:
        self.ladder = ladder
        self.leaving = leaving
        self.leads = leads
        self.clock = clock
        self._gone: Gone | None = None

    def on_gone(self, gone: Gone) -> None:
        """Be told, in that transaction, whose access has ended by a directory, and by which."""
        self._gone = gone

    async def left(self, platform: str, user_id: str) -> None:
        """Somebody left a directory; see the module for what that ends."""
        await self.left_together(platform, [user_id])

    async def left_together(
        self, platform: str, user_ids: list[str], *, tell: bool = True
    ) -> list[int]:
        """The same for several: who takes over what they leave is asked once about all of them.

        Gives the persons whose access has ended by it. `tell`: whoever registered hears of it.
        """
        async with db.transaction():
            people = [row["person_id"] for row in await db.fetch(_WHO, platform, user_ids)]
            await self._hold(people)
            rows = [await db.fetch_one(_STILL, platform, user_ids, one) for one in people]
            ended = [row["id"] for row in rows if row and await self._left(platform, row["id"])]
            if ended and tell and self._gone is not None:
                await self._gone(ended, platform)
        return ended

    async def _hold(self, people: Sequence[int]) -> None:
        """Call-outs, then lists, then people, each in the order of their ids: whoever says yes to
        a call-out opens a list behind its row, and must not wait for us while we wait for them."""
        await self.leaving.hold(people)
        for person in people:
            await db.lock(f"checklists:{person}")

    async def _left(self, platform: str, person: int) -> bool:
        """Whether all their access has ended by it."""
        others = await db.fetch_value(
            "SELECT count(*) FROM identities WHERE person_id = $1 AND platform <> $2",
            person,
            platform,
        )
        gone = platform in self.leads or not others
        if platform not in KEEP_THE_NAME or not gone:
            await self._forget(person, platform)
        if not gone:
            await self._redirect(person, platform)
            return False
        return await self.leaving.end(person, "system", platform=platform)

    async def _forget(self, person: int, platform: str) -> None:
        await db.execute(
            "DELETE FROM identities WHERE person_id = $1 AND platform = $2", person, platform
        )
        await db.execute(
            "UPDATE persons SET preferred_channel = NULL "
            "WHERE id = $1 AND preferred_channel = ANY($2)",
            person,
            _channels(platform),
        )
        now = self.clock.now()
        await audit.record(
            now, "system", "person.account_removed", f"persons:{person}", platform=platform
        )

    async def _redirect(self, person: int, platform: str) -> None:
        """What was queued for the account that is gone goes to one that is left."""
        rung = (await self.ladder.rungs([person])).get(person)
        if rung is None:
            return
        moved = await db.execute(_REDIRECT, person, *rung, _channels(platform), self.clock.now())
        if moved:
            await jobs.enqueue(jobs.DELIVER)

    async def renamed(self, platform: str, old: str, new: str) -> None:
        person = await db.fetch_value(_RENAME, platform, old, new)
        if person is not None:
            now = self.clock.now()
            await audit.record(now, "system", "person.account_renamed", f"persons:{person}")

    async def changed(self, platform: str, user_id: str) -> None:
        """The platform says that, not what: the details are asked for by a job."""
        if user_id and platform in accounts.WITH_UNION_IDS:
            await jobs.enqueue(jobs.REFRESH, f"{platform}:{user_id}")


def _channels(platform: str) -> list[str]:
    return [channel for channel, its in PLATFORM_OF.items() if its == platform]
