"""What a candidate is told after the interview: written, judged, approved word by word, sent.

The text that is approved is the text that is sent; until it is sent, HR may take it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from message_templates.catalogue import Catalogue
from message_templates.environment import local_day
from models import db, sealed
from models.clock import Clock
from models.outcomes import OutcomeKind, OutcomeState
from models.policies import Policies
from services import audit, interviewed, outcome_facts, quiet
from services.actors import Actor
from services.approval_kinds import ApprovalKind
from services.approvals import Approvals
from services.interviewed import ENDED, Interviewed
from services.ledger import Ledger
from services.outcome_checks import check_feedback, check_over
from services.outcome_facts import FACTS, TEXT
from services.outcome_notices import FULL_TEXT, OutcomeNotices
from services.outcome_text import Case, OutcomeDraft, OutcomeTexts, as_given, canonical, hash_of
from services.recruiting_access import require_recruiting
from services.refusals import Refusal
from services.units import deciders, hr_heads, managers
from services.working_days import WorkingTime

KIND = "outcomes"
OPEN = (OutcomeState.ASKED, OutcomeState.WAITING)

_PREPARE = """
INSERT INTO outcomes (interview_id, kind, state, text, text_hash, facts, prepared_by_id,
                      prepared_at, keep_until)
VALUES ($1, $2, 'asked', $3, $4, $5, $6, $7, $8)
ON CONFLICT (interview_id) WHERE state IN ('asked', 'waiting', 'sent') DO NOTHING RETURNING id
"""
_MOVE = """
UPDATE outcomes SET state = $3, send_after = coalesce($4, send_after)
 WHERE id = $1 AND state = ANY($2) RETURNING id
