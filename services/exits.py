"""离职: entered by HR, confirmed or approved, and then everything follows from the last day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from models import db
from models.asks import AskState
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services import audit, exit_facts
from services.actors import Actor
from services.approval_kinds import ApprovalKind
from services.approvals import Approvals
from services.checklist_owners import Owners
from services.checklist_rules import Kind
from services.checklists import TO_DO, Checklists, Start
from services.leaving import Leaving
from services.offices import Office, require_office
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.units import hr_heads

CONFIRM = "exits.confirm"
OUTCOME = "exits.outcome"
KIND = "exits"
AHEAD = timedelta(days=366)  # a last day further away is a slip of the pen
BEHIND = timedelta(days=31)
CONFIRM_WITHIN = timedelta(hours=24)

_PROPOSE = """
INSERT INTO checklists (template, person_id, anchor, state, by_id, opened_at)
VALUES ($1, $2, $3, 'proposed', $4, $5) RETURNING id
"""
_UNCONFIRMED = """
SELECT c.id FROM checklists c WHERE c.state = 'proposed' AND c.opened_at <= $1
   AND NOT EXISTS (SELECT 1 FROM approvals a WHERE a.kind = $2 AND a.subject_id = c.id
                      AND a.state = 'pending')
 ORDER BY c.id FOR UPDATE SKIP LOCKED
"""
# Who has no exit list yet that belongs to this leaving.
_WITHOUT_LIST = """
SELECT p.id, p.name FROM persons p WHERE p.id = ANY($1) AND NOT EXISTS (
    SELECT 1 FROM checklists c WHERE c.person_id = p.id AND c.template = ANY($2)
       AND (c.state = 'open' OR c.state = 'done' AND c.anchor > $3)) ORDER BY p.id
"""
_PROPOSED = """
SELECT id FROM checklists WHERE person_id = ANY($1) AND template = ANY($2) AND state = 'proposed'
 ORDER BY id
