"""Files people sent to prove something: kept sealed, opened by few, deleted when not needed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from models import db, sealed
from models.clock import SHANGHAI, Clock
from services import audit
from services.actors import Actor
from services.file_kinds import PDF, media_type_of, plain_name
from services.offices import Office, works_for
from services.permissions import Act, may
from services.refusals import Refusal

PLACE = "evidence.body"
DRAFTS_KEPT = timedelta(days=30)  # when nothing came of it
_BATCH = 50  # files deleted in one transaction

_STORE = """
INSERT INTO evidence (person_id, media_type, filename, size, digest, body, sent_at, delete_after)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (person_id, digest) DO UPDATE
   SET delete_after = greatest(evidence.delete_after, excluded.delete_after)
RETURNING id, (xmax = 0) AS is_new
"""
_KEEP = """
UPDATE evidence SET delete_after = CASE WHEN $2::date IS NULL THEN NULL
                                        ELSE greatest(delete_after, $2::date) END
 WHERE id = $1
"""
_ONE = """
SELECT e.id, e.person_id, e.media_type, e.filename, e.digest, e.body, e.sent_at,
       p.name AS owner, p.unit_id
  FROM evidence e JOIN persons p ON p.id = e.person_id WHERE e.id = $1
"""
_ABOUT = """
SELECT e.id, e.person_id, e.media_type, e.filename, e.digest, e.sent_at, e.delete_after,
       p.name AS owner, p.unit_id
  FROM evidence e JOIN persons p ON p.id = e.person_id WHERE e.id = $1
"""
_OTHERS = """
SELECT DISTINCT person_id FROM evidence WHERE digest = $1 AND person_id <> $2 ORDER BY person_id
"""
_EARLIER = """
SELECT DISTINCT p.id, p.name FROM evidence e JOIN persons p ON p.id = e.person_id
  JOIN evidence own ON own.id = $1
 WHERE e.digest = own.digest AND e.person_id <> own.person_id
   AND (e.sent_at, e.id) < (own.sent_at, own.id) ORDER BY p.id
