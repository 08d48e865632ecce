"""The office's side of a renewal: it compares the picture, accepts or refuses, and is asked again.

What is accepted is what was shown: the digest of the picture is part of what is approved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from models.licences import RenewalState
from services import audit, renewal_rows
from services.actors import Actor
from services.approval_kinds import ApprovalKind
from services.approvals import Approvals
from services.evidence import Evidence
from services.hospital import Hospital
from services.ledger import Ledger
from services.licence_kinds import LicenceKinds
from services.licence_records import LicenceFacts, Verified
from services.licences import Licences
from services.offices import people_of
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.renewal_choices import PDF, RenewalChoices, file_of
from services.renewal_rows import RenewalView
from services.renewal_rules import looks_short, until_words
from services.units import hr_heads

KIND = "renewals"
PICTURE = "renewals.picture"
OUTCOME = "renewals.outcome"
WAITING = "renewals.waiting"
ROUNDS = 3  # of 72 hours each; then its sender is told that nobody looked
OLD_PICTURE_KEPT = timedelta(days=400)  # after the licence it showed was renewed
USEFUL = timedelta(days=3)

_ROUND = "SELECT count(*) FROM approvals WHERE kind = $1 AND subject_id = $2"
_REFUSED_BEFORE = """
SELECT EXISTS (SELECT 1 FROM renewals
                WHERE evidence_id = $1 AND id <> $2 AND state = 'refused')