"""


class Exits:
    def __init__(
        self, checklists: Checklists, leaving: Leaving, approvals: Approvals, clock: Clock
    ) -> None:
        self.checklists = checklists
        self.leaving = leaving
        self.approvals = approvals
        self.asks = checklists.asks
        self.ledger = checklists.ledger
        self.clock = clock
        self.ledger.purposes.add(
            [
                Purpose(CONFIRM, self._card_facts, Priority.DECISION),
                Purpose(OUTCOME, self._outcome_facts, Priority.DECISION),
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
                    self._locked,
                    self._may_decide,
                )
            ]
        )

    async def propose(self, by: Actor, person_id: int, last_day: date) -> bool:
        """Somebody leaves with this day. True: their own confirmation is asked of the HR head;
        False: an approval by an HR head.

        Raises Refusal: not HR, oneself, the only HR head, entered already, or no sensible day.
        """
        await require_office(by, Office.HR)
        today = self._today()
        if not today - BEHIND <= last_day <= today + AHEAD:
            raise Refusal("exit_day", day=last_day)
        await db.lock(f"checklists:{person_id}")
        await self._check(by, person_id)
        template = self.checklists.rules.of_kind(Kind.EXIT)[0]
        now = self.clock.now()
        exit_id: int = await db.fetch_value(
            _PROPOSE, template, person_id, last_day, by.person_id, now
        )
        if by.hr_head:
            await self.asks.open(CONFIRM, exit_id, [by.person_id], policy="exit_confirm")
        else:
            heads = [one for one in await hr_heads() if one != person_id]
            await self.approvals.open(KIND, exit_id, requester=by.person_id, approvers=heads)
        await audit.record(
            now, by, "exit.proposed", f"checklists:{exit_id}", person=person_id, last_day=last_day
        )
        return by.hr_head

    async def _check(self, by: Actor, person_id: int) -> None:
        if person_id == by.person_id:
            raise Refusal("exit_oneself")
        if await hr_heads() == [person_id]:
            raise Refusal("exit_last_head")
        known = await db.fetch_one(
            "SELECT anchor, state FROM checklists WHERE person_id = $1 "
            "AND template = ANY($2) AND state IN ('open', 'proposed')",
            person_id,
            self.checklists.rules.of_kind(Kind.EXIT),
        )
        if known is not None:
            raise Refusal("exit_known", day=known["anchor"], state=known["state"])

    async def by_directory(self, people: Sequence[int], platform: str) -> None:
        """A directory has lost these people, and their access has ended: what is left to do.

        Whoever HR has entered has a list already; what is still asked about them is settled by it.
        """
        today, keys = self._today(), self.checklists.rules.of_kind(Kind.EXIT)
        for row in await db.fetch(_PROPOSED, list(people), keys):
            await self.checklists.cancel(row["id"], "system")
            await self._stop(row["id"])
        rows = await db.fetch(_WITHOUT_LIST, list(people), keys, today - BEHIND)
        starts = [Start(keys[0], row["id"], today) for row in rows]
        await self.checklists.open_many(f"directory:{platform}", starts)

    async def confirm(self, exit_id: int, by: Actor) -> None:
        """The HR head has looked at what they entered."""
        row = await self._locked(exit_id)
        if not by.hr_head or row["by_id"] != by.person_id:
            raise Refusal("card_not_yours")
        await self._begin(exit_id, by)
        await self.asks.answer([CONFIRM], exit_id, by.person_id, "confirmed")
        await self.ledger.redraw([CONFIRM], [exit_id])

    async def drop(self, exit_id: int, by: Actor) -> None:
        """Not to be: before it is confirmed."""
        row = await self._locked(exit_id)
        if row["by_id"] != by.person_id:
            raise Refusal("card_not_yours")
        await self._expect(row, "proposed")
        await self.cancel(row["person_id"], by)

    async def cancel(self, person_id: int, by: Actor) -> None:
        """They stay after all, or it was entered wrongly. Raises Refusal: nothing to cancel, or
        they have left.
        """
        await require_office(by, Office.HR)
        await db.lock(f"checklists:{person_id}")
        row = await db.fetch_one(
            "SELECT c.id, p.active FROM checklists c JOIN persons p ON p.id = c.person_id "
            "WHERE c.person_id = $1 AND c.template = ANY($2) AND c.state IN ('open', 'proposed')",
            person_id,
            self.checklists.rules.of_kind(Kind.EXIT),
        )
        if row is None:
            raise Refusal("exit_none")
        if not row["active"]:
            raise Refusal("exit_over")
        await self.checklists.cancel(row["id"], by)
        await self._stop(row["id"])
        await db.execute("UPDATE persons SET leaves_on = NULL WHERE id = $1", person_id)

    async def expire_due(self) -> int:
        """What its HR head has not confirmed for a day comes to nothing; how many."""
        async with db.transaction():
            rows = await db.fetch(_UNCONFIRMED, self.clock.now() - CONFIRM_WITHIN, KIND)
            for row in rows:
                await self.checklists.cancel(row["id"], "system")
                await self._stop(row["id"])
        return len(rows)

    async def _stop(self, exit_id: int) -> None:
        await self.asks.close([CONFIRM], [exit_id], AskState.WITHDRAWN)
        await self.ledger.withdraw([CONFIRM], [exit_id], "no longer true")
        await self.ledger.redraw([CONFIRM], [exit_id])
        approval = await db.fetch_value(
            "SELECT id FROM approvals WHERE kind = $1 AND subject_id = $2 AND state = 'pending'",
            KIND,
            exit_id,
        )
        if approval is not None:
            await self.approvals.withdraw(approval)

    async def _begin(self, exit_id: int, by: Actor) -> None:
        """Write the list, and end access: at once, or with the last day."""
        row = await self._locked(exit_id)
        await self._expect(row, "proposed")
        person, last_day, now = row["person_id"], row["anchor"], self.clock.now()
        await db.execute(
            "UPDATE checklists SET state = 'open', opened_at = $2 WHERE id = $1", exit_id, now
        )
        await db.execute("UPDATE persons SET leaves_on = $2 WHERE id = $1", person, last_day)
        start = Start(row["template"], person, last_day)
        template = self.checklists.rules[row["template"]]
        items = await self.checklists.fill(exit_id, template, start, Owners())
        by_owner: dict[int, list[db.Row]] = {}
        for item in items:
            by_owner.setdefault(item["owner_id"], []).append(item)
        for owner, theirs in by_owner.items():
            await self.checklists.ask(TO_DO, owner, theirs, policy="checklist")
        await audit.record(
            now, by, "exit.confirmed", f"checklists:{exit_id}", person=person, last_day=last_day
        )
        if last_day <= self._today():
            await self.leaving.end(person, by, why="exit")
        else:
            await self.leaving.tell_of_shifts(person, _end_of(last_day))

    # What the approval asks of us.

    async def _content(self, exit_id: int) -> dict[str, Any]:
        """What the approver is shown, as JSON."""
        shown = await exit_facts.shown(exit_id, self.clock.now())
        keys = ("name", "staff_no", "unit", "requester", "manages")
        return {key: shown[key] for key in keys} | {"last_day": shown["anchor"].isoformat()}

    async def _approved(self, exit_id: int, by: Actor) -> None:
        await self._begin(exit_id, by)
        await self._tell_requester(exit_id)

    async def _refused(self, exit_id: int, by: Actor, _reason: str) -> None:
        await self.checklists.cancel(exit_id, by)
        await self._tell_requester(exit_id)

    async def _expired(self, exit_id: int) -> None:
        await self.checklists.cancel(exit_id, "system")
        await self._tell_requester(exit_id)

    async def _reopened(self, exit_id: int, approval_id: int) -> None:
        """Nothing of ours names the approval."""

    async def _may_decide(self, exit_id: int, by: int, seat: int) -> None:
        """An HR head at this moment, and nobody about themselves. Raises Refusal."""
        person = await db.fetch_value("SELECT person_id FROM checklists WHERE id = $1", exit_id)
        if not {by, seat} & set(await hr_heads()) or by == person:
            raise Refusal("not_allowed")

    async def _tell_requester(self, exit_id: int) -> None:
        requester = await db.fetch_value("SELECT by_id FROM checklists WHERE id = $1", exit_id)
        await self.ledger.notify(OUTCOME, exit_id, [requester], once=f"{OUTCOME}:{exit_id}")

    async def decide(self, approval_id: int, by: Actor, approve: bool) -> dict[str, Any]:
        """An HR head's decision, from the approval card; the facts to redraw it with."""
        await self.approvals.decide(approval_id, by, approve)
        return await self.approvals.facts(approval_id)

    async def facts(self, exit_id: int) -> dict[str, Any]:
        """What the confirmation card shows now."""
        return await exit_facts.shown(exit_id, self.clock.now())

    async def _card_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return await exit_facts.of_messages(subjects, ("proposed",), self.clock.now())

    async def _outcome_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return await exit_facts.of_messages(
            subjects, ("open", "done", "cancelled"), self.clock.now()
        )

    async def _locked(self, exit_id: int) -> db.Row:
        row = await db.fetch_one("SELECT * FROM checklists WHERE id = $1 FOR UPDATE", exit_id)
        if row is None:
            raise Refusal("card_unknown")
        return row

    async def _expect(self, row: db.Row, state: str) -> None:
        if row["state"] != state:
            key = "exit_dropped" if row["state"] == "cancelled" else "exit_confirmed"
            raise Refusal(key)

    def _today(self) -> date:
        return self.clock.now().astimezone(SHANGHAI).date()


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