"""
# What a request, open or closed, or a current licence still refers to is theirs to let go of.
_OLD = """
DELETE FROM evidence WHERE id IN (
    SELECT e.id FROM evidence e
     WHERE e.delete_after < $1
       AND NOT EXISTS (SELECT 1 FROM renewals r
                        WHERE r.evidence_id = e.id AND r.state IN ('draft', 'sent'))
       AND NOT EXISTS (SELECT 1 FROM licences l
                        WHERE l.evidence_id = e.id AND l.state = 'current')
     ORDER BY e.delete_after LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id, digest
"""
# A renewal that was decided long ago goes with its picture; the audit log has the digest.
_OLD_RENEWALS = """
DELETE FROM renewals r USING evidence e
 WHERE e.id = r.evidence_id AND e.delete_after < $1 AND r.state NOT IN ('draft', 'sent')
   AND NOT EXISTS (SELECT 1 FROM licences l
                    WHERE l.evidence_id = e.id AND l.state = 'current')
"""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was sent, and whose it is."""

    id: int
    person_id: int
    owner: str
    media_type: str
    filename: str
    digest: str
    sent_at: datetime
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileFacts:
    id: int
    owner: str
    media_type: str
    filename: str
    digest: str
    sent_at: datetime
    delete_after: date | None


class Evidence:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def store(self, person_id: int, data: bytes, media_type: str, filename: str) -> int:
        """The id of the file, the same for the same file of the same person.

        What it is is looked at again; a wrong `media_type` does not count. Kept for 30 days unless
        `keep` says longer. Raises Refusal as `file_kinds.media_type_of`.
        """
        real = media_type_of(data)
        now = self.clock.now()
        digest = hashlib.sha256(data).hexdigest()
        body = await asyncio.to_thread(_seal, data)
        row = await db.fetch_one(
            _STORE,
            person_id,
            real,
            plain_name(filename, real),
            len(data),
            digest,
            body,
            now,
            now.astimezone(SHANGHAI).date() + DRAFTS_KEPT,
        )
        assert row is not None
        if row["is_new"]:
            await audit.record(
                now,
                f"person:{person_id}",
                "evidence.stored",
                f"evidence:{row['id']}",
                digest=digest,
                size=len(data),
                said_to_be=media_type,
                is_=real,
            )
        return int(row["id"])

    async def keep(self, evidence_id: int, until: date | None) -> None:
        """Keep it at least until that day; with None as long as nobody says otherwise."""
        await db.execute(_KEEP, evidence_id, until)

    async def digest_of(self, evidence_id: int) -> str:
        """SHA-256 in hex, for the audit log; "" when the file is gone."""
        found = await db.fetch_value("SELECT digest FROM evidence WHERE id = $1", evidence_id)
        return str(found or "")

    async def others_who_sent(self, digest: str, person_id: int) -> list[int]:
        """Ids of other persons who sent the very same file."""
        return [row["person_id"] for row in await db.fetch(_OTHERS, digest, person_id)]

    async def sent_before_by(self, evidence_id: int) -> list[str]:
        """Names of other persons who had sent the very same file before."""
        return [row["name"] for row in await db.fetch(_EARLIER, evidence_id)]

    async def is_pdf(self, evidence_id: int) -> bool:
        kind = await db.fetch_value("SELECT media_type FROM evidence WHERE id = $1", evidence_id)
        return bool(kind == PDF)

    async def open(self, by: Actor, evidence_id: int) -> StoredFile:
        """The file, for its owner, the offices that check it and the managers of its owner's unit.

        Written to the audit log. Raises Refusal: not_allowed, also when there is no such file.
        """
        row = await db.fetch_one(_ONE, evidence_id)
        if row is None or not await _may_see(by, row):
            raise Refusal("not_allowed")
        await audit.record(
            self.clock.now(), by, "evidence.opened", f"evidence:{row['id']}", digest=row["digest"]
        )
        return await _opened(row)

    async def about(self, by: Actor, evidence_id: int) -> FileFacts:
        """What is known of a file, without it. Raises as `open`."""
        row = await db.fetch_one(_ABOUT, evidence_id)
        if row is None or not await _may_see(by, row):
            raise Refusal("not_allowed")
        return FileFacts(
            row["id"],
            row["owner"],
            row["media_type"],
            row["filename"],
            row["digest"],
            row["sent_at"],
            row["delete_after"],
        )

    async def to_send(self, evidence_id: int) -> StoredFile | None:
        """The file for a message whose receivers were chosen; None when it is gone."""
        row = await db.fetch_one(_ONE, evidence_id)
        return await _opened(row) if row else None

    async def forget_old(self) -> int:
        """Delete what is no longer needed, some at a time; how many."""
        now = self.clock.now()
        today = now.astimezone(SHANGHAI).date()
        async with db.transaction():
            await db.execute(_OLD_RENEWALS, today)
            gone = await db.fetch(_OLD, today, _BATCH)
            for row in gone:
                await audit.record(
                    now,
                    "system",
                    "evidence.forgotten",
                    f"evidence:{row['id']}",
                    digest=row["digest"],
                )
        return len(gone)


async def _may_see(by: Actor, row: db.Row) -> bool:
    if row["person_id"] == by.person_id or may(by, Act.SEE_LICENCES, row["unit_id"]):
        return True
    return await works_for(by, (Office.HR, Office.NURSING, Office.MEDICAL))


async def _opened(row: db.Row) -> StoredFile:
    data = await asyncio.to_thread(_open, row["body"])
    return StoredFile(
        row["id"],
        row["person_id"],
        row["owner"],
        row["media_type"],
        row["filename"],
        row["digest"],
        row["sent_at"],
        data,
    )


def _seal(data: bytes) -> str:
    return sealed.ring().seal(PLACE, base64.b64encode(data).decode())


def _open(body: str) -> bytes:
    return base64.b64decode(sealed.open_sealed(PLACE, body))
