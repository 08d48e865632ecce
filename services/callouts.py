"""Emergency call-outs: so many people of a skill at a place by a time, asked in waves.

A launch writes one row; the tick `callouts.run` does the rest, so that nothing is lost with the
process that was told of it. See callout_waves, callout_answers and callout_ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from models.callouts import AnswerState, CallKind, CallState
from models.clock import Clock
from models.ledger import Priority
from models.policies import Escalate
from services import audit
from services.actors import Actor
from services.asks import Asks
from services.callout_answers import Answer, Answered, CallAnswers, Hook
from services.callout_curve import Basis, Outlook
from services.callout_eligibility import Barred, Candidate, Eligibility, Excluded
from services.callout_ends import ASK, BOARD, CANCELLED, TOLD, CallEnds
from services.callout_facts import CallFacts, CallView, answer_of
from services.callout_recheck import Recheck
from services.callout_rules import CallOutRules
from services.callout_waves import CallWaves, forecast
from services.callout_wish import CallWish, checked, place_key
from services.escalation import Escalation, Silent
from services.ledger import Ledger
from services.permissions import Act, may, may_anywhere, require
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.skills import Skills

_OPEN_AT = """
SELECT c.place, c.launched_at, p.name AS by FROM call_outs c JOIN persons p ON p.id = c.by_id
 WHERE c.place_key = $1 AND c.state IN ('asking', 'full')
"""
_LAUNCH = """
INSERT INTO call_outs (unit_id, by_id, kind, place, place_key, skill, reason, needed, report_at,
                       ends_at, launched_at, next_wave_at, board_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $11)