"""


class RenewalOffice:
    def __init__(
        self,
        ledger: Ledger,
        approvals: Approvals,
        licences: Licences,
        evidence: Evidence,
        catalogue: Catalogue,
        hospital: Hospital,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.approvals = approvals
        self.licences = licences
        self.evidence = evidence
        self.catalogue = catalogue
        self.hospital = hospital
        self.clock = clock
        choices = catalogue.words("renewals/choices")
        self._choices = {file: RenewalChoices(choices, file) for file in ("", PDF)}
        self._offices: Mapping[str, str] = choices["offices"]
        ledger.purposes.add(
            [
                Purpose(PICTURE, self._picture_facts, Priority.DECISION, useful_for=USEFUL),
                Purpose(OUTCOME, self._outcome_facts, Priority.DECISION, useful_for=USEFUL),
                Purpose(WAITING, self._outcome_facts, Priority.DECISION, useful_for=USEFUL),
            ]
        )
        approvals.register(
            [
                ApprovalKind(
                    KIND,
                    self._content,
                    self._approved,
                    self._refused,
                    self._expired,
                    self._reopened,
                    self._lock,
                    self._may_decide,
                    reasons=self._choices[""].listed,
                    beside=self._show_picture,
                    reasons_of=self._reasons_of,
                )
            ]
        )

    @property
    def kinds(self) -> LicenceKinds:
        return self.licences.kinds

    async def submit(self, view: RenewalView) -> None:
        """Ask the office of its kind to compare; another one being checked gives way to it.

        Raises Refusal: nobody may approve.
        """
        now = self.clock.now()
        assert view.kind is not None
        others = await renewal_rows.load(
            self.kinds,
            "r.person_id = $1 AND r.kind = $2 AND r.state = 'sent' AND r.id <> $3",
            view.person_id,
            view.kind.key,
            view.id,
            lock=True,
        )
        for other in others:
            await self.take_back(other, "renewal.replaced", f"person:{view.person_id}")
        await renewal_rows.move(view, RenewalState.SENT, now, licence_id=view.record_id)
        await self._ask(view.id, view.person_id, await self._people(view))
        subject = f"renewals:{view.id}"
        by = f"person:{view.person_id}"
        await audit.record(
            now, by, "renewal.sent", subject, kind=view.kind.key, digest=view.digest
        )

    async def resubmit(self, view: RenewalView) -> None:
        """Ask anew about one that is being checked, after its sender corrected it."""
        if view.approval_id:
            await self.approvals.withdraw(view.approval_id)
        await self._ask(view.id, view.person_id, await self._people(view))
        by = f"person:{view.person_id}"
        await audit.record(self.clock.now(), by, "renewal.corrected", f"renewals:{view.id}")

    async def take_back(self, view: RenewalView, action: str, by: object) -> None:
        """Its sender took it back, or sent a newer picture: nobody is asked any more."""
        now = self.clock.now()
        await renewal_rows.move(view, RenewalState.WITHDRAWN, now)
        if view.approval_id:
            await self.approvals.withdraw(view.approval_id)
        await self.ledger.withdraw([PICTURE], [view.id], "the renewal was closed")
        await audit.record(now, by, action, f"renewals:{view.id}", digest=view.digest)

    async def decide(
        self, approval_id: int, by: Actor, approve: bool, chosen: str = ""
    ) -> dict[str, Any]:
        """The decision from the card; the facts to redraw it with.

        `chosen` is the id of what it was compared with beside a yes, of a reason beside a no.
        Raises Refusal: as approvals.decide, and a yes without saying compared with what.
        """
        choices, reason = self._choices[await file_of(approval_id)], ""
        if approve:
            await self._compared(approval_id, choices.kept(chosen))
        elif not choices.is_against(chosen):
            reason = choices.reason(chosen)
        await self.approvals.decide(approval_id, by, approve, reason)
        return await self.approvals.facts(approval_id)

    def facts(self, view: RenewalView) -> dict[str, Any]:
        """What cards and texts to its sender say of it."""
        ends = view.claim.end
        deadline = view.kind.deadline(ends) if view.kind and ends else None
        early = bool(view.kind and view.kind.apply_before)
        return view.facts() | {
            "office": self._offices[str(view.office)],
            "next": until_words(deadline, False) if early else "",
            "reminds": bool(view.kind and view.kind.steps and ends),
        }

    # What the approval asks of us.

    async def _content(self, renewal_id: int) -> dict[str, Any]:
        view = await renewal_rows.one(self.kinds, renewal_id)
        return self.facts(view) | {
            "state": "sent",
            "reason": "",
            "staff_no": view.staff_no,
            "unit": view.unit,
            "new": view.record is None,
            "issued": until_words(view.claim.began, False),
            "number": view.claim.number,
            "digest": view.digest,
            "notes": await self._notes(view),
        }

    async def _notes(self, view: RenewalView) -> list[str]:
        """What the office should look at twice."""
        found = []
        if view.record is None:
            found.append("no_record")
        if view.claim.number and view.record_number not in ("", view.claim.number):
            found.append("number_differs")
        if view.kind and looks_short(view.kind, view.record, view.claim.end):
            found.append("short")
        if await db.fetch_value(_REFUSED_BEFORE, view.evidence_id, view.id):
            found.append("refused_before")
        others = await self.evidence.sent_before_by(view.evidence_id)
        if others:
            found.append("same_file")
        facts = {
            "years": view.kind.years if view.kind else None,
            "others": others,
            "person": view.holder,
        }
        return [self.catalogue.phrase("renewals/notes", key, **facts) for key in found]

    async def _approved(self, renewal_id: int, by: Actor) -> None:
        """The licence is written down, in the approving transaction; its ladder ends with it."""
        view = await renewal_rows.one(self.kinds, renewal_id, lock=True)
        now = self.clock.now()
        assert view.kind is not None
        shown_before = await self._picture_on_record(view)
        facts = LicenceFacts(
            person_id=view.person_id,
            kind=view.kind.key,
            valid_to=view.claim.end,
            perpetual=view.claim.perpetual,
            number=view.claim.number,
            issued=view.claim.began,
            verified=Verified(by.person_id, now, view.against),
            evidence_id=view.evidence_id,
        )
        licence_id = await self.licences.put(by, facts, f"renewal:{view.id}")
        await renewal_rows.move(view, RenewalState.ACCEPTED, now, licence_id=licence_id)
        await self.evidence.keep(view.evidence_id, None)
        if shown_before not in (None, view.evidence_id):
            await self.evidence.keep(int(shown_before or 0), self._today() + OLD_PICTURE_KEPT)
        await audit.record(
            now,
            by,
            "renewal.accepted",
            f"renewals:{view.id}",
            licence=licence_id,
            digest=view.digest,
            against=view.against,
        )
        await self._tell(view.id, view.person_id)

    async def _picture_on_record(self, view: RenewalView) -> int | None:
        found: int | None = await db.fetch_value(
            "SELECT evidence_id FROM licences WHERE id = $1", view.record_id
        )
        return found

    async def _refused(self, renewal_id: int, by: Actor, reason: str) -> None:
        view = await renewal_rows.one(self.kinds, renewal_id, lock=True)
        now = self.clock.now()
        await renewal_rows.move(view, RenewalState.REFUSED, now, reason=reason)
        subject = f"renewals:{view.id}"
        await audit.record(now, by, "renewal.refused", subject, digest=view.digest)
        await self._tell(view.id, view.person_id)

    async def _expired(self, renewal_id: int) -> None:
        """Nobody looked for three days: asked again, the HR heads too; at last its sender is told.

        Silence is never a yes, and never a reason to lose what a nurse sent.
        """
        view = await renewal_rows.one(self.kinds, renewal_id, lock=True)
        rounds: int = await db.fetch_value(_ROUND, KIND, view.id)
        if rounds < ROUNDS:
            people = [*await self._people(view), *await hr_heads()]
            await self._ask(view.id, view.person_id, people)
            once = f"{WAITING}:{view.id}:{rounds}"
            await self.ledger.notify(WAITING, view.id, [view.person_id], once=once)
            return
        await renewal_rows.move(view, RenewalState.WITHDRAWN, self.clock.now())
        await self._tell(view.id, view.person_id)

    async def _reopened(self, renewal_id: int, approval_id: int) -> None:
        await db.execute(
            "UPDATE renewals SET approval_id = $2 WHERE id = $1", renewal_id, approval_id
        )

    async def _lock(self, renewal_id: int) -> None:
        await renewal_rows.one(self.kinds, renewal_id, lock=True)

    async def _may_decide(self, renewal_id: int, by: int, seat: int) -> None:
        """Somebody of the office of its kind (or an HR head) at this moment, or who stands in for
        one; never its owner. Raises Refusal("not_allowed")."""
        view = await renewal_rows.one(self.kinds, renewal_id)
        able = {*await people_of(view.office), *await hr_heads()}
        if not able & {by, seat} or by == view.person_id:
            raise Refusal("not_allowed")

    # Small steps.

    async def _people(self, view: RenewalView) -> list[int]:
        """Whom to ask: nobody compares their own licence."""
        able = [person for person in await people_of(view.office) if person != view.person_id]
        return able or [person for person in await hr_heads() if person != view.person_id]

    async def _ask(self, renewal_id: int, requester: int, people: Sequence[int]) -> None:
        approval = await self.approvals.open(
            KIND, renewal_id, requester=requester, approvers=people
        )
        await self._reopened(renewal_id, approval)

    def _reasons_of(self, content: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
        return self._choices[PDF if content.get("file") == PDF else ""].listed

    async def _compared(self, approval_id: int, against: str) -> None:
        await db.execute(
            "UPDATE renewals SET against = $2 FROM approvals a "
            "WHERE a.id = $1 AND a.kind = 'renewals' AND renewals.id = a.subject_id "
            "AND renewals.state = 'sent'",
            approval_id,
            against,
        )

    async def _show_picture(self, approval_id: int, people: Sequence[int]) -> None:
        """The picture, before the card that asks about it."""
        renewal = await db.fetch_value(
            "SELECT subject_id FROM approvals WHERE id = $1", approval_id
        )
        await self.ledger.notify(PICTURE, renewal, people)

    async def _tell(self, renewal_id: int, person_id: int) -> None:
        once = f"{OUTCOME}:{renewal_id}"
        await self.ledger.notify(OUTCOME, renewal_id, [person_id], once=once)

    def _today(self) -> date:
        return self.clock.now().astimezone(SHANGHAI).date()

    async def _picture_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return await self._loaded(subjects, stands=(RenewalState.SENT,))

    async def _outcome_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return await self._loaded(subjects, stands=tuple(RenewalState))

    async def _loaded(
        self, subjects: Sequence[Subject], stands: Sequence[RenewalState]
    ) -> Mapping[int, Facts]:
        ids = [subject.subject_id for subject in subjects]
        views = {v.id: v for v in await renewal_rows.load(self.kinds, "r.id = ANY($1)", ids)}
        return {
            subject.message_id: Facts(
                self.facts(view)
                | {
                    "evidence_id": view.evidence_id,
                    "url": f"{self.hospital.public_url}/console/evidence/{view.evidence_id}",
                },
                view.state in stands,
                f"the renewal is {view.state}",
            )
            for subject in subjects
            if (view := views.get(subject.subject_id)) is not None
        }
