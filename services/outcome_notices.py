"""What staff are told about a result: the whole text before its approval card, and what became
of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from message_templates.catalogue import Catalogue
from message_templates.environment import clock_time
from models import db
from models.clock import Clock
from models.ledger import Priority
from models.outcomes import OutcomeState
from services import outcome_facts
from services.ledger import Ledger
from services.outcome_facts import Prepared
from services.purposes import Facts, Purpose, Subject

FULL_TEXT = "outcomes.full_text"
WAITING = "outcomes.waiting"
TOLD = "outcomes.told"
USEFUL = timedelta(hours=72)  # as long as an approval may take

_SUBJECT = "SELECT subject_id FROM approvals WHERE id = $1 AND kind = 'outcomes'"
# A channel's own word that it arrived, or the reader's touch.
_SHOWN = """
SELECT EXISTS (SELECT 1 FROM messages m JOIN deliveries d ON d.message_id = m.id
                WHERE m.purpose = $1 AND m.subject_id = $2 AND d.person_id = $3
                  AND d.state IN ('accepted', 'seen', 'answered'))
"""


class OutcomeNotices:
    def __init__(self, ledger: Ledger, catalogue: Catalogue, clock: Clock) -> None:
        self.ledger = ledger
        self.catalogue = catalogue
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(FULL_TEXT, self._full_text, Priority.DECISION, useful_for=USEFUL),
                Purpose(WAITING, self._waiting_facts, Priority.DECISION),
                Purpose(TOLD, self._told_facts, Priority.DECISION, useful_for=USEFUL),
            ]
        )

    async def show(self, approval_id: int, people: Sequence[int]) -> None:
        """Every word, to each of them once, before the card that asks.

        A card holds 160 characters (D90236), a rejection more; and who approves must have read
        what leaves. Messages to one person leave one after another in this order.
        """
        outcome_id = await db.fetch_value(_SUBJECT, approval_id)
        for person in people:
            once = f"{FULL_TEXT}:{outcome_id}:{person}"
            await self.ledger.notify(FULL_TEXT, outcome_id, [person], once=once)

    async def show_again(self, approval_id: int, person: int) -> None:
        """The same words with the time in their heading: WeCom drops an equal text."""
        outcome_id = await db.fetch_value(_SUBJECT, approval_id)
        context = {"again": clock_time(self.clock.now())}
        await self.ledger.notify(FULL_TEXT, outcome_id, [person], context=context)

    async def was_shown(self, approval_id: int, person: int) -> bool:
        outcome_id = await db.fetch_value(_SUBJECT, approval_id)
        return bool(await db.fetch_value(_SHOWN, FULL_TEXT, outcome_id, person))

    async def waits(self, found: Prepared) -> None:
        """Approved: who prepared it sees when it leaves, and can take it back until then."""
        await self.ledger.notify(
            WAITING, found.id, [found.prepared_by], once=f"{WAITING}:{found.id}"
        )

    async def tell(self, outcome_id: int, what: str, reason: str = "") -> None:
        """`what`: refused, expired or damaged."""
        found = await outcome_facts.one(outcome_id)
        await self.ledger.notify(
            TOLD,
            outcome_id,
            [found.prepared_by],
            context={"what": what, "reason": reason},
            once=f"{TOLD}:{outcome_id}:{what}",
        )

    async def changed(self, outcome_id: int) -> None:
        """It was sent or taken back: cards about it show that."""
        await self.ledger.redraw([WAITING], [outcome_id])

    async def facts(self, outcome_id: int) -> dict[str, object]:
        """What the card of who prepared it shows now."""
        found = await outcome_facts.one(outcome_id)
        return {
            **found.shown,
            "state": found.state.value,
            "send_after": found.send_after,
            "awaits_notice": found.awaits_notice,
            "sent_at": found.sent_at,
        }

    async def _full_text(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = await outcome_facts.load([subject.subject_id for subject in subjects])
        return {
            subject.message_id: _whole(found[subject.subject_id], subject)
            for subject in subjects
            if subject.subject_id in found
        }

    async def _waiting_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        stands = (OutcomeState.WAITING, OutcomeState.SENT)
        known = await outcome_facts.load([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                await self.facts(subject.subject_id),
                known[subject.subject_id].state in stands,
                "it was taken back",
            )
            for subject in subjects
            if subject.subject_id in known
        }

    async def _told_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = await outcome_facts.load([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                {
                    **found[subject.subject_id].shown,
                    **subject.context,
                    "letter": self._letter(found[subject.subject_id]),
                    "due_at": found[subject.subject_id].due_at,
                }
            )
            for subject in subjects
            if subject.subject_id in found
        }

    def _letter(self, found: Prepared) -> str:
        return self.catalogue.phrase("outcomes/replies", found.kind.value)


def _whole(found: Prepared, subject: Subject) -> Facts:
    """The text as it lies there, while it is asked about; never one that was altered."""
    if found.state != OutcomeState.ASKED or not found.sealed_text:
        return Facts({}, stands=False, why_not=f"it is {found.state}")
    if not found.intact:
        return Facts({}, broken="the text was altered")
    again = str(subject.context.get("again", ""))
    return Facts({**found.shown, "text": found.text, "again": again})
