"""What a renewal's sender is asked: which licence, until when, and for the picture itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from message_templates.catalogue import Catalogue
from models import db, sealed
from models.asks import AskState
from models.ledger import Priority
from models.licences import RenewalState
from services import renewal_rows
from services.asks import Asks
from services.ledger import CONTEXT, Ledger
from services.purposes import Facts, Purpose, Subject
from services.renewal_office import RenewalOffice
from services.renewal_rows import RenewalView
from services.renewal_rules import Problem, until_words
from services.renewal_words import Claim

WHICH = "renewals.which"
DATE = "renewals.date"
PHOTO = "renewals.photo"
POLICY = "renewal_draft"
OPTIONS = 10  # of a card's choice
USEFUL = timedelta(days=3)

_TOLD_BEFORE = """
SELECT m.context FROM asks a JOIN messages m ON m.id = a.message_id
 WHERE a.purpose = $1 AND a.person_id = $2 AND a.state = 'open' ORDER BY a.id DESC LIMIT 1
"""


class RenewalAsks:
    def __init__(
        self, ledger: Ledger, asks: Asks, office: RenewalOffice, catalogue: Catalogue
    ) -> None:
        self.ledger = ledger
        self.asks = asks
        self.office = office
        self.catalogue = catalogue
        ledger.purposes.add(
            [
                Purpose(WHICH, self._which_facts, Priority.DECISION, useful_for=USEFUL),
                Purpose(DATE, self._date_facts, Priority.DECISION, useful_for=USEFUL),
                Purpose(PHOTO, self._photo_facts, Priority.DECISION, useful_for=USEFUL),
            ]
        )

    async def ask(
        self,
        purpose: str,
        view: RenewalView,
        problem: Problem | None = None,
        among: Sequence[str] = (),
    ) -> bool:
        """False when the question is open already; `problem` is what was wrong with the words.

        `among` are the only kinds it can be.
        """
        found = await self.asks.find([purpose], view.id, view.person_id)
        if found is not None and found.state is AskState.OPEN:
            return False
        said = self.worded(problem) if problem else ""
        context = {"problem": said, "among": list(among)}
        await self.asks.open(purpose, view.id, [view.person_id], policy=POLICY, context=context)
        return True

    def worded(self, problem: Problem) -> str:
        return self.catalogue.phrase("refusals", problem.key, **problem.params)

    async def answered(self, purpose: str, view: RenewalView, answer: str) -> None:
        """Nothing happens where it was not asked."""
        if await self.asks.answer([purpose], view.id, view.person_id, answer[:64]):
            await self.ledger.withdraw([purpose], [view.id], "the renewal went on")
            await self.ledger.redraw([purpose], [view.id])

    async def stop(self, subject_id: int, *purposes: str) -> None:
        """Nobody needs to answer any more."""
        await self.asks.close(purposes, [subject_id], AskState.WITHDRAWN)
        await self.ledger.withdraw(purposes, [subject_id], "the renewal was closed")
        await self.ledger.redraw(purposes, [subject_id])

    async def ask_for_picture(self, person_id: int, name: str, claim: Claim) -> dict[str, Any]:
        """The words came first: they are remembered with the question. What it says."""
        await self.stop(person_id, PHOTO)
        context = {
            "name": name,
            "until": until_words(claim.end, claim.perpetual),
            "claim": _kept(claim),
        }
        await self.asks.open(PHOTO, person_id, [person_id], policy=POLICY, context=context)
        return context

    async def told_before(self, person_id: int) -> Claim:
        """What was said before the picture came; the question for it is answered."""
        body = await db.fetch_value(_TOLD_BEFORE, PHOTO, person_id)
        if body is None:
            return Claim()
        await self.asks.answer([PHOTO], person_id, person_id, "photo")
        return _reopened(sealed.open_json(CONTEXT, body)["claim"])

    async def facts(self, renewal_id: int) -> dict[str, Any]:
        """What the cards to its sender show now."""
        view = await renewal_rows.one(self.office.kinds, renewal_id)
        options = await self.options(view.person_id)
        return self.office.facts(view) | {"problem": "", "options": options}

    async def options(self, person_id: int) -> list[dict[str, str]]:
        """Own licences first, the most urgent ahead; then the kinds they have none of."""
        held = [view.kind for view in await self.office.licences.of_person(person_id)]
        kinds = [*held, *(kind for kind in self.office.kinds if kind not in held)]
        return [{"id": kind.key, "text": kind.name} for kind in kinds[:OPTIONS]]

    async def _which_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return {s.message_id: await self._draft_facts(s, named=False) for s in subjects}

    async def _date_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return {s.message_id: await self._draft_facts(s, named=True) for s in subjects}

    async def _draft_facts(self, subject: Subject, *, named: bool) -> Facts:
        facts = await self.facts(subject.subject_id)
        facts["problem"] = subject.context.get("problem", "")
        among = subject.context.get("among")
        if among:
            facts["options"] = [each for each in facts["options"] if each["id"] in among]
        stands = facts["state"] == RenewalState.DRAFT and bool(facts["name"]) is named
        return Facts(facts, stands, "the renewal went on")

    async def _photo_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return {subject.message_id: Facts(subject.context) for subject in subjects}


def _kept(claim: Claim) -> dict[str, Any]:
    return {
        "kinds": list(claim.kinds),
        "end": claim.end.isoformat() if claim.end else None,
        "perpetual": claim.perpetual,
        "began": claim.began.isoformat() if claim.began else None,
        "number": claim.number,
    }


def _reopened(kept: Mapping[str, Any]) -> Claim:
    return Claim(
        kinds=tuple(kept["kinds"]),
        end=date.fromisoformat(kept["end"]) if kept["end"] else None,
        perpetual=bool(kept["perpetual"]),
        began=date.fromisoformat(kept["began"]) if kept["began"] else None,
        number=kept["number"],
    )
