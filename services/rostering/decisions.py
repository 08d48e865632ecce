"""Who turns a draft into the roster: the head nurse who asked for it, else her approval."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from models.asks import AskState
from models.clock import Clock
from models.ledger import Priority
from models.roster_runs import RunState
from services import audit
from services.actors import Actor, by_id
from services.approval_kinds import ApprovalKind
from services.approvals import LONGEST, Approvals
from services.asks import Asks
from services.duties import cells_of_unit
from services.ledger import Ledger
from services.permissions import Act, require
from services.purposes import Facts, Purpose, Subject, from_context
from services.refusals import Refusal
from services.rest_rules import describe_violation
from services.rostering import runs
from services.rosters import Rosters
from services.sign_in import SignIn
from services.units import deciders, hr_heads, managers

READY = "rosters.draft_ready"
REPORT = "rosters.draft_report"
OUTCOME = "rosters.draft_outcome"
KIND = "roster_drafts"
SHOWN = 12  # findings of one message
DONE = (RunState.READY,)

_OLDER = """
SELECT id, approval_id, roster_id FROM roster_runs
 WHERE unit_id = $1 AND first_day = $2 AND state = 'ready' AND id <> $3 ORDER BY id FOR UPDATE
"""


class Decisions:
    def __init__(
        self,
        rosters: Rosters,
        ledger: Ledger,
        asks: Asks,
        approvals: Approvals,
        sign_in: SignIn,
        words: Catalogue,
        clock: Clock,
    ) -> None:
        self.rosters = rosters
        self.ledger = ledger
        self.asks = asks
        self.approvals = approvals
        self.sign_in = sign_in
        self.clock = clock
        self._rules = words.words("rules/rest_rules")
        ledger.purposes.add(
            [
                Purpose(READY, self._facts, Priority.DECISION, useful_for=LONGEST),
                Purpose(REPORT, from_context, Priority.DECISION, useful_for=LONGEST),
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
                    runs.locked,
                    self._may_decide,
                    reasons=words.words("rosters/draft_reasons")["refuse"],
                    beside=self._beside,
                )
            ]
        )

    async def ask(self, run_id: int, by: Actor) -> None:
        """Show a finished draft to who decides. Drafts of the same month before it are over."""
        run = (await runs.load([run_id]))[run_id]
        await self._drop_older(run)
        if by.person_id in await managers(run["unit_id"]):
            await self._report(run, [by.person_id])
            await self.asks.open(READY, run_id, [by.person_id], policy="roster_draft")
            return
        people = await deciders(run["unit_id"], [by.person_id])
        approval_id = await self.approvals.open(
            KIND, run_id, requester=by.person_id, approvers=people
        )
        await self._reopened(run_id, approval_id)

    async def _drop_older(self, run: Mapping[str, Any]) -> None:
        for row in await db.fetch(_OLDER, run["unit_id"], run["first_day"], run["id"]):
            await self._over(row, RunState.CANCELLED)
            if row["approval_id"]:
                await self.approvals.withdraw(row["approval_id"])

    async def _over(self, run: Mapping[str, Any], state: RunState) -> None:
        """Nothing came of it: its roster is put away, and its cards say so."""
        await runs.move(run["id"], DONE, state, self.clock.now())
        await db.execute(
            "UPDATE rosters SET state = 'discarded' WHERE id = $1 AND state = 'draft'",
            run["roster_id"],
        )
        await self._close_cards(run["id"])

    async def _close_cards(self, run_id: int) -> None:
        await self.asks.close([READY], [run_id], AskState.WITHDRAWN)
        await self.ledger.withdraw([READY], [run_id], "the draft is done")
        await self.ledger.redraw([READY], [run_id])

    async def _report(self, run: Mapping[str, Any], people: Sequence[int]) -> None:
        """The whole list before the card, which holds less; each with a way in of their own."""
        found = run["findings"]
        for person in people:
            actor = await by_id(person)
            if actor is None:
                continue
            url = f"{await self.sign_in.link(actor)}?roster={run['roster_id']}"
            context = {
                "unit": run["unit"],
                "first": run["first_day"].isoformat(),
                "cost": run["cost"],
                "findings": found[:SHOWN],
                "more": max(0, len(found) - SHOWN),
                "url": url,
                "minutes": self.sign_in.minutes,
            }
            once = f"{REPORT}:{run['id']}:{person}"
            await self.ledger.notify(REPORT, run["id"], [person], context=context, once=once)

    # Her own draft.

    async def publish(self, run_id: int, by: Actor) -> dict[str, Any]:
        """Make it the roster, once; the facts to redraw the card.

        Raises Refusal: not allowed, dealt with already, or no longer what was shown.
        """
        run = await self._standing(run_id, by)
        await self.asks.answer([READY], run_id, by.person_id, "published")
        await self._publish(run, by)
        return await self.facts(run_id)

    async def drop(self, run_id: int, by: Actor) -> dict[str, Any]:
        """Put it away; the facts to redraw the card."""
        run = await self._standing(run_id, by)
        await self.asks.answer([READY], run_id, by.person_id, "dropped")
        await self._over(run, RunState.REFUSED)
        await audit.record(self.clock.now(), by, "draft.dropped", f"roster_runs:{run_id}")
        return await self.facts(run_id)

    async def _standing(self, run_id: int, by: Actor) -> db.Row:
        run = await runs.locked(run_id)
        require(by, Act.PUBLISH_ROSTER, run["unit_id"])
        if run["approval_id"] is not None:
            raise Refusal("not_allowed")
        if run["state"] != RunState.READY:
            raise Refusal(f"draft_{run['state']}")
        return run

    async def _publish(self, run: Mapping[str, Any], by: Actor) -> None:
        await db.lock(f"roster:{run['unit_id']}")
        await self._still_sound(run)
        try:
            await self.rosters.publish_decided(by, run["roster_id"])
        except Refusal as refusal:
            if refusal.key == "roster_changed_since":
                raise Refusal("draft_outdated") from refusal
            raise
        await runs.move(run["id"], DONE, RunState.APPROVED, self.clock.now())
        await self._close_cards(run["id"])
        await audit.record(self.clock.now(), by, "draft.published", f"roster_runs:{run['id']}")

    async def _still_sound(self, run: Mapping[str, Any]) -> None:
        """Licences end and lists open between drafting and deciding: the rules are asked again."""
        old = {
            (row["person_id"], row["day"]): row["codes"]
            for row in await cells_of_unit(run["unit_id"], run["first_day"], run["last_day"])
        }
        changes: dict[int, list[tuple[Any, Any, Any]]] = {}
        for cell in await db.fetch(
            "SELECT person_id, day, codes FROM roster_cells WHERE roster_id = $1", run["roster_id"]
        ):
            before = old.get((cell["person_id"], cell["day"]), ())
            after = tuple(json.loads(cell["codes"]))
            changes.setdefault(cell["person_id"], []).append((cell["day"], before, after))
        found = await self.rosters.rest.check(run["unit_id"], changes)
        hard = [(p, v) for p, broken in found.items() for v in broken if v.hard]
        if hard:
            person, violation = hard[0]
            name = await db.fetch_value("SELECT name FROM persons WHERE id = $1", person)
            rule = describe_violation(violation, self._rules)
            raise Refusal("draft_unsafe_now", name=name, rule=rule)

    # Somebody else's: what the approval asks of us.

    async def decide(
        self, approval_id: int, by: Actor, approve: bool, chosen: str = ""
    ) -> dict[str, Any]:
        """A decision from the approval's card; the facts to redraw it with."""
        reason = "" if approve else self.approvals.reason_text(KIND, chosen)
        await self.approvals.decide(approval_id, by, approve, reason)
        return await self.approvals.facts(approval_id)

    async def _content(self, run_id: int) -> dict[str, Any]:
        run = (await runs.load([run_id]))[run_id]
        return {
            "unit": run["unit"],
            "asker": run["asker"],
            "first": run["first_day"].isoformat(),
            "people": run["progress"].get("people", 0),
            "cost": run["cost"],
            "count": len(run["findings"]),
            "roster": run["roster_id"],
        }

    async def _approved(self, run_id: int, by: Actor) -> None:
        run = await runs.locked(run_id)
        if run["state"] != RunState.READY:
            raise Refusal(f"draft_{run['state']}")
        await self._publish(run, by)
        await self._tell_asker(run)

    async def _refused(self, run_id: int, by: Actor, reason: str) -> None:
        await audit.record(self.clock.now(), by, "draft.refused", f"roster_runs:{run_id}")
        run = await runs.locked(run_id)
        await self._over(run, RunState.REFUSED)
        await self._tell_asker(run, reason)

    async def _expired(self, run_id: int) -> None:
        run = await runs.locked(run_id)
        await self._over(run, RunState.CANCELLED)
        await self._tell_asker(run)

    async def _reopened(self, run_id: int, approval_id: int) -> None:
        await db.execute(
            "UPDATE roster_runs SET approval_id = $2 WHERE id = $1", run_id, approval_id
        )

    async def _may_decide(self, run_id: int, by: int, seat: int) -> None:
        """A manager of the unit or an HR head at this moment, or who stands in for one."""
        run = await runs.locked(run_id)
        able = {*await managers(run["unit_id"]), *await hr_heads()}
        if not able & {by, seat}:
            raise Refusal("not_allowed")

    async def _beside(self, approval_id: int, people: Sequence[int]) -> None:
        run_id = await db.fetch_value(
            "SELECT subject_id FROM approvals WHERE id = $1", approval_id
        )
        able = [person for person in people if await self._may_see(person)]
        await self._report((await runs.load([run_id]))[run_id], able)

    async def _may_see(self, person: int) -> bool:
        """Who stands in for a manager may have no console; they decide on the card."""
        actor = await by_id(person)
        return actor is not None and bool(actor.manages or actor.hr_head)

    async def _tell_asker(self, run: Mapping[str, Any], reason: str = "") -> None:
        once = f"{OUTCOME}:{run['id']}"
        await self.ledger.notify(
            OUTCOME, run["id"], [run["by_id"]], context={"reason": reason}, once=once
        )

    # What messages say.

    async def facts(self, run_id: int) -> dict[str, Any]:
        return dict(_shown((await runs.load([run_id]))[run_id]))

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = await runs.load([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                _shown(run), run["state"] == RunState.READY, f"the draft is {run['state']}"
            )
            for subject in subjects
            if (run := found.get(subject.subject_id))
        }

    async def _outcome_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = await runs.load([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts({**subject.context, **_shown(run)})
            for subject in subjects
            if (run := found.get(subject.subject_id))
        }


def _shown(run: Mapping[str, Any]) -> dict[str, Any]:
    """What cards say of a run; one that was published in the console is published."""
    published = run["roster_state"] == "published"
    return {
        "unit": run["unit"],
        "asker": run["asker"],
        "first": run["first_day"].isoformat(),
        "people": run["progress"].get("people", 0),
        "seconds": run["progress"].get("seconds", 0),
        "cost": run["cost"],
        "count": len(run["findings"]),
        "findings": run["findings"],
        "state": RunState.APPROVED if published else run["state"],
        "at": run["finished_at"],
    }
