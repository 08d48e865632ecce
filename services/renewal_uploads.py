"""A file for a renewal that comes through the browser: checked as one that comes by chat."""

from __future__ import annotations

from collections.abc import Sequence

from models import db
from models.clock import Clock
from services import audit
from services.actors import Actor
from services.evidence import Evidence
from services.refusals import Refusal
from services.renewal_asks import RenewalAsks
from services.renewals import Heard, Renewals
from services.upload_links import UploadDoor, UploadLinks

LONGEST = 100  # characters of what is written beside the file
SUSPECT = frozenset({"renewal_copied", "renewal_not_yours"})  # somebody should find them later


class RenewalUploads:
    def __init__(
        self,
        links: UploadLinks,
        evidence: Evidence,
        renewals: Renewals,
        asks: RenewalAsks,
        clock: Clock,
    ) -> None:
        self.links = links
        self.evidence = evidence
        self.renewals = renewals
        self.asks = asks
        self.clock = clock

    async def options(self, by: Actor) -> Sequence[dict[str, str]]:
        """The licences to choose from, own ones first: id and text."""
        return await self.asks.options(by.person_id)

    async def take(
        self, door: UploadDoor, data: bytes, filename: str, kind: str, until: str
    ) -> Heard:
        """`kind` is an id of `options` or "", `until` what was written as the new end.

        Everything or nothing. Raises Refusal: too many files, no file we take, not theirs, sent
        before.
        """
        if not await self.links.used(door):
            raise Refusal("upload_often")
        known = {option["id"]: option["text"] for option in await self.options(door.by)}
        words = f"{known.get(kind, '')} {until[:LONGEST]}".strip()
        try:
            async with db.transaction():
                file = await self.evidence.store(door.by.person_id, data, "", filename)
                return await self.renewals.receive(door.by, file, words)
        except Refusal as refusal:
            if refusal.key in SUSPECT:
                await audit.record(self.clock.now(), door.by, "act.refused", refusal.key)
            raise
