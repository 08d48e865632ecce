"""The directories against whom we know: asked for single accounts, compared every night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

import structlog

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services.accounts import WITH_UNION_IDS
from services.directory import DirectoryChanges
from services.directory_losses import DirectoryLosses, too_many
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
SELECT i.user_id, i.union_id, p.id, p.name, p.active
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
        self,
        directories: Mapping[str, OrgDirectory],
        changes: DirectoryChanges,
        losses: DirectoryLosses,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self.directories = directories
        self.changes = changes
        self.losses = losses
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
        """Once a night: whoever a leading directory has lost has left, as if it had told us; of
        the rest the HR heads are told. How many messages were queued.

        So many missing that the app's range may have shrunk end nobody's access: it is asked.
        """
        if not self.directories or not await NIGHT.claim(self.clock):
            return 0
        try:
            found = [await self._read(directory) for directory in self.directories.values()]
        except SourceFailed as failed:
            log.warning("directory_not_read", reason=failed.reason)
            if failed.passing:
                await NIGHT.give_back(self.clock)
            return 0
        return await self._tell([await self._settle(one) for one in found])

    async def _read(self, directory: OrgDirectory) -> _Difference:
        """What differs, and who is really gone: each is asked for by name. Raises SourceFailed."""
        members = await directory.members()
        await self._keep_union_ids(directory.platform, members)
        found = await _difference(directory.platform, members)
        if not found.many and directory.platform in self.changes.leads:
            found.left = [
                row for row in found.gone if await _is_unknown(directory, row["user_id"])
            ]
        return found

    async def _settle(self, found: _Difference) -> dict[str, Any]:
        """Do what follows; what the HR heads are told of one directory."""
        asked = False
        if found.many:
            people = [row["id"] for row in found.gone]
            asked = await self.losses.ask(found.platform, people, found.known)
        else:
            await self.losses.over(found.platform)
        left = [row["user_id"] for row in found.left]
        ended = set(await self.changes.left_together(found.platform, left)) if left else set()
        stayed = [row["name"] for row in found.gone if row["id"] not in ended]
        names = [row["name"] for row in found.gone if row["id"] in ended]
        return {
            "platform": found.platform,
            "shrunk": found.many and not asked,
            "read": found.read,
            "known": found.known,
            "ended": names[:SHOWN],
            "ended_count": len(names),
            "gone": [] if found.many else stayed[:SHOWN],
            "gone_count": len(stayed),
            "back": found.back[:SHOWN],
            "back_count": len(found.back),
        }

    async def _tell(self, every: Sequence[dict[str, Any]]) -> int:
        lists = [
            one for one in every if one["gone"] or one["ended"] or one["back"] or one["shrunk"]
        ]
        if not lists:
            return 0
        day = self.clock.now().astimezone(SHANGHAI).date()
        context = {
            "lists": lists,
            "todo": any(one["gone"] or one["back"] for one in lists),
            "ended": any(one["ended"] for one in lists),
        }
        to = await hr_heads()
        async with db.transaction():
            told = await self.ledger.notify(
                DIFFERS, 0, to, context=context, once=f"{DIFFERS}:{day}"
            )
        return int(told is not None)


@dataclass
class _Difference:
    """Who is gone there and active here, and who is there and was disabled here.

    `many`: so many are gone that they are not taken for leavers; `left`: who surely is one.
    """

    platform: str
    read: int
    known: int
    gone: list[db.Row]
    back: list[str]
    many: bool
    left: list[db.Row] = field(default_factory=list)


async def _difference(platform: str, members: Sequence[DirectoryMember]) -> _Difference:
    there = {member.user_id.lower() for member in members}
    rows = await db.fetch(_ACCOUNTS, platform)
    active = [row for row in rows if row["active"]]
    gone = [row for row in active if row["user_id"].lower() not in there]
    back = [row["name"] for row in rows if not row["active"] and row["user_id"].lower() in there]
    many = too_many(len(gone), len(active))
    return _Difference(platform, len(members), len(active), gone, back, many)


async def _is_unknown(directory: OrgDirectory, user_id: str) -> bool:
    """Asked for by name: a list may be short for many reasons. Raises SourceFailed: try again."""
    try:
        return await directory.member(user_id) is None
    except SourceFailed as failed:
        if failed.passing:
            raise
        log.warning("directory_not_read", platform=directory.platform, reason=failed.reason)
        return False


async def _lacking(platform: str) -> list[str]:
    return [row["user_id"] for row in await db.fetch(_LACKING, platform, BATCH)]
