"""A staff list between preview and apply: the file is kept sealed for an hour, then forgotten."""

from __future__ import annotations

import base64
import hmac
from datetime import timedelta

from models import db, sealed
from models.clock import Clock
from services import audit
from services.actors import Actor
from services.people_import import PeopleDraft, PeopleImport
from services.permissions import Act, require
from services.refusals import Refusal

BODY = "sheet_uploads.body"
LIFE = timedelta(hours=1)

_KEEP = """
INSERT INTO sheet_uploads (person_id, filename, digest, body, expires_at)
VALUES ($1, $2, $3, $4, $5) RETURNING id
"""
_FIND = """
SELECT id, filename, digest, body FROM sheet_uploads
 WHERE id = $1 AND person_id = $2 AND expires_at > $3 AND kind = 'people'
"""


class StaffUploads:
    """Only the person who uploaded a list sees it again."""

    def __init__(self, people: PeopleImport, clock: Clock) -> None:
        self.people = people
        self.clock = clock

    async def keep(self, by: Actor, data: bytes, filename: str) -> int:
        """Store a list until it is applied; its id. Raises Refusal("not_allowed")."""
        require(by, Act.IMPORT_PEOPLE)
        draft = await self.people.draft(data, filename)
        now = self.clock.now()
        body = sealed.ring().seal(BODY, base64.b64encode(data).decode())
        async with db.transaction():
            await db.execute("DELETE FROM sheet_uploads WHERE person_id = $1", by.person_id)
            upload_id: int = await db.fetch_value(
                _KEEP, by.person_id, filename[:255], draft.digest, body, now + LIFE
            )
            await audit.record(now, by, "people.drafted", f"people:{draft.digest[:12]}")
        return upload_id

    async def preview(self, by: Actor, upload_id: int) -> tuple[str, PeopleDraft]:
        """The file's name and what it would do now. Raises Refusal."""
        require(by, Act.IMPORT_PEOPLE)
        row = await db.fetch_one(_FIND, upload_id, by.person_id, self.clock.now())
        if row is None:
            raise Refusal("upload_gone")
        data = base64.b64decode(sealed.open_sealed(BODY, row["body"]))
        return row["filename"], await self.people.draft(data, row["filename"])

    async def apply(self, by: Actor, upload_id: int, digest: str) -> int:
        """Store the list that was shown, whole; how many persons. Raises Refusal."""
        _, draft = await self.preview(by, upload_id)
        shown = hmac.compare_digest(draft.digest.encode(), digest.encode())
        if not shown or not draft.applicable:
            raise Refusal("upload_gone")
        async with db.transaction():
            # Two taps on one button apply one list.
            if not await db.execute("DELETE FROM sheet_uploads WHERE id = $1", upload_id):
                raise Refusal("upload_gone")
            return await self.people.apply(draft, by)

    async def forget_old(self) -> int:
        """Drop what nobody applied in time; how many."""
        return await db.execute(
            "DELETE FROM sheet_uploads WHERE expires_at <= $1", self.clock.now()
        )