"""


class Outcomes:
    def __init__(
        self,
        ledger: Ledger,
        approvals: Approvals,
        texts: OutcomeTexts,
        notices: OutcomeNotices,
        working_time: WorkingTime,
        catalogue: Catalogue,
        policies: Policies,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.approvals = approvals
        self.texts = texts
        self.notices = notices
        self.working_time = working_time
        self.policies = policies
        self.clock = clock
        approvals.register(
            [
                ApprovalKind(
                    KIND,
                    self._content,
                    self._approved,
                    self._refused,
                    self._expired,
                    self._reopened,
                    outcome_facts.locked,
                    self._may_decide,
                    reasons=catalogue.words("outcomes/reasons")["refuse"],
                    beside=notices.show,
                )
            ]
        )

    async def draft(
        self, by: Actor, interview_id: int, kind: OutcomeKind, facts: Mapping[str, str]
    ) -> OutcomeDraft:
        """The text these facts make, and what is wrong with it. Nothing is stored.

        `facts`: strength, requirement, experience, advice, keep_until (ISO) of a rejection;
        next_step, answer_by (ISO, local), contact of an offer. Raises Refusal: a fact is missing.
        """
        found = await interviewed.one(interview_id)
        await require_recruiting(by, found.posting_id)
        case = self.texts.case(found, kind, facts)
        text = self.texts.write(case)
        return OutcomeDraft(text, self.texts.judge(case, text), as_given(case))

    async def prepare(
        self,
        by: Actor,
        interview_id: int,
        kind: OutcomeKind,
        facts: Mapping[str, str],
        text: str,
        *,
        override: str = "",
    ) -> int:
        """Ask a manager to approve exactly this text; the outcome's id.

        `override` is HR's reason for not waiting for all interviewers. Raises Refusal: not
        allowed, not over, one is on its way, feedback is missing, the wording (`courtesy`, with
        findings), nobody may approve.
        """
        found = await interviewed.locked(interview_id)
        await require_recruiting(by, found.posting_id)
        check_over(found)
        case = self.texts.case(found, kind, facts)
        self.texts.write(case)  # nothing may be blank, though HR reworded it
        await check_feedback(case, self.texts, override.strip())
        plain = canonical(text)
        findings = self.texts.judge(case, plain)
        if findings:
            raise Refusal("courtesy", findings=findings)
        outcome_id = await self._store(by, case, plain, override.strip())
        people = await self._approvers(found, by.person_id)
        approval = await self.approvals.open(
            KIND, outcome_id, requester=by.person_id, approvers=people
        )
        await self._reopened(outcome_id, approval)
        detail = {"kind": kind, "early": bool(override.strip())}
        await self._record(by, "outcome.prepared", outcome_id, **detail)
        return outcome_id

    async def _store(self, by: Actor, case: Case, text: str, override: str) -> int:
        assert case.interview.starts_at is not None
        facts = as_given(case) | {
            "address": case.facts.address,
            "post": case.interview.post,
            "interviewed": local_day(case.interview.starts_at).isoformat(),
            "early": override,
        }
        outcome_id: int | None = await db.fetch_value(
            _PREPARE,
            case.interview.id,
            case.kind,
            sealed.ring().seal(TEXT, text),
            hash_of(text),
            sealed.seal_json(FACTS, facts),
            by.person_id,
            self.clock.now(),
            getattr(case.facts, "keep_until", None),
        )
        if outcome_id is None:
            raise Refusal("outcome_exists")
        return outcome_id

    async def _approvers(self, found: Interviewed, requester: int) -> list[int]:
        if found.unit_id is None:
            return [person for person in await hr_heads() if person != requester]
        return await deciders(found.unit_id, [requester])

    async def decide(
        self, approval_id: int, by: Actor, approve: bool, chosen: str = ""
    ) -> dict[str, Any]:
        """The manager's decision, from the card; the facts to redraw it with.

        Nobody can approve a text that did not reach them: Refusal("outcome_text_unseen").
        """
        if approve and not await self.notices.was_shown(approval_id, by.person_id):
            raise Refusal("outcome_text_unseen")
        reason = "" if approve else self.approvals.reason_text(KIND, chosen)
        await self.approvals.decide(approval_id, by, approve, reason)
        return await self.approvals.facts(approval_id)

    async def show_again(self, approval_id: int, by: Actor) -> None:
        """Every word once more, for who may decide now. Raises Refusal, as deciding would."""
        await self.approvals.seated(approval_id, by)
        await self.notices.show_again(approval_id, by.person_id)

    async def withdraw(self, by: Actor, outcome_id: int) -> None:
        """Take it back, as long as it has not been sent. Raises Refusal."""
        found = await outcome_facts.locked(outcome_id)
        await require_recruiting(by, found.posting_id)
        if not await self._move(outcome_id, OPEN, OutcomeState.WITHDRAWN):
            raise Refusal(f"outcome_{found.state}", at=found.sent_at)
        if found.approval_id is not None:
            await self.approvals.withdraw(found.approval_id)
        await self.ledger.withdraw([FULL_TEXT], [outcome_id], "it was taken back")
        await self._record(by, "outcome.withdrawn", outcome_id)
        await self.notices.changed(outcome_id)

    # What the approval asks of us.

    async def _content(self, outcome_id: int) -> dict[str, Any]:
        """What is approved: the text, by its hash, and what its card says of it."""
        found = await outcome_facts.one(outcome_id)
        return {**found.shown, "outcome": outcome_id, "text_hash": found.text_hash}

    async def _reopened(self, outcome_id: int, approval_id: int) -> None:
        await db.execute(
            "UPDATE outcomes SET approval_id = $2 WHERE id = $1", outcome_id, approval_id
        )

    async def _may_decide(self, outcome_id: int, by: int, seat: int) -> None:
        """A manager of the post's unit or an HR head at this moment, or who stands in for one;
        never who prepared it. Raises Refusal("not_allowed")."""
        found = await outcome_facts.one(outcome_id)
        unit = await db.fetch_value("SELECT unit_id FROM postings WHERE id = $1", found.posting_id)
        able = {*(await managers(unit) if unit else []), *await hr_heads()}
        if not able & {by, seat} or by == found.prepared_by:
            raise Refusal("not_allowed")

    async def _approved(self, outcome_id: int, by: Actor) -> None:
        found = await outcome_facts.one(outcome_id)
        interview = await interviewed.one(found.interview_id)
        if interview.state not in ENDED:
            raise Refusal("interview_not_held")
        after = self._send_after(found.kind)
        if not await self._move(outcome_id, (OutcomeState.ASKED,), OutcomeState.WAITING, after):
            raise Refusal(f"outcome_{found.state}", at=found.sent_at)
        await self._record(by, "outcome.approved", outcome_id, hash=found.text_hash, after=after)
        await self.notices.waits(found)

    def _send_after(self, kind: OutcomeKind) -> datetime:
        """A rejection waits for the allowed hours, good news only for the end of the night."""
        now = self.clock.now()
        if kind == OutcomeKind.REJECTED:
            return self.working_time.next_goodbye(now).at
        return quiet.night_ends(self.policies.quiet, now) or now

    async def _refused(self, outcome_id: int, by: Actor, reason: str) -> None:
        await self._move(outcome_id, (OutcomeState.ASKED,), OutcomeState.REFUSED)
        await self._record(by, "outcome.refused", outcome_id)
        await self.notices.tell(outcome_id, "refused", reason)

    async def _expired(self, outcome_id: int) -> None:
        await self._move(outcome_id, (OutcomeState.ASKED,), OutcomeState.WITHDRAWN)
        await self._record("system", "outcome.expired", outcome_id)
        await self.notices.tell(outcome_id, "expired")

    async def _move(
        self,
        outcome_id: int,
        expected: tuple[OutcomeState, ...],
        new: OutcomeState,
        after: datetime | None = None,
    ) -> bool:
        """Change state from one of `expected`; False when it is in another by now."""
        states = [state.value for state in expected]
        return await db.fetch_value(_MOVE, outcome_id, states, new.value, after) is not None

    async def _record(self, by: object, action: str, outcome_id: int, **detail: Any) -> None:
        await audit.record(self.clock.now(), by, action, f"outcomes:{outcome_id}", **detail)
