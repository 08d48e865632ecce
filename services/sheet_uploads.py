"""A sheet between preview and apply: kept sealed for an hour, then forgotten."""

from __future__ import annotations

import base64
import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from models import db, sealed
from models.clock import Clock
from services import audit
from services.actors import Actor
from services.import_drafts import AnyKind, Change, Kind, SheetDraft, StaffingKind
from services.refusals import Refusal
from services.sheet_imports import SheetImports
from services.staff_uploads import BODY, LIFE

_KEEP = """
INSERT INTO sheet_uploads (person_id, kind, filename, digest, body, expires_at)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
_FIND = """
SELECT kind, filename, body FROM sheet_uploads
 WHERE id = $1 AND person_id = $2 AND expires_at > $3 AND kind = ANY($4)
"""


class SheetUploads(ABC):
    """Only the person who uploaded a sheet sees it again; old ones go with the staff lists."""

    kinds: ClassVar[type[Kind] | type[StaffingKind]]
    drafted: ClassVar[str]  # the action in the audit log

    def __init__(self, imports: SheetImports, clock: Clock) -> None:
        self.imports = imports
        self.clock = clock

    @abstractmethod
    async def enter(self, by: Actor) -> None:
        """Whether they may bring in any of these sheets. Raises Refusal("not_allowed")."""

    @abstractmethod
    async def permit(self, by: Actor, kind: AnyKind, draft: SheetDraft | None = None) -> None:
        """Whether they may bring in such a sheet, and this one. Raises Refusal("not_allowed")."""

    async def keep(self, by: Actor, kind: AnyKind, data: bytes, filename: str) -> int:
        """Store a sheet until it is applied; its id. Raises Refusal("not_allowed")."""
        await self.permit(by, kind)
        draft = await self.imports.draft(kind, data, filename)
        await self.permit(by, kind, draft)
        now = self.clock.now()
        body = sealed.ring().seal(BODY, base64.b64encode(data).decode())
        async with db.transaction():
            await db.execute("DELETE FROM sheet_uploads WHERE person_id = $1", by.person_id)
            upload_id: int = await db.fetch_value(
                _KEEP, by.person_id, kind.value, filename[:255], draft.digest, body, now + LIFE
            )
            await audit.record(now, by, self.drafted, f"{kind}:{draft.digest[:12]}")
        return upload_id

    async def preview(self, by: Actor, upload_id: int) -> tuple[str, SheetDraft]:
        """The file's name and what it would do now. Raises Refusal."""
        await self.enter(by)
        kinds = [kind.value for kind in self.kinds]
        row = await db.fetch_one(_FIND, upload_id, by.person_id, self.clock.now(), kinds)
        if row is None:
            raise Refusal("upload_gone")
        kind = self.kinds(row["kind"])
        await self.permit(by, kind)
        data = base64.b64decode(sealed.open_sealed(BODY, row["body"]))
        draft = await self.imports.draft(kind, data, row["filename"])
        await self.permit(by, kind, draft)
        return row["filename"], draft

    async def apply(
        self, by: Actor, upload_id: int, digest: str
    ) -> tuple[AnyKind, Mapping[Change, int]]:
        """Store the sheet that was shown, whole; how many rows of each change. Raises Refusal."""
        _, draft = await self.preview(by, upload_id)
        if not hmac.compare_digest(draft.digest.encode(), digest.encode()) or not draft.applicable:
            raise Refusal("upload_gone")
        async with db.transaction():
            # Two taps on one button apply one sheet.
            if not await db.execute("DELETE FROM sheet_uploads WHERE id = $1", upload_id):
                raise Refusal("upload_gone")
            return draft.kind, await self.imports.apply(draft, by)
