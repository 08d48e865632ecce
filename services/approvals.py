"""Approvals: who must say yes, one decision under any race, on exactly what was shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from models import db, sealed
from models.approvals import ApprovalState, Rule
from models.asks import AskState
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from models.policies import Escalate, Policies
from services import audit, seats, todos
from services.actors import Actor
from services.approval_kinds import CONTENT, ApprovalKind, approval_facts, digest
from services.asks import Asks
from services.escalation import Escalation
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.seats import Substitutes
from services.units import hr_heads

LONGEST = timedelta(hours=72)  # a WeCom card cannot be redrawn after that

_OPEN = """
INSERT INTO approvals (kind, subject_id, requester_id, rule, content, content_hash, opened_at,
                       expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
_APPROVERS = """
INSERT INTO approvers (approval_id, person_id, position)
SELECT $1, person_id, position FROM unnest($2::bigint[]) WITH ORDINALITY AS t(person_id, position)
"""
_DECIDE = """
UPDATE approvals SET state = $2, decided_at = $3, decided_by_id = $4, reason = $5
 WHERE id = $1 AND state = 'pending' RETURNING id
"""
_VOTE = """
UPDATE approvers SET decision = $3, decided_at = $4, decided_by_id = $5
 WHERE approval_id = $1 AND person_id = $2 AND decision IS NULL
"""
# Seats nobody else sits beside: with the rule "any", another approver is enough.
_SEATS_OF = """
SELECT s.approval_id, NOT EXISTS (
           SELECT 1 FROM approvers o WHERE o.approval_id = s.approval_id AND o.decision IS NULL
              AND o.position < s.position) AS turn
  FROM approvers s JOIN approvals a ON a.id = s.approval_id
 WHERE s.person_id = $1 AND s.decision IS NULL AND a.state = 'pending'
   AND (a.rule <> 'any' OR NOT EXISTS (
           SELECT 1 FROM approvers o JOIN persons p ON p.id = o.person_id
            WHERE o.approval_id = s.approval_id AND o.person_id <> $1 AND p.active))
 ORDER BY a.kind, a.subject_id
"""
_HAND_ON = """
UPDATE approvers SET person_id = $3, stand_in_id = NULL
 WHERE approval_id = $1 AND person_id = $2 AND decision IS NULL
   AND NOT EXISTS (SELECT 1 FROM approvers WHERE approval_id = $1 AND person_id = $3)
"""


class Approvals:
    def __init__(
        self, ledger: Ledger, asks: Asks, escalation: Escalation, policies: Policies, clock: Clock
    ) -> None:
        self.ledger = ledger
        self.asks = asks
        self.escalation = escalation
        self._substitutes = Substitutes(asks, clock, self._say_beside)
        self.policies = policies
        self.clock = clock
        self._kinds: dict[str, ApprovalKind] = {}

    def register(self, kinds: Iterable[ApprovalKind]) -> None:
        """Declare kinds; each brings the purpose its cards are sent for."""
        for kind in kinds:
            self._kinds[kind.name] = kind
            self.ledger.purposes.add(
                [Purpose(kind.purpose, self._facts, Priority.DECISION, useful_for=LONGEST)]
            )
            self.escalation.on(kind.purpose, Escalate.DEPUTY, self._substitutes.ask_deputies)
            self.escalation.on(kind.purpose, Escalate.HR_HEAD, self._substitutes.ask_hr_heads)

    async def open(
        self,
        kind: str,
        subject_id: int,
        *,
        requester: int,
        approvers: Sequence[int],
        rule: Rule = Rule.ANY,
    ) -> int:
        """Ask for a decision. Raises Refusal("nobody_may_approve")."""
        deciders = [person for person in dict.fromkeys(approvers) if person != requester]
        if not deciders:
            raise Refusal("nobody_may_approve")
        content = await self._kinds[kind].content(subject_id)
        now = self.clock.now()
        expires = now + min(self.policies.approval_expires, LONGEST)
        body = sealed.seal_json(CONTENT, content)
        approval_id: int = await db.fetch_value(
            _OPEN, kind, subject_id, requester, rule, body, digest(content), now, expires
        )
        await db.execute(_APPROVERS, approval_id, deciders)
        first = deciders[:1] if rule == Rule.IN_ORDER else deciders
        await self._ask(kind, approval_id, first, expires)
        return approval_id

    async def _ask(
        self, kind: str, approval_id: int, people: Sequence[int], expires: datetime
    ) -> None:
        purpose = self._kinds[kind].purpose
        await self._say_beside(purpose, approval_id, people)
        await self.asks.open(purpose, approval_id, people, policy="approval", deadline=expires)
        await todos.want(approval_id, people, self.clock.now())

    async def _say_beside(self, purpose: str, approval_id: int, people: Sequence[int]) -> None:
        """What the kind says to people before they are asked."""
        beside = next(kind.beside for kind in self._kinds.values() if kind.purpose == purpose)
        if beside is not None:
            await beside(approval_id, people)

    async def decide(self, approval_id: int, by: Actor, approve: bool, reason: str = "") -> None:
        """Take the decision of `by`, at most once.

        When what was shown is no longer what would be approved, nothing is decided and everybody
        gets a new card. Raises Refusal: already decided, expired, not theirs, their own request.
        """
        row, seat = await self.seated(approval_id, by)
        if await self._changed(row):
            await self._show_anew(row, by)
            return
        now = self.clock.now()
        decision = ApprovalState.APPROVED if approve else ApprovalState.REFUSED
        await db.execute(_VOTE, approval_id, seat, decision, now, by.person_id)
        await self._answer(row, by, seat, decision)
        await audit.record(
            now, by, f"{row['kind']}.{decision}", f"approvals:{approval_id}", seat=seat
        )
        if approve and not await self._complete(row):
            await self._ask_next(row)
            return
        await self._settle(row, decision, by, reason)

    async def seated(self, approval_id: int, by: Actor) -> tuple[db.Row, int]:
        """The approval, locked, and whose seat `by` decides in at this moment.

        Raises Refusal, as `decide`: who may not decide is not shown what is decided about.
        """
        row = await self._locked(approval_id)
        await self._check_open(row)
        today = self.clock.now().astimezone(SHANGHAI).date()
        seat = await seats.seat_of(row, by, today)
        await self._kinds[row["kind"]].may_decide(row["subject_id"], by.person_id, seat)
        return row, seat

    async def _locked(self, approval_id: int) -> db.Row:
        """The approval, its subject locked first. Raises Refusal("card_unknown")."""
        about = await db.fetch_one(
            "SELECT kind, subject_id FROM approvals WHERE id = $1", approval_id
        )
        if about is None:
            raise Refusal("card_unknown")
        await self._kinds[about["kind"]].lock(about["subject_id"])
        row = await db.fetch_one("SELECT * FROM approvals WHERE id = $1 FOR UPDATE", approval_id)
        assert row is not None
        return row

    async def _check_open(self, row: db.Row) -> None:
        overdue = row["expires_at"] <= self.clock.now()
        if row["state"] == ApprovalState.EXPIRED or (
            row["state"] == ApprovalState.PENDING and overdue
        ):
            raise Refusal("approval_expired")
        if row["state"] == ApprovalState.WITHDRAWN:
            raise Refusal("approval_withdrawn")
        if row["state"] != ApprovalState.PENDING:
            name = await db.fetch_value(
                "SELECT name FROM persons WHERE id = $1", row["decided_by_id"]
            )
            raise Refusal("already_decided", by=name, at=row["decided_at"], decision=row["state"])

    async def _changed(self, row: db.Row) -> bool:
        content = await self._kinds[row["kind"]].content(row["subject_id"])
        return bool(digest(content) != row["content_hash"])

    async def _show_anew(self, row: db.Row, by: Actor) -> None:
        """Replace the content and every seat's decision, and ask again with a new card."""
        kind = self._kinds[row["kind"]]
        content = await kind.content(row["subject_id"])
        await self._close_cards(kind, row["id"], AskState.WITHDRAWN)
        await self.ledger.withdraw([kind.purpose], [row["id"]], "the content changed")
        await db.execute(
            "UPDATE approvals SET state = 'withdrawn', reason = 'changed', decided_at = $2 "
            "WHERE id = $1",
            row["id"],
            self.clock.now(),
        )
        approvers = await db.fetch(
            "SELECT person_id FROM approvers WHERE approval_id = $1 ORDER BY position", row["id"]
        )
        approval_id = await self.open(
            row["kind"],
            row["subject_id"],
            requester=row["requester_id"],
            approvers=[seat["person_id"] for seat in approvers],
            rule=Rule(row["rule"]),
        )
        await kind.reopened(row["subject_id"], approval_id)
        now = self.clock.now()
        await audit.record(
            now, by, f"{kind.name}.changed", f"approvals:{row['id']}", shown=digest(content)[:12]
        )

    async def hand_on(self, leaver: int, successor: int | None) -> None:
        """Somebody has left: where nobody else can decide, another person gets their seat."""
        for seat in await db.fetch(_SEATS_OF, leaver):
            row = await self._locked(seat["approval_id"])
            others = [one for one in (successor, *await hr_heads()) if one is not None]
            able = [one for one in others if one not in (leaver, row["requester_id"])]
            if row["state"] != ApprovalState.PENDING or not able:
                continue
            taken = await db.execute(_HAND_ON, row["id"], leaver, able[0])
            now = self.clock.now()
            if taken and (row["rule"] != Rule.IN_ORDER or seat["turn"]):
                await self._ask(row["kind"], row["id"], able[:1], row["expires_at"])
            await audit.record(
                now, "system", "approval.handed_on", f"approvals:{row['id']}", to=able[0]
            )

    async def _complete(self, row: db.Row) -> bool:
        if row["rule"] == Rule.ANY:
            return True
        left = await db.fetch_value(
            "SELECT count(*) FROM approvers WHERE approval_id = $1 AND decision IS NULL", row["id"]
        )
        return int(left) == 0

    async def _ask_next(self, row: db.Row) -> None:
        if row["rule"] != Rule.IN_ORDER:
            return
        following = await db.fetch_value(
            "SELECT person_id FROM approvers WHERE approval_id = $1 AND decision IS NULL "
            "ORDER BY position LIMIT 1",
            row["id"],
        )
        await self._ask(row["kind"], row["id"], [following], row["expires_at"])

    async def _answer(self, row: db.Row, by: Actor, seat: int, decision: ApprovalState) -> None:
        purposes = [self._kinds[row["kind"]].purpose]
        for person in {by.person_id, seat}:
            await self.asks.answer(purposes, row["id"], person, decision)
        await todos.review(self.clock.now(), row["id"])

    async def _settle(self, row: db.Row, decision: ApprovalState, by: Actor, reason: str) -> None:
        kind = self._kinds[row["kind"]]
        await db.execute(_DECIDE, row["id"], decision, self.clock.now(), by.person_id, reason)
        await self._close_cards(kind, row["id"], AskState.WITHDRAWN)
        if decision == ApprovalState.APPROVED:
            await kind.approved(row["subject_id"], by)
        else:
            await kind.refused(row["subject_id"], by, reason)

    async def _close_cards(self, kind: ApprovalKind, approval_id: int, state: AskState) -> None:
        await self.asks.close([kind.purpose], [approval_id], state)
        await self.ledger.redraw([kind.purpose], [approval_id])
        await todos.review(self.clock.now(), approval_id)

    async def withdraw(self, approval_id: int) -> None:
        """The requester took it back, or its subject is gone."""
        row = await db.fetch_one(
            "UPDATE approvals SET state = 'withdrawn', decided_at = $2 "
            "WHERE id = $1 AND state = 'pending' RETURNING kind",
            approval_id,
            self.clock.now(),
        )
        if row is not None:
            await self._close_cards(self._kinds[row["kind"]], approval_id, AskState.WITHDRAWN)

    async def expire_due(self) -> int:
        """Close what nobody decided in time. Silence is never a yes."""
        rows = await db.fetch(
            "SELECT id FROM approvals WHERE state = 'pending' AND expires_at <= $1 "
            "ORDER BY kind, subject_id",
            self.clock.now(),
        )
        return sum([await self._expire(row["id"]) for row in rows])

    async def _expire(self, approval_id: int) -> bool:
        row, now = await self._locked(approval_id), self.clock.now()
        if row["state"] != ApprovalState.PENDING:
            return False
        await db.execute(
            "UPDATE approvals SET state = 'expired', decided_at = $2 WHERE id = $1",
            approval_id,
            now,
        )
        kind = self._kinds[row["kind"]]
        await self._close_cards(kind, approval_id, AskState.EXPIRED)
        await kind.expired(row["subject_id"])
        await audit.record(now, "system", f"{row['kind']}.expired", f"approvals:{approval_id}")
        return True

    async def facts(self, approval_id: int) -> dict[str, Any]:
        """What its card shows now."""
        found = await self._facts([Subject(0, approval_id, {})])
        return dict(found[0].context)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        rows = await db.fetch(
            "SELECT a.*, p.name AS decider FROM approvals a "
            "LEFT JOIN persons p ON p.id = a.decided_by_id WHERE a.id = ANY($1)",
            [subject.subject_id for subject in subjects],
        )
        by_id = {row["id"]: row for row in rows}
        return {
            subject.message_id: self._shown(by_id[subject.subject_id])
            for subject in subjects
            if subject.subject_id in by_id
        }

    def _shown(self, row: db.Row) -> Facts:
        return approval_facts(row, self._kinds[row["kind"]])

    def reason_text(self, kind: str, chosen: str) -> str:
        """The words of a listed reason; "" for the first, which means none, and for others."""
        listed = self._kinds[kind].reasons[1:]
        return next((reason["text"] for reason in listed if reason["id"] == chosen), "")
