"""Shows a photo or PDF to those who are asked to check it, in front of the card that asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models import db
from models.ledger import Priority
from services.hospital import Hospital
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject

PICTURE = "evidence.picture"


class EvidencePictures:
    def __init__(self, ledger: Ledger, hospital: Hospital) -> None:
        self.ledger = ledger
        self.hospital = hospital
        ledger.purposes.add([Purpose(PICTURE, self._facts, Priority.DECISION)])

    async def show(self, evidence_id: int, to: Sequence[int], caption: str) -> int | None:
        """Queue the file for these persons, whom the caller chose; the message's id.

        Written before a card with the same urgency, it also arrives before it. `caption` is a few
        words such as 李娜的护士执业证书: it names the file.
        """
        return await self.ledger.notify(PICTURE, evidence_id, to, context={"caption": caption})

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        wanted = [subject.subject_id for subject in subjects]
        rows = await db.fetch("SELECT id FROM evidence WHERE id = ANY($1)", wanted)
        kept = {row["id"] for row in rows}
        return {
            subject.message_id: Facts(
                {
                    "evidence": subject.subject_id,
                    "caption": subject.context["caption"],
                    "url": f"{self.hospital.public_url}/console/evidence/{subject.subject_id}",
                },
                stands=subject.subject_id in kept,
                why_not="the file was deleted",
            )
            for subject in subjects
        }
