"""The directory changed: leavers lose access at once."""

from __future__ import annotations

from bot.events import MemberChanged
from bot.routing import Router
from services.directory import DirectoryChanges

router = Router()


@router.event(MemberChanged)
async def member_changed(event: MemberChanged, directory: DirectoryChanges) -> None:
    if event.change in ("deleted", "out_of_range"):
        await directory.left(event.platform, event.member)
    elif event.change == "updated" and event.new_member:
        await directory.renamed(event.platform, event.member, event.new_member)
    else:
        await directory.changed(event.platform, event.member)
