"""A month's quota of an organisation on a platform: counted, kept for what matters, warned of.

DingTalk grants a whole organisation some thousand calls a month (its billing page, S1431). When
they are used up the bot is mute until the first, so digests stop early, reminders later, and
decisions may use the rest.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from models.policies import Policies, Quota
from services.ledger import Ledger
from services.purposes import Purpose, from_context
from services.units import hr_heads

WARNING = "operations.quota"
API, PUSH = "api", "push"
EVERYTHING = max(Priority)
NOTHING = -1
PUSHING = frozenset({"dingtalk_webhook"})  # their sends are counted with what is pushed to us

_COUNT = """
INSERT INTO platform_months (platform, month, kind, used) VALUES ($1, $2, $3, $4)
ON CONFLICT (platform, month, kind) DO UPDATE SET used = platform_months.used + excluded.used
"""
_EXHAUSTED = """
INSERT INTO platform_months (platform, month, kind, exhausted_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (platform, month, kind)
DO UPDATE SET exhausted_at = coalesce(platform_months.exhausted_at, excluded.exhausted_at)
"""
_WARNED = """
UPDATE platform_months SET warned = $4
 WHERE platform = $1 AND month = $2 AND kind = $3 AND warned < $4 RETURNING used
"""


def platform_of(channel: str) -> str:
    """The platform whose quota a channel draws on."""
    return channel.partition("_")[0]


async def note(platform: str, kind: str, calls: int, now: datetime) -> None:
    """Count `calls` that the platform counts; `kind` is `api` or `push`."""
    await db.execute(_COUNT, platform, first_of_month(now), kind, calls)


async def note_exhausted(platform: str, kind: str, now: datetime) -> None:
    """The platform itself said that nothing is left until the month ends."""
    await db.execute(_EXHAUSTED, platform, first_of_month(now), kind, now)


class Quotas:
    """`policies.quotas` says what a platform's organisation has; other platforms are unlimited."""

    def __init__(self, ledger: Ledger, policies: Policies, clock: Clock) -> None:
        self.ledger = ledger
        self.quotas = policies.quotas
        self.clock = clock
        ledger.purposes.add([Purpose(WARNING, from_context, Priority.DECISION)])

    async def allowed(self, channel: str) -> int:
        """The lowest priority (the greatest number) that may still be sent on this channel now.

        NOTHING once the platform has refused a call for want of quota.
        """
        platform = platform_of(channel)
        quota = self.quotas.get(platform)
        if quota is None:
            return EVERYTHING
        pushes = channel in PUSHING
        row = await self._row(platform, PUSH if pushes else API)
        if row is None:
            return EVERYTHING
        if row["exhausted_at"] is not None:
            return NOTHING
        limit = quota.push_per_month if pushes else quota.api_per_month
        return _lowest(quota, row["used"], limit)

    async def resume(self, platform: str) -> None:
        """More was bought: what the platform said before no longer holds."""
        await db.execute(
            "UPDATE platform_months SET exhausted_at = NULL WHERE platform = $1 AND month = $2",
            platform,
            self._month(),
        )

    async def used(self, platform: str) -> dict[str, tuple[int, int]]:
        """Kind → (used, quota) in this month, for the console and the doctor."""
        quota = self.quotas.get(platform, Quota())
        rows = [await self._row(platform, kind) for kind in (API, PUSH)]
        used = [row["used"] if row else 0 for row in rows]
        return {API: (used[0], quota.api_per_month), PUSH: (used[1], quota.push_per_month)}

    async def warn_due(self) -> int:
        """Tell the HR heads once per threshold and month; how many warnings were queued."""
        warned = 0
        for platform, quota in self.quotas.items():
            for kind, limit in ((API, quota.api_per_month), (PUSH, quota.push_per_month)):
                warned += await self._warn(platform, kind, limit, quota)
        return warned

    async def _warn(self, platform: str, kind: str, limit: int, quota: Quota) -> int:
        row = await self._row(platform, kind)
        if row is None or not limit:
            return 0
        share = 100 if row["exhausted_at"] else row["used"] * 100 // limit
        reached = max((step for step in quota.warn_at if share >= step), default=0)
        if reached <= row["warned"]:
            return 0
        async with db.transaction():
            used = await db.fetch_value(_WARNED, platform, self._month(), kind, reached)
            if used is None:
                return 0
            context = self._facts(platform, kind, used, limit, share, quota)
            await self.ledger.notify(WARNING, 0, await hr_heads(), context=context)
        return 1

    def _facts(
        self, platform: str, kind: str, used: int, limit: int, share: int, quota: Quota
    ) -> dict[str, Any]:
        return {
            "platform": platform,
            "kind": kind,
            "used": used,
            "limit": limit,
            "share": share,
            "digests_until": quota.digests_until,
            "reminders_until": quota.reminders_until,
            "month": self._month().month,
        }

    async def _row(self, platform: str, kind: str) -> db.Row | None:
        return await db.fetch_one(
            "SELECT used, warned, exhausted_at FROM platform_months "
            "WHERE platform = $1 AND month = $2 AND kind = $3",
            platform,
            self._month(),
            kind,
        )

    def _month(self) -> date:
        return first_of_month(self.clock.now())


def first_of_month(now: datetime) -> date:
    """The platform counts local months."""
    return now.astimezone(SHANGHAI).date().replace(day=1)


def _lowest(quota: Quota, used: int, limit: int) -> int:
    if not limit:
        return EVERYTHING
    share = used * 100 / limit
    if share >= quota.reminders_until:
        return Priority.DECISION
    return Priority.REMINDER if share >= quota.digests_until else EVERYTHING
