"""A way to send a file where a chat cannot carry it: WeCom's apps hear of photos, not of files.

The signed address holds an opaque reference; the row behind it decides whether it is still open,
in whose name it sends, and how often. It opens nothing else, and looking at it changes nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from models import db
from models.clock import Clock
from services import actors, audit
from services.actors import Actor
from services.hospital import Hospital

PURPOSE = "evidence.upload"  # what the address is signed for
FORM = "evidence.upload.form"  # … and the token of an open page
LIVES = timedelta(hours=72)
FORM_LIVES = timedelta(hours=12)
MOST_USES = 20

_LIVING = """
SELECT ref FROM upload_links WHERE person_id = $1 AND expires_at > $2 AND uses = 0
 ORDER BY id DESC LIMIT 1
"""
_PROLONG = "UPDATE upload_links SET expires_at = $2 WHERE ref = $1"
_ADD = """
INSERT INTO upload_links (ref, person_id, created_at, expires_at) VALUES ($1, $2, $3, $4)
"""
_OPEN = "SELECT id, person_id FROM upload_links WHERE ref = $1 AND expires_at > $2"
_USE = """
UPDATE upload_links SET uses = uses + 1
 WHERE id = $1 AND expires_at > $2 AND uses < $3 RETURNING id
"""


class Signed(Protocol):
    """Signs an opaque id for one purpose; see bot/platforms/links.py."""

    def token(self, opaque_id: str) -> str: ...

    def open(self, token: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class UploadDoor:
    """An open address: `ref` ties the page's form to it, `by` is in whose name it sends."""

    id: int
    ref: str
    by: Actor


class UploadLinks:
    """`signed` must outlive the rows: the row decides."""

    def __init__(self, signed: Signed, hospital: Hospital, clock: Clock) -> None:
        self.signed = signed
        self.hospital = hospital
        self.clock = clock

    async def address(self, by: Actor) -> str:
        """Theirs for 72 hours from now; one that was not used yet is prolonged."""
        now = self.clock.now()
        async with db.transaction():
            await db.lock(f"upload_links:{by.person_id}")
            ref = await db.fetch_value(_LIVING, by.person_id, now)
            if ref is None:
                ref = secrets.token_urlsafe(18)
                await db.execute(_ADD, ref, by.person_id, now, now + LIVES)
                await audit.record(now, by, "upload_link.made", f"persons:{by.person_id}")
            else:
                await db.execute(_PROLONG, ref, now + LIVES)
        return f"{self.hospital.public_url}/u/{self.signed.token(ref)}"

    async def open(self, token: str) -> UploadDoor | None:
        """None for what we did not make, what has ended, and for who has left."""
        ref = self.signed.open(token)
        row = await db.fetch_one(_OPEN, ref, self.clock.now()) if ref else None
        by = await actors.by_id(row["person_id"]) if row else None
        if row is None or by is None or ref is None:
            return None
        return UploadDoor(row["id"], ref, by)

    async def used(self, door: UploadDoor) -> bool:
        """Count one more file, before it is looked at; False when there were too many."""
        now = self.clock.now()
        return await db.fetch_value(_USE, door.id, now, MOST_USES) is not None
