"""Recruiting sheets between preview and apply: the HR office brings them in."""

from __future__ import annotations

from services.actors import Actor
from services.import_drafts import AnyKind, Kind, SheetDraft
from services.recruiting_access import require_recruiting
from services.sheet_uploads import SheetUploads


class RecruitingUploads(SheetUploads):
    kinds = Kind
    drafted = "recruiting.drafted"

    async def enter(self, by: Actor) -> None:
        await require_recruiting(by)

    async def permit(self, by: Actor, kind: AnyKind, draft: SheetDraft | None = None) -> None:  # noqa: ARG002
        await require_recruiting(by)
