"""Licences on record, pictures that were stored, and who compares them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.wiring import Services
from models import db, sealed
from models.clock import Clock
from services.actors import Actor, by_id
from services.licence_records import LicenceFacts
from services.offices import Office, people_of
from services.renewals import Heard
from tests.support.deciding import actor

SOON = date(2026, 12, 20)  # an end near the hospital's day, 2026-12-07
NEXT = date(2031, 12, 20)


@dataclass(frozen=True)
class Room:
    """One hospital's renewals, each deed in a transaction of its own as a handler's is."""

    services: Services
    clock: Clock

    async def record(self, user: str, kind: str = "nurse", end: date | None = SOON) -> int:
        by = await actor(user)
        facts = LicenceFacts(by.person_id, kind, valid_to=end, perpetual=end is None)
        return await self.services.licences.records.put("test", facts, "test")

    async def picture(self, user: str, content: str = "photo") -> int:
        """A picture of theirs that was stored; equal content has an equal digest."""
        by = await actor(user)
        digest = hashlib.sha256(content.encode()).hexdigest()
        stored: int = await db.fetch_value(
            "INSERT INTO evidence (person_id, media_type, filename, size, digest, body, sent_at, "
            "delete_after) VALUES ($1, 'image/jpeg', 'a.jpg', 5, $2, $3, $4, '2027-01-06') "
            "ON CONFLICT (person_id, digest) DO UPDATE SET size = 5 RETURNING id",
            by.person_id,
            digest,
            sealed.ring().seal("evidence.body", "aGVsbG8="),
            self.clock.now(),
        )
        return stored

    async def sends(self, user: str, caption: str = "", content: str = "photo") -> Heard:
        """The picture is stored in the same transaction, so that a refused one leaves nothing."""
        async with db.transaction():
            file = await self.picture(user, content)
            return await self.services.renewals.renewals.receive(await actor(user), file, caption)

    async def says(self, user: str, text: str) -> Heard | None:
        async with db.transaction():
            return await self.services.renewals.renewals.say(await actor(user), text)

    async def decides(
        self, approval_id: int, by: Actor, chosen: str, *, approve: bool = True
    ) -> dict[str, Any]:
        async with db.transaction():
            return await self.services.renewals.office.decide(approval_id, by, approve, chosen)

    async def checker(self, office: Office = Office.NURSING) -> Actor:
        found = await by_id((await people_of(office))[0])
        assert found is not None
        return found

    async def newest(self) -> db.Row:
        row = await db.fetch_one("SELECT * FROM renewals ORDER BY id DESC LIMIT 1")
        assert row is not None
        return row

    async def states(self) -> list[str]:
        rows = await db.fetch("SELECT state FROM renewals ORDER BY id")
        return [row["state"] for row in rows]

    async def approval(self) -> int:
        """The only one that waits."""
        rows = await db.fetch(
            "SELECT id FROM approvals WHERE kind = 'renewals' AND state = 'pending'"
        )
        assert len(rows) == 1, rows
        return int(rows[0]["id"])

    async def shown(self) -> dict[str, Any]:
        """What the card that waits shows."""
        return await self.services.approvals.facts(await self.approval())

    async def current(self, user: str, kind: str = "nurse") -> db.Row | None:
        by = await actor(user)
        return await db.fetch_one(
            "SELECT * FROM licences WHERE person_id = $1 AND kind = $2 AND state = 'current'",
            by.person_id,
            kind,
        )


async def said_to(user: str) -> list[str]:
    """The purposes of what a person was sent, oldest first."""
    by = await actor(user)
    rows = await db.fetch(
        "SELECT m.purpose FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "WHERE d.person_id = $1 AND m.purpose LIKE 'renewals.%' ORDER BY m.id",
        by.person_id,
    )
    return [row["purpose"].removeprefix("renewals.") for row in rows]


async def open_asks(user: str) -> list[str]:
    by = await actor(user)
    rows = await db.fetch(
        "SELECT purpose FROM asks WHERE person_id = $1 AND state = 'open' "
        "AND purpose LIKE 'renewals.%' ORDER BY id",
        by.person_id,
    )
    return [row["purpose"].removeprefix("renewals.") for row in rows]
