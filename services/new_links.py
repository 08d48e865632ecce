"""A new way in for whoever holds an old one: sent to the address we know, never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services import audit
from services.candidate_reach import KF, MAIL, SMS
from services.entry_links import Opened
from services.hospital import Hospital
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject

NEW_LINK = "candidates.new_link"


class NewLinks:
    def __init__(self, ledger: Ledger, hospital: Hospital, clock: Clock) -> None:
        self.ledger = ledger
        self.hospital = hospital
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(
                    NEW_LINK,
                    self._facts,
                    Priority.DECISION,
                    quiet=False,
                    useful_for=timedelta(hours=24),
                    always=True,  # they asked for it
                    only=(KF, MAIL, SMS),
                )
            ]
        )

    async def send(self, old: Opened) -> bool:
        """Send one, at most once a day for each old link; False when it was sent today already."""
        now = self.clock.now()
        today = now.astimezone(SHANGHAI).date()
        async with db.transaction():
            sent = await self.ledger.notify_candidate(
                NEW_LINK,
                old.link_id,
                old.candidate_id,
                once=f"{NEW_LINK}:{old.link_id}:{today}",
            )
            if sent is not None:
                subject = f"candidates:{old.candidate_id}"
                await audit.record(now, f"candidate:{old.candidate_id}", "link.renewed", subject)
        return sent is not None

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        """The channel puts the link in when it sends: nothing secret waits in the ledger."""
        rows = await db.fetch(
            "SELECT l.id FROM entry_links l JOIN candidates c ON c.id = l.candidate_id "
            "WHERE l.id = ANY($1) AND c.erased_at IS NULL",
            [subject.subject_id for subject in subjects],
        )
        known = {row["id"] for row in rows}
        said = {"hospital": self.hospital.name}
        return {
            subject.message_id: Facts(said, subject.subject_id in known, "the link is gone")
            for subject in subjects
        }
