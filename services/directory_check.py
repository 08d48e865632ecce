"""The directories against whom we know: asked for single accounts, compared every night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time

import structlog

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services.accounts import WITH_UNION_IDS
from services.ledger import Ledger
from services.once_a_day import Part
from services.purposes import Purpose, from_context
from services.sources import DirectoryMember, OrgDirectory, SourceFailed
from services.units import hr_heads

log = structlog.get_logger()

DIFFERS = "people.directory_differs"
NIGHT = Part("directory.compared", time(3, 10), time(6, 0))
SHOWN = 20  # names of one list; the rest is counted
BATCH = 200  # accounts asked for in one job

_ACCOUNTS = """
SELECT i.user_id, i.union_id, p.name, p.active
  FROM identities i JOIN persons p ON p.id = i.person_id WHERE i.platform = $1 ORDER BY p.staff_no
"""
_UNION_IDS = """
UPDATE identities i SET union_id = n.union_id
  FROM unnest($2::text[], $3::text[]) AS n(user_id, union_id)
 WHERE i.platform = $1 AND lower(i.user_id) = lower(n.user_id)
   AND i.union_id IS DISTINCT FROM n.union_id
"""
_LACKING = """
SELECT i.user_id FROM identities i JOIN persons p ON p.id = i.person_id
 WHERE i.platform = $1 AND i.union_id IS NULL AND p.active ORDER BY i.id LIMIT $2
"""


class DirectoryCheck:
    def __init__(
        self, directories: Mapping[str, OrgDirectory], ledger: Ledger, clock: Clock
    ) -> None:
        self.directories = directories
        self.ledger = ledger
        self.clock = clock
        ledger.purposes.add([Purpose(DIFFERS, from_context, Priority.DIGEST)])

    async def refresh(self, account: str) -> None:
        """Ask for the details of one account, `platform:user id`, or of all that lack them.

        Raises SourceFailed when a later try may work: the job is repeated.
        """
        platform, _, user_id = account.partition(":")
        for name in [platform] if account else WITH_UNION_IDS:
            directory = self.directories.get(name)
            if directory is not None:
                await self._refresh(directory, [user_id] if user_id else await _lacking(name))

    async def _refresh(self, directory: OrgDirectory, user_ids: Sequence[str]) -> None:
        found = []
        try:
            for user_id in user_ids:
                member = await directory.member(user_id)
                if member is not None:
                    found.append(member)
        except SourceFailed as failed:
            if failed.passing:
                raise
            log.warning("directory_not_read", platform=directory.platform, reason=failed.reason)
        finally:
            await self._keep_union_ids(directory.platform, found)

    async def _keep_union_ids(self, platform: str, members: Sequence[DirectoryMember]) -> None:
        told = [member for member in members if member.union_id]
        if told:
            await db.execute(
                _UNION_IDS,
                platform,
                [member.user_id for member in told],
                [member.union_id for member in told],
            )

    async def compare_tonight(self) -> int:
        """Once a night: tell the HR heads where directories and bot differ. Changes nobody.

        How many messages were queued.
        """
        if not self.directories or not await NIGHT.claim(self.clock):
            return 0
        try:
            found = {
                platform: await directory.members()
                for platform, directory in self.directories.items()
            }
        except SourceFailed as failed:
            log.warning("directory_not_read", reason=failed.reason)
            if failed.passing:
                await NIGHT.give_back(self.clock)
            return 0
        return await self._tell(found)

    async def _tell(self, found: Mapping[str, Sequence[DirectoryMember]]) -> int:
        lists = []
        for platform, members in found.items():
            await self._keep_union_ids(platform, members)
            lists.append(await _differences(platform, members))
        lists = [one for one in lists if one["gone"] or one["back"] or one["shrunk"]]
        if not lists:
            return 0
        day = self.clock.now().astimezone(SHANGHAI).date()
        once = f"{DIFFERS}:{day}"
        context = {"lists": lists}
        to = await hr_heads()
        async with db.transaction():
            told = await self.ledger.notify(DIFFERS, 0, to, context=context, once=once)
        return int(told is not None)


async def _differences(platform: str, members: Sequence[DirectoryMember]) -> dict[str, object]:
    """Who is gone there and active here, and who is there and was disabled here.

    When more than half seem to be gone, the app's range has shrunk rather than the hospital.
    """
    there = {member.user_id.lower() for member in members}
    rows = await db.fetch(_ACCOUNTS, platform)
    active = [row for row in rows if row["active"]]
    gone = [row["name"] for row in active if row["user_id"].lower() not in there]
    back = [row["name"] for row in rows if not row["active"] and row["user_id"].lower() in there]
    shrunk = len(gone) > 5 and len(gone) * 2 > len(active)
    return {
        "platform": platform,
        "shrunk": shrunk,
        "read": len(members),
        "known": len(active),
        "gone": [] if shrunk else gone[:SHOWN],
        "gone_count": len(gone),
        "back": back[:SHOWN],
        "back_count": len(back),
    }


async def _lacking(platform: str) -> list[str]:
    return [row["user_id"] for row in await db.fetch(_LACKING, platform, BATCH)]
