"""The nurse's side of a renewal: picture and words come in, what is missing is asked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from models import db
from models.clock import Clock
from models.licences import RenewalState
from services import audit, renewal_rows
from services.actors import Actor
from services.leaving import Leaver
from services.licence_kinds import LicenceKind
from services.licence_steps import Standing
from services.refusals import Refusal
from services.renewal_asks import DATE, WHICH, RenewalAsks
from services.renewal_office import RenewalOffice
from services.renewal_rows import RenewalView
from services.renewal_rules import Problem, judge, until_words, with_cycle
from services.renewal_words import Claim, read_claim

DRAFT_KEPT = timedelta(days=7)
DUE = (Standing.DUE, Standing.LATE, Standing.EXPIRED)

_OTHERS_NAME = """
SELECT name FROM persons
 WHERE id <> $1 AND length(name) >= 2 AND position(name IN $2) > 0
 ORDER BY length(name) DESC LIMIT 1
"""


class Step(StrEnum):
    """What comes next in the conversation."""

    WHICH = "which"  # which licence it is; a card asks
    DATE = "date"  # until when; a card asks
    AGAIN = "again"  # the words did not help: `problem` says why
    PHOTO = "photo"  # words came first; the picture is asked for
    SENT = "sent"  # the office is asked
    CORRECTED = "corrected"  # the office is asked anew
    KNOWN = "known"  # that is what is being checked already


@dataclass(frozen=True, slots=True)
class Heard:
    step: Step
    facts: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None


class Renewals:
    def __init__(self, asks: RenewalAsks, office: RenewalOffice, clock: Clock) -> None:
        self.asks = asks
        self.office = office
        self.kinds = office.kinds
        self.clock = clock

    async def receive(self, by: Actor, evidence_id: int, caption: str = "") -> Heard:
        """A picture or PDF that was stored, with the words said along with it.

        Raises Refusal: somebody else's picture or name, or one that was sent before.
        """
        await self._alone(by)
        await self._check_whose(by, caption)
        digest = await self._check_copied(by, evidence_id)
        await self._check_unused(evidence_id)
        claim = await self._read(by, caption)
        claim = claim.after(await self.asks.told_before(by.person_id))
        claim = await self._after_drafts(by, claim)
        sent = await self._of(by, RenewalState.SENT)
        kind = await self._kind(by, claim, sent)
        checked = next((view for view in sent if view.kind == kind), None)
        if checked is not None:
            claim = claim.after(checked.claim)
        key = kind.key if kind else ""
        now = self.clock.now()
        renewal_id = await renewal_rows.add(by.person_id, evidence_id, claim, key, now)
        await audit.record(now, by, "renewal.received", f"renewals:{renewal_id}", digest=digest)
        return await self._advance(renewal_id, claim)

    async def say(self, by: Actor, text: str) -> Heard | None:
        """Words that may belong to a renewal; None when they are about something else."""
        claim = await self._read(by, text)
        if not claim.says_anything:
            return None
        await self._alone(by)
        drafts = await self._of(by, RenewalState.DRAFT)
        if drafts:
            await self._check_whose(by, text)
            return await self._complete(drafts[-1], claim)
        sent = await self._of(by, RenewalState.SENT)
        kind = await self._kind(by, claim, sent)
        checked = next((view for view in sent if kind in (None, view.kind)), None)
        if checked is not None and (len(sent) == 1 or kind) and claim.tells_until:
            await self._check_whose(by, text)
            return await self._correct(checked, claim)
        if claim.shared and claim.tells_until:
            return self._which_of(claim)
        if claim.kinds and claim.tells_until and kind:
            await self._check_whose(by, text)
            return await self._ask_for_picture(by, kind, claim)
        return None

    async def choose(self, renewal_id: int, by: Actor, chosen: str) -> Heard:
        """Which licence it is, from the card. Raises Refusal."""
        view = await self._own_draft(renewal_id, by)
        kind = self.kinds.named(chosen)
        if kind is None:
            raise Refusal("renewal_which")
        return await self._complete(view, Claim(kinds=(kind.key,)))

    async def other(self, renewal_id: int, by: Actor) -> Heard:
        """It is not the licence we took it for: asked which. Raises Refusal."""
        view = await self._own_draft(renewal_id, by)
        await renewal_rows.tell(view.id, "", view.claim)
        await self.asks.stop(view.id, DATE)
        return await self._advance(view.id, view.claim)

    async def drop(self, renewal_id: int, by: Actor) -> None:
        """It was sent by mistake. Raises Refusal."""
        view = await self._own_draft(renewal_id, by)
        await self._end(view, by, "renewal.dropped")

    async def withdraw(self, by: Actor) -> RenewalView:
        """撤回新证: the newest one that nobody has decided. Raises Refusal: there is none."""
        await self._alone(by)
        found = [
            *await self._of(by, RenewalState.SENT),
            *await self._of(by, RenewalState.DRAFT),
        ]
        if not found:
            raise Refusal("no_open_renewal")
        newest = max(found, key=lambda view: view.id)
        await self._end(newest, by, "renewal.withdrawn")
        return newest

    async def left(self, leaver: Leaver) -> None:
        """Nobody is asked about the licence of somebody who has left."""
        open_ones = await renewal_rows.load(
            self.kinds,
            "r.person_id = $1 AND r.state IN ('draft', 'sent')",
            leaver.person_id,
            lock=True,
        )
        for view in open_ones:
            await self._end(view, "system", "renewal.withdrawn")

    async def forget_drafts(self) -> int:
        """Pictures of which nobody said what they are: the retention of files does the rest."""
        old = await renewal_rows.load(
            self.kinds,
            "r.state = 'draft' AND r.sent_at < $1",
            self.clock.now() - DRAFT_KEPT,
            lock=True,
        )
        for view in old:
            await self._end(view, "system", "renewal.forgotten")
        return len(old)

    # Who and what.

    async def _read(self, by: Actor, words: str) -> Claim:
        """What was said; 执业证 is the licence of their own profession, where that is known."""
        claim = read_claim(words, self.kinds)
        if not claim.shared:
            return claim
        own = await self.office.licences.of_person(by.person_id)
        title = await db.fetch_value("SELECT title FROM persons WHERE id = $1", by.person_id)
        meant = self.kinds.meant(claim.shared, {view.kind.key for view in own}, title or "")
        return replace(claim, kinds=meant, shared="") if len(meant) == 1 else claim

    def _which_of(self, claim: Claim) -> Heard:
        names = [self.kinds[key].name for key in self.kinds.shared[claim.shared]]
        return Heard(Step.AGAIN, problem=Problem("renewal_which_of", {"names": names}))

    async def _alone(self, by: Actor) -> None:
        """Pictures and words of one person one after another."""
        await db.lock(f"renewals:{by.person_id}")

    async def _check_whose(self, by: Actor, words: str) -> None:
        if not words or by.name in words:
            return
        name = await db.fetch_value(_OTHERS_NAME, by.person_id, words)
        if name:
            raise Refusal("renewal_not_yours", name=name)

    async def _check_copied(self, by: Actor, evidence_id: int) -> str:
        """The file's digest. A colleague's very same photo is not theirs; a PDF may hold several
        people's pages: the office is told who sent it before, and decides. Raises Refusal.
        """
        evidence = self.office.evidence
        digest = await evidence.digest_of(evidence_id)
        others = await evidence.others_who_sent(digest, by.person_id)
        if others and not await evidence.is_pdf(evidence_id):
            raise Refusal("renewal_copied")
        return digest

    async def _check_unused(self, evidence_id: int) -> None:
        used = await renewal_rows.load(
            self.kinds, "r.evidence_id = $1 AND r.state IN ('sent', 'accepted')", evidence_id
        )
        if used:
            raise Refusal(f"renewal_same_{used[-1].state}", **self.office.facts(used[-1]))

    async def _of(self, by: Actor, state: RenewalState) -> list[RenewalView]:
        """Locked, the oldest first."""
        where = "r.person_id = $1 AND r.state = $2"
        return await renewal_rows.load(self.kinds, where, by.person_id, str(state), lock=True)

    async def _own_draft(self, renewal_id: int, by: Actor) -> RenewalView:
        await self._alone(by)
        view = await renewal_rows.one(self.kinds, renewal_id, lock=True)
        if view.person_id != by.person_id:
            raise Refusal("card_not_yours")
        if view.state is not RenewalState.DRAFT:
            raise Refusal(f"renewal_{view.state}")
        return view

    async def _kind(
        self, by: Actor, claim: Claim, sent: Sequence[RenewalView]
    ) -> LicenceKind | None:
        """The licence that is meant: the one named, or the only one it can be."""
        if len(claim.kinds) == 1:
            return self.kinds[claim.kinds[0]]
        if claim.kinds or claim.shared:
            return None
        checked = {view.kind.key for view in sent if view.kind}
        own = await self.office.licences.of_person(by.person_id)
        due = [v.kind for v in own if v.standing in DUE and v.kind.key not in checked]
        if len(due) == 1 and not sent:
            return due[0]
        if not due and len(sent) == 1:
            return sent[0].kind
        return None

    async def _after_drafts(self, by: Actor, claim: Claim) -> Claim:
        """The newer picture of the same thing counts; what was said with the older one stays."""
        for draft in await self._of(by, RenewalState.DRAFT):
            same = claim.kinds == draft.claim.kinds
            if not (claim.kinds or claim.shared) or not draft.claim.kinds or same:
                claim = claim.after(draft.claim)
                await self._end(draft, by, "renewal.replaced")
        return claim

    # On the way to the office.

    async def _complete(self, view: RenewalView, said: Claim) -> Heard:
        """Take in what was said of a draft."""
        if len(said.kinds) > 1:
            return Heard(Step.AGAIN, problem=Problem("renewal_one_at_a_time"))
        if said.shared and view.kind is None and not said.tells_until:
            return self._which_of(said)
        claim = said.after(view.claim)
        await renewal_rows.tell(view.id, claim.kinds[0] if claim.kinds else "", claim)
        if said.kinds:
            await self.asks.answered(WHICH, view, said.kinds[0])
        return await self._advance(view.id, claim)

    async def _advance(self, renewal_id: int, claim: Claim) -> Heard:
        """Ask for what is missing, or hand it to the office. `claim` is what is known of it."""
        view = await renewal_rows.one(self.kinds, renewal_id, lock=True)
        if view.kind is None:
            await self.asks.ask(WHICH, view, among=self.kinds.shared.get(claim.shared, ()))
            return Heard(Step.WHICH, self.office.facts(view))
        claim = with_cycle(claim, view.kind, self._today())
        problem = self._problem(view, claim)
        if problem is None and claim.says_until:
            return await self._hand_over(view, claim)
        unknown = replace(claim, end=None, perpetual=False)
        await renewal_rows.tell(view.id, view.kind.key, unknown)
        fresh = await self.asks.ask(DATE, view, problem)
        if problem is not None and not fresh:
            return Heard(Step.AGAIN, self.office.facts(view), problem)
        return Heard(Step.DATE, self.office.facts(view), problem)

    async def _hand_over(self, view: RenewalView, claim: Claim) -> Heard:
        assert view.kind is not None
        await renewal_rows.tell(view.id, view.kind.key, claim)
        whole = await renewal_rows.one(self.kinds, view.id, lock=True)
        await self.office.submit(whole)
        await self.asks.answered(DATE, whole, until_words(claim.end, claim.perpetual))
        await self.asks.answered(WHICH, whole, view.kind.key)
        return Heard(Step.SENT, self.office.facts(whole))

    def _problem(self, view: RenewalView, claim: Claim) -> Problem | None:
        assert view.kind is not None
        if claim.doubt is not None:
            return Problem(f"renewal_{claim.doubt}")
        if not claim.says_until:
            return None
        return judge(view.kind, view.record, claim, self._today())

    async def _correct(self, view: RenewalView, said: Claim) -> Heard:
        """Another date for one that is being checked."""
        assert view.kind is not None
        claim = with_cycle(said.after(view.claim), view.kind, self._today())
        problem = self._problem(view, claim)
        if problem is not None:
            return Heard(Step.AGAIN, self.office.facts(view), problem)
        if (claim.end, claim.perpetual) == (view.claim.end, view.claim.perpetual):
            return Heard(Step.KNOWN, self.office.facts(view))
        await renewal_rows.tell(view.id, view.kind.key, claim)
        whole = await renewal_rows.one(self.kinds, view.id, lock=True)
        await self.office.resubmit(whole)
        return Heard(Step.CORRECTED, self.office.facts(whole))

    async def _ask_for_picture(self, by: Actor, kind: LicenceKind, claim: Claim) -> Heard:
        """The words are remembered with the question."""
        if claim.doubt is not None:
            return Heard(Step.AGAIN, problem=Problem(f"renewal_{claim.doubt}"))
        told = replace(claim, kinds=(kind.key,))
        context = await self.asks.ask_for_picture(by.person_id, kind.name, told)
        return Heard(Step.PHOTO, context)

    async def _end(self, view: RenewalView, by: object, action: str) -> None:
        await self.office.take_back(view, action, by)
        await self.asks.stop(view.id, WHICH, DATE)

    def _today(self) -> date:
        return self.office.licences.today