ON CONFLICT (place_key) WHERE state IN ('asking', 'full') DO NOTHING RETURNING id
"""
_SECOND = """
UPDATE call_answers SET second_channel_at = $3 WHERE call_out_id = $1 AND person_id = ANY($2)
"""


@dataclass(frozen=True, slots=True)
class CallPreview:
    """Whom a launch would ask. `people` are in the order in which they are asked, `first_wave` of
    them at once; `likely` is how many are to be expected, by whose answers says `basis`; `reasons`
    say why others are not asked.
    """

    wish: CallWish
    people: tuple[Candidate, ...]
    reasons: Mapping[int, Excluded]
    excluded: Mapping[Excluded, int]
    first_wave: int
    likely: int
    basis: Basis

    @property
    def eligible(self) -> int:
        return len(self.people)

    @property
    def short(self) -> bool:
        """Whether it is to be foreseen that asking everybody will not be enough."""
        return self.likely < self.wish.needed


class CallOuts:
    def __init__(
        self,
        ledger: Ledger,
        asks: Asks,
        escalation: Escalation,
        eligibility: Eligibility,
        skills: Skills,
        rules: CallOutRules,
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.skills = skills
        self.rules = rules
        self.clock = clock
        self.eligibility = eligibility
        self.facts = CallFacts(
            skills, catalogue.words("callouts/words"), catalogue.words("rules/rest_rules")
        )
        self.ends = CallEnds(ledger, asks, clock)
        self.waves = CallWaves(ledger, asks, eligibility, self.ends, rules, clock)
        self.answers = CallAnswers(asks, self.ends, Recheck(eligibility), rules, clock)
        urgent = Priority.EMERGENCY
        ledger.purposes.add(
            [
                Purpose(ASK[CallKind.VOLUNTARY], self._ask_facts, urgent, quiet=False),
                Purpose(ASK[CallKind.ORDERED], self._ask_facts, urgent, quiet=False),
                Purpose(ASK[CallKind.DRILL], self._ask_facts, Priority.DECISION),
                Purpose(BOARD, self._board_facts, urgent, quiet=False),
                Purpose(TOLD, self._told_facts, urgent, quiet=False),
                Purpose(CANCELLED, self._cancelled_facts, urgent, quiet=False),
            ]
        )
        for purpose in ASK.values():
            escalation.on(purpose, Escalate.NEXT_CHANNEL, self._next_channel)

    def on_accepted(self, hook: Hook) -> None:
        """Called with (call-out, person) in the transaction that gives somebody a place; not in
        a drill. It may be called again for one who gave the place back and took another."""
        self.answers.accepted_hooks.append(hook)

    def on_left(self, hook: Hook) -> None:
        """The same when a place is given back."""
        self.answers.left_hooks.append(hook)

    def check(self, by: Actor, wish: CallWish) -> CallWish:
        """The wish, trimmed and with its unit. Raises Refusal: not allowed, or what is wrong."""
        unit = wish.unit_id if wish.unit_id is not None else _unit_of(by)
        require(by, Act.CALL_OUT, unit)
        if wish.kind is CallKind.ORDERED:
            require(by, Act.ORDER_CALL_OUT, unit)
        if wish.skill and wish.skill not in self.skills:
            raise Refusal("callout_skill", names=[skill.name for skill in self.skills])
        return checked(replace(wish, unit_id=unit), self.rules, self.clock.now())

    async def preview(self, by: Actor, wish: CallWish) -> CallPreview:
        """Who would be asked and who not, and why. Changes nothing. Raises Refusal like launch."""
        wish = self.check(by, wish)
        await self._refuse_twice(wish)
        pool = await self.eligibility.pool(wish, by.person_id)
        chosen = await self.waves.curve(wish.kind, self.clock.now())
        nobody = Outlook(0, 0.0, 0.0)
        plan = forecast(
            wish.needed,
            nobody,
            len(pool.people),
            chosen.curve,
            self.waves.ahead(wish),
            self.rules.least_wave,
        )
        likely = min(wish.needed, int(plan.best.expected + plan.best.spread))
        return CallPreview(
            wish, pool.people, pool.reasons, pool.excluded, plan.wave, likely, chosen.basis
        )

    async def launch(self, by: Actor, wish: CallWish) -> int:
        """Start a call-out; its id. The first wave leaves with the next tick, in seconds.

        Raises Refusal: not allowed, what is wrong with the wish, or one is open for this place.
        """
        wish = self.check(by, wish)
        now = self.clock.now()
        async with db.transaction():
            call_out_id: int | None = await db.fetch_value(
                _LAUNCH,
                wish.unit_id,
                by.person_id,
                str(wish.kind),
                wish.place,
                place_key(wish.kind, wish.place),
                wish.skill,
                wish.reason,
                wish.needed,
                wish.report_at,
                wish.ends_at,
                now,
            )
            if call_out_id is None:
                await self._refuse_twice(wish)
                raise Refusal("card_unknown")  # it has just ended; the next try succeeds
            await self.ledger.notify(BOARD, call_out_id, [by.person_id])
            subject = f"call_outs:{call_out_id}"
            detail: dict[str, Any] = {
                "kind": wish.kind, "place": wish.place, "needed": wish.needed, "skill": wish.skill
            }  # fmt: skip
            await audit.record(now, by, "callout.launched", subject, **detail)
        return call_out_id

    async def _refuse_twice(self, wish: CallWish) -> None:
        row = await db.fetch_one(_OPEN_AT, place_key(wish.kind, wish.place))
        if row is not None:
            raise Refusal("callout_twice", **row)

    async def answer(
        self, call_out_id: int, by: Actor, answer: Answer | str, eta: datetime | None = None
    ) -> Answered:
        """What somebody answers; see CallAnswers.answer. Raises Refusal."""
        return await self.answers.answer(call_out_id, by, Answer(answer), eta)

    async def cancel(self, by: Actor, call_out_id: int, why: str = "") -> CallView:
        """Call it off: who said yes is told at once. Only its launcher, a manager of its unit or
        an HR head. Raises Refusal: not allowed, or it is over already."""
        async with db.transaction():
            call = await db.fetch_one(
                "SELECT * FROM call_outs WHERE id = $1 FOR UPDATE", call_out_id
            )
            if call is None:
                raise Refusal("card_unknown")
            if not may_cancel(by, call):
                raise Refusal("not_allowed")
            if call["state"] in (CallState.CANCELLED, CallState.ENDED):
                raise Refusal(f"callout_{call['state']}", place=call["place"])
            await self.ends.cancelled(call, by, by.name, " ".join(why.split())[:100])
        return await self.view(call_out_id)

    async def run_due(self) -> int:
        """The tick `callouts.run`: next waves, ends and boards; how many call-outs were due."""
        return await self.waves.run_due()

    async def view(self, call_out_id: int) -> CallView:
        """Raises Refusal("card_unknown")."""
        found = await self.facts.by_id([call_out_id])
        if call_out_id not in found:
            raise Refusal("card_unknown")
        return found[call_out_id]

    async def open_for(self, by: Actor) -> list[CallView]:
        """Open call-outs that are theirs to see, newest first. Raises Refusal("not_allowed")."""
        if not may_anywhere(by, Act.CALL_OUT):
            raise Refusal("not_allowed")
        own = "(c.by_id = $1 OR $2 OR c.unit_id = ANY($3))"
        return await self.facts.views(
            f"c.state IN ('asking', 'full') AND {own}", by.person_id, by.hr_head, list(by.manages)
        )

    async def asked_facts(
        self, call_out_id: int, person_id: int, barred: Barred | None = None
    ) -> dict[str, Any]:
        """The card of one who was asked, as it stands with them; `barred` was just found."""
        view = await self.view(call_out_id)
        row = await answer_of(call_out_id, person_id)
        if row is None:
            raise Refusal("card_not_yours")
        return self.facts.asking(view, AnswerState(row["state"]), row["eta"], barred)

    # What messages ask of us.

    async def _ask_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_id([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                self.facts.asking(view),
                view.state is CallState.ASKING,
                f"the call-out is {view.state}",
                spares_answered=view.state is not CallState.CANCELLED,
            )
            for subject in subjects
            if (view := views.get(subject.subject_id))
        }

    async def _board_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_id([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(self.facts.board(view), live=True)
            for subject in subjects
            if (view := views.get(subject.subject_id))
        }

    async def _told_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_id([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                self.facts.told(view, subject.context),
                _still(str(subject.context["what"]), view),
                f"the call-out is {view.state}",
            )
            for subject in subjects
            if (view := views.get(subject.subject_id))
        }

    async def _cancelled_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        views = await self.facts.by_id([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts({**self.facts.asking(view), **subject.context})
            for subject in subjects
            if (view := views.get(subject.subject_id))
        }

    async def _next_channel(self, silent: Sequence[Silent]) -> None:
        """The silent are asked once more, on the next way to them that there is."""
        waves: dict[tuple[int, int], list[Silent]] = {}
        for ask in silent:
            waves.setdefault((ask.message_id, ask.subject_id), []).append(ask)
        for (message, call_out), asks in waves.items():
            people = [ask.person_id for ask in asks if ask.person_id is not None]
            reached = await self.ledger.next_channel(message, people, asks[0].deadline)
            await db.execute(_SECOND, call_out, reached, self.clock.now())


def _unit_of(by: Actor) -> int | None:
    """On whose behalf somebody launches: the unit they manage, else their own."""
    if by.unit_id in by.manages or not by.manages:
        return by.unit_id
    return min(by.manages)


def _still(what: str, view: CallView) -> bool:
    """Whether a line to the launcher is still news when it leaves."""
    match what:
        case "full":
            return view.state is CallState.FULL
        case "short":
            return view.state is CallState.ASKING
        case _:
            return True


def may_cancel(by: Actor, call: Mapping[str, Any]) -> bool:
    """Its launcher, a manager of its unit, an HR head; who merely sees it may not."""
    return bool(by.person_id == call["by_id"] or may(by, Act.CALL_OUT, call["unit_id"]))
