"""换班: one asks, the colleague accepts, the head nurse approves, and the roster is exchanged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from models.asks import AskState
from models.clock import Clock
from models.ledger import Priority
from models.policies import Escalate, Policies
from models.swaps import OPEN, SwapState
from services import audit, swap_facts
from services.actors import Actor
from services.approval_kinds import ApprovalKind
from services.approvals import Approvals
from services.asks import Asks
from services.change_notices import ChangeNotices
from services.duties import Codes, RestCheck
from services.escalation import Escalation, Silent
from services.ledger import Ledger
from services.permissions import Act, require
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.swap_checks import SwapChecks
from services.swap_exchange import SwapExchange
from services.units import deciders, hr_heads, managers

REQUEST = "swaps.request"
OUTCOME = "swaps.outcome"
NO_ANSWER = "swaps.no_answer"
KIND = "swaps"

_OPEN = """
INSERT INTO swaps (unit_id, requester_id, colleague_id, give_id, take_id, reason, opened_at,
                   expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (give_id) WHERE state IN ('asked', 'accepted') DO NOTHING RETURNING id
"""
_MOVE = """
UPDATE swaps SET state = $3, closed_at = CASE WHEN $4 THEN $5::timestamptz END
 WHERE id = $1 AND state = ANY($2) RETURNING *
"""


class Swaps:
    def __init__(
        self,
        ledger: Ledger,
        asks: Asks,
        approvals: Approvals,
        escalation: Escalation,
        notices: ChangeNotices,
        codes: Codes,
        rest: RestCheck,
        catalogue: Catalogue,
        policies: Policies,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.asks = asks
        self.approvals = approvals
        self.exchange = SwapExchange(notices, codes, policies, clock)
        self.checks = SwapChecks(codes, rest, catalogue.words("rules/rest_rules"), clock)
        self.policies = policies
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(REQUEST, self._request_facts, Priority.DECISION),
                Purpose(OUTCOME, self._outcome_facts, Priority.DECISION),
                Purpose(NO_ANSWER, self._request_facts, Priority.DECISION),
            ]
        )
        escalation.on(REQUEST, Escalate.TELL_REQUESTER, self._tell_requester)
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
                    reasons=catalogue.words("swaps/reasons")["refuse"],
                )
            ]
        )

    async def ask(
        self, by: Actor, give_id: int, colleague_id: int, take_id: int | None, reason: str = ""
    ) -> int:
        """Ask a colleague to take a shift, for one of theirs or for nothing.

        Raises Refusal: not one's own shift, begun already, another unit, rest rules, or a
        request for this shift is already open.
        """
        require(by, Act.ASK_SWAP, by.unit_id)
        swap = await self.checks.proposal(by, give_id, colleague_id, take_id)
        await self.checks.rules(swap)
        now = self.clock.now()
        starts = [row["starts_at"] for row in (swap["give"], swap["take"]) if row]
        expires = min(now + self.policies.swap_expires, *starts)
        swap_id: int | None = await db.fetch_value(
            _OPEN,
            swap["unit_id"],
            by.person_id,
            colleague_id,
            give_id,
            take_id,
            swap_facts.seal_reason(reason),
            now,
            expires,
        )
        if swap_id is None:
            raise Refusal("swap_already_open")
        await self.asks.open(
            REQUEST, swap_id, [colleague_id], policy="swap_request", deadline=expires
        )
        await audit.record(now, by, "swap.asked", f"swaps:{swap_id}", colleague=colleague_id)
        return swap_id

    async def accept(self, swap_id: int, by: Actor) -> None:
        """The colleague agrees, and the unit's manager is asked. The rules are checked again."""
        swap = await self._locked(swap_id)
        if by.person_id != swap["colleague_id"]:
            raise Refusal("card_not_yours")
        await self._move(swap, (SwapState.ASKED,), SwapState.ACCEPTED)
        await self.checks.rules(await self.checks.standing(swap))
        await self.asks.answer([REQUEST], swap_id, by.person_id, "accepted")
        people = await deciders(swap["unit_id"], [swap["requester_id"], swap["colleague_id"]])
        approval = await self.approvals.open(
            KIND, swap_id, requester=swap["requester_id"], approvers=people
        )
        await db.execute("UPDATE swaps SET approval_id = $2 WHERE id = $1", swap_id, approval)
        await audit.record(self.clock.now(), by, "swap.accepted", f"swaps:{swap_id}")

    async def decline(self, swap_id: int, by: Actor, reason: str = "") -> None:
        swap = await self._locked(swap_id)
        if by.person_id != swap["colleague_id"]:
            raise Refusal("card_not_yours")
        await self._move(swap, (SwapState.ASKED,), SwapState.DECLINED)
        await self.asks.answer([REQUEST], swap_id, by.person_id, "declined")
        await self._close(swap_id, by, "swap.declined", [swap["requester_id"]], reason)

    async def withdraw(self, swap_id: int, by: Actor) -> None:
        """The requester takes the request back, until it is approved."""
        swap = await self._locked(swap_id)
        if by.person_id != swap["requester_id"]:
            raise Refusal("card_not_yours")
        await self._move(swap, OPEN, SwapState.WITHDRAWN)
        await self._stop_asking(swap)
        await self._close(swap_id, by, "swap.withdrawn", [swap["colleague_id"]])

    async def decide(
        self, approval_id: int, by: Actor, approve: bool, chosen: str = ""
    ) -> dict[str, Any]:
        """The manager's decision, from the approval card; the facts to redraw it with.

        `chosen` is the id of the reason that was selected beside a no.
        """
        reason = "" if approve else self.approvals.reason_text(KIND, chosen)
        await self.approvals.decide(approval_id, by, approve, reason)
        return await self.approvals.facts(approval_id)

    async def expire_due(self) -> int:
        """Requests nobody answered in time end, and both are told."""
        rows = await db.fetch(
            "SELECT * FROM swaps WHERE state = ANY($1) AND expires_at <= $2 "
            "ORDER BY id FOR UPDATE SKIP LOCKED",
            list(OPEN),
            self.clock.now(),
        )
        for swap in rows:
            await self._expire(swap, [swap["requester_id"], swap["colleague_id"]])
        return len(rows)

    async def end_of(self, leaver: int) -> None:
        """Somebody has left: what they asked or were asked comes to nothing, and all are told."""
        rows = await db.fetch(
            "SELECT * FROM swaps WHERE state = ANY($1) AND $2 IN (requester_id, colleague_id) "
            "ORDER BY id FOR UPDATE",
            list(OPEN),
            leaver,
        )
        for swap in rows:
            await self._expire(swap, {swap["requester_id"], swap["colleague_id"]} - {leaver})

    async def _expire(self, swap: db.Row, people: Collection[int]) -> None:
        await self._move(swap, OPEN, SwapState.EXPIRED)
        await self._stop_asking(swap)
        await self._close(swap["id"], "system", "swap.expired", sorted(people))

    async def open_of(self, by: Actor) -> list[dict[str, Any]]:
        """The requester's open requests, newest first, for 撤回换班."""
        rows = await swap_facts.load(
            "s.requester_id = $1 AND s.state IN ('asked', 'accepted')", by.person_id
        )
        return [swap_facts.shown(row) | {"id": row["id"]} for row in rows]

    async def facts(self, swap_id: int) -> dict[str, Any]:
        rows = await swap_facts.load("s.id = $1", swap_id)
        if not rows:
            raise Refusal("card_unknown")
        return swap_facts.shown(rows[0])

    # What the approval asks of us.

    async def _content(self, swap_id: int) -> dict[str, Any]:
        """What the approver is shown: the exchange, and soft rules it strains."""
        rows = await swap_facts.load("s.id = $1", swap_id)
        whole = await self.checks.standing(await self._locked(swap_id))
        _, notes = await self.checks.judge(whole)
        return {"swap": swap_facts.shown(rows[0])["swap"], "notes": notes}

    async def _reopened(self, swap_id: int, approval_id: int) -> None:
        await db.execute("UPDATE swaps SET approval_id = $2 WHERE id = $1", swap_id, approval_id)

    async def _lock(self, swap_id: int) -> None:
        """The swap, then its unit's roster; shifts come last, as when a roster is published."""
        swap = await self._locked(swap_id)
        await db.lock(f"roster:{swap['unit_id']}")

    async def _may_decide(self, swap_id: int, by: int, seat: int) -> None:
        """A manager of the unit (or an HR head) at this moment, or who stands in for one.

        Nobody with a stake, whomever they stand in for. Raises Refusal("not_allowed").
        """
        swap = await self._locked(swap_id)
        able = {*await managers(swap["unit_id"]), *await hr_heads()}
        if not able & {by, seat} or by in (swap["requester_id"], swap["colleague_id"]):
            raise Refusal("not_allowed")

    async def _approved(self, swap_id: int, by: Actor) -> None:
        """Exchange the roster, in the approving transaction."""
        swap = await self._move(
            await self._locked(swap_id), (SwapState.ACCEPTED,), SwapState.APPROVED
        )
        await db.lock(f"roster:{swap['unit_id']}")
        whole = await self.checks.standing(swap)
        changes = await self.checks.rules(whole)
        await self.exchange.apply(swap, changes, by)
        people = [swap["requester_id"], swap["colleague_id"]]
        await self._close(swap_id, by, "swap.approved", people)

    async def _refused(self, swap_id: int, by: Actor, reason: str) -> None:
        swap = await self._move(
            await self._locked(swap_id), (SwapState.ACCEPTED,), SwapState.REFUSED
        )
        people = [swap["requester_id"], swap["colleague_id"]]
        await self._close(swap_id, by, "swap.refused", people, reason)

    async def _expired(self, swap_id: int) -> None:
        await self._locked(swap_id)
        await db.execute(
            "UPDATE swaps SET expires_at = $2 WHERE id = $1", swap_id, self.clock.now()
        )

    # Small steps.

    async def _locked(self, swap_id: int) -> db.Row:
        row = await db.fetch_one("SELECT * FROM swaps WHERE id = $1 FOR UPDATE", swap_id)
        if row is None:
            raise Refusal("card_unknown")
        return row

    async def _move(
        self, swap: Mapping[str, Any], expected: Sequence[SwapState], new: SwapState
    ) -> db.Row:
        """Change state from one of `expected`, or raise a Refusal that says how it stands."""
        closed = new not in OPEN
        row = await db.fetch_one(
            _MOVE,
            swap["id"],
            [str(state) for state in expected],
            str(new),
            closed,
            self.clock.now(),
        )
        if row is None:
            raise Refusal(f"swap_{swap['state']}")
        return row

    async def _stop_asking(self, swap: Mapping[str, Any]) -> None:
        await self.ledger.withdraw([REQUEST], [swap["id"]], "the swap was closed")
        await self.asks.close([REQUEST], [swap["id"]], AskState.WITHDRAWN)
        if swap["approval_id"]:
            await self.approvals.withdraw(swap["approval_id"])

    async def _close(
        self, swap_id: int, by: object, action: str, tell: Sequence[int], reason: str = ""
    ) -> None:
        """Redraw what is out there, tell those who did not do it themselves, write it down."""
        if reason:
            body = swap_facts.seal_reason(reason)
            await db.execute("UPDATE swaps SET reason = $2 WHERE id = $1", swap_id, body)
        await self.ledger.redraw([REQUEST], [swap_id])
        await self.ledger.notify(OUTCOME, swap_id, tell, once=f"{OUTCOME}:{swap_id}")
        await audit.record(self.clock.now(), by, action, f"swaps:{swap_id}")

    async def _tell_requester(self, silent: Sequence[Silent]) -> None:
        for ask in silent:
            requester = await db.fetch_value(
                "SELECT requester_id FROM swaps WHERE id = $1", ask.subject_id
            )
            once = f"{NO_ANSWER}:{ask.ask_id}"
            await self.ledger.notify(NO_ANSWER, ask.subject_id, [requester], once=once)

    async def _request_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return await swap_facts.of_messages(subjects, stands=(SwapState.ASKED,))

    async def _outcome_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return await swap_facts.of_messages(subjects, stands=tuple(SwapState))
