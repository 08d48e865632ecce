"""What people answer to a call-out: a place is taken once, and never one more than there are.

The call-out's row is locked first by whoever changes anything about it, so that no two wait for
each other; the place itself is taken by a conditional UPDATE that the database guards as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from models import db
from models.callouts import AnswerState, CallKind, CallState
from models.clock import Clock
from services import audit
from services.actors import Actor
from services.asks import Asks
from services.callout_eligibility import Barred
from services.callout_ends import ASK, TOLD, CallEnds
from services.callout_facts import answer_of
from services.callout_recheck import Recheck
from services.callout_rules import CallOutRules
from services.leaving import Leaver
from services.refusals import Refusal

A = AnswerState
Hook = Callable[[int, int], Awaitable[None]]  # call-out, person


class Answer(StrEnum):
    """LATE comes after the time that was asked for, at an ETA."""

    YES = "yes"
    NO = "no"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Answered:
    """How it stands with them now; `eta` is when they come, or `barred` why they may not."""

    call_out_id: int
    state: AnswerState
    call_state: CallState
    eta: datetime | None = None
    barred: Barred | None = None


TOLD_OF = 5  # barred people of whom a launcher reads one by one; the board counts them all

_LOCK = "SELECT * FROM call_outs WHERE id = $1 FOR UPDATE"
_TAKE = """
UPDATE call_outs SET taken = taken + 1,
       state = CASE WHEN taken + 1 >= needed THEN 'full' ELSE state END,
       full_at = CASE WHEN taken + 1 >= needed THEN $2::timestamptz ELSE full_at END,
       next_wave_at = CASE WHEN taken + 1 >= needed THEN report_at ELSE next_wave_at END
 WHERE id = $1 AND state = 'asking' AND taken < needed RETURNING *
"""
_GIVE_BACK = """
UPDATE call_outs SET taken = taken - 1, board_at = NULL,
       state = CASE WHEN state = 'full' THEN 'asking' ELSE state END,
       full_at = CASE WHEN state = 'full' THEN NULL ELSE full_at END,
       next_wave_at = CASE WHEN state IN ('asking', 'full') THEN $2::timestamptz END
 WHERE id = $1 AND taken > 0 RETURNING *
"""
_SET = """
UPDATE call_answers SET state = $3, answered_at = $4, eta = $5
 WHERE call_out_id = $1 AND person_id = $2 AND state <> 'yes' RETURNING id
"""
# When they first said yes stays: the answer curve is made of it.
_LEAVE = """
UPDATE call_answers SET state = 'left', eta = NULL
 WHERE call_out_id = $1 AND person_id = $2 AND state = 'yes' RETURNING id
"""
_ETA = """
UPDATE call_answers SET eta = $3
 WHERE call_out_id = $1 AND person_id = $2 AND state = 'yes'
"""
_BARRED = "SELECT count(*) FROM call_answers WHERE call_out_id = $1 AND state = 'barred'"
_NOBODY_LEFT = """
UPDATE call_outs SET next_wave_at = $2
 WHERE id = $1 AND state = 'asking' AND next_wave_at > $2
   AND NOT EXISTS (SELECT 1 FROM call_answers WHERE call_out_id = $1 AND state = 'asked')
"""
_OF_LEAVER = """
SELECT c.id FROM call_answers a JOIN call_outs c ON c.id = a.call_out_id
 WHERE a.person_id = $1 AND a.state IN ('asked', 'yes')
   AND c.state <> 'cancelled' AND c.ends_at > $2
 ORDER BY c.id
"""
# All that a leaver has to do with, in one order whoever else locks some of them.
_HOLD = """
SELECT c.id FROM call_outs c
 WHERE c.state <> 'cancelled' AND c.ends_at > $2
   AND (c.by_id = ANY($1) OR EXISTS (
        SELECT 1 FROM call_answers a WHERE a.call_out_id = c.id
           AND a.person_id = ANY($1) AND a.state IN ('asked', 'yes')))
 ORDER BY c.id FOR UPDATE
"""
_LAUNCHED = """
SELECT c.*, p.name FROM call_outs c JOIN persons p ON p.id = c.by_id
 WHERE c.by_id = $1 AND c.state <> 'cancelled' AND c.ends_at > $2 ORDER BY c.id
"""
_SPARE = """
UPDATE call_answers SET state = 'stood_down'
 WHERE call_out_id = $1 AND person_id = $2 AND state = 'asked'
"""
# Nobody who is needed may be told that it is only a drill, so what is real goes first. Whoever
# comes later or not at all ($3) means the place they have; a yes is for what still waits for one.
_LATEST = """
SELECT c.id FROM call_answers a JOIN call_outs c ON c.id = a.call_out_id
 WHERE a.person_id = $1 AND c.state <> 'cancelled' AND c.ends_at > $2
   AND (a.state = 'yes' OR c.state IN ('asking', 'full'))
 ORDER BY ($3 AND a.state = 'yes' AND c.kind <> 'drill') DESC, (a.state = 'asked') DESC,
          (c.kind <> 'drill') DESC, a.asked_at DESC, c.id DESC LIMIT 1
"""


class CallAnswers:
    def __init__(
        self, asks: Asks, ends: CallEnds, recheck: Recheck, rules: CallOutRules, clock: Clock
    ) -> None:
        self.asks = asks
        self.ends = ends
        self.recheck = recheck
        self.rules = rules
        self.clock = clock
        self.accepted_hooks: list[Hook] = []
        self.left_hooks: list[Hook] = []

    async def latest(self, by: Actor, answer: Answer) -> int:
        """The call-out that words without a card are about. Raises Refusal: there is none."""
        of_a_place = answer is not Answer.YES
        found: int | None = await db.fetch_value(
            _LATEST, by.person_id, self.clock.now(), of_a_place
        )
        if found is None:
            raise Refusal("callout_nothing_open")
        return found

    async def answer(
        self, call_out_id: int, by: Actor, answer: Answer, eta: datetime | None = None
    ) -> Answered:
        """Record an answer; the same one twice changes nothing, another one changes the mind.
        Whoever may not come any more gets no place but the state BARRED, and may say yes again.

        Raises Refusal: never asked, cancelled or over, or the ETA is of no use any more.
        """
        async with db.transaction():
            call = await self._locked(call_out_id)
            mine = await answer_of(call_out_id, by.person_id)
            if mine is None:
                raise Refusal("card_not_yours")
            self._check(call, mine)
            if answer is Answer.NO:
                return await self._no(call, mine, by)
            comes = self._eta(call, answer, eta)
            if mine["state"] == A.YES:
                return await self._other_eta(call, mine, by, comes)
            return await self._yes(call, by, comes)

    async def hold(self, people: Sequence[int]) -> None:
        """Lock what `left` will change, before anything else of these people is locked."""
        await db.fetch(_HOLD, list(people), self.clock.now())

    async def left(self, leaver: Leaver) -> None:
        """Who has left the hospital comes to nothing any more: their places are free again, and
        what they launched is for others to follow."""
        now = self.clock.now()
        for call in await db.fetch(_LAUNCHED, leaver.person_id, now):
            await self.ends.hand_over(call, call["name"])
        for row in await db.fetch(_OF_LEAVER, leaver.person_id, now):
            call = await self._locked(row["id"])
            mine = await answer_of(call["id"], leaver.person_id)
            if mine is not None and mine["state"] == A.YES:
                name = await db.fetch_value(
                    "SELECT name FROM persons WHERE id = $1", leaver.person_id
                )
                await self._leave(call, leaver.person_id, name, "system")
            else:
                await db.execute(_SPARE, call["id"], leaver.person_id)
                await db.execute(_NOBODY_LEFT, call["id"], now)

    def _check(self, call: db.Row, mine: db.Row) -> None:
        """Who has a place may still say that they come later, or not, until it is over."""
        if call["state"] == CallState.CANCELLED:
            raise Refusal("callout_cancelled", place=call["place"])
        over = self.clock.now() >= call["ends_at"] or call["state"] == CallState.ENDED
        if over and (mine["state"] != A.YES or self.clock.now() >= call["ends_at"]):
            raise Refusal("callout_ended", place=call["place"])

    def _eta(self, call: db.Row, answer: Answer, eta: datetime | None) -> datetime:
        """When they come. Who comes later and says no time gets one, rather than no place."""
        report_at: datetime = call["report_at"]
        if answer is not Answer.LATE:
            return max(report_at, eta or report_at)
        now = self.clock.now()
        found: datetime = eta or max(report_at + self.rules.late, now + self.rules.travel)
        if not now - timedelta(minutes=1) <= found < call["ends_at"]:
            raise Refusal("callout_eta", ends=call["ends_at"])
        return found

    async def _yes(self, call: db.Row, by: Actor, eta: datetime) -> Answered:
        now, drill = self.clock.now(), call["kind"] == CallKind.DRILL
        asking = call["state"] == CallState.ASKING
        if asking and not drill:
            barred = await self.recheck.barred(call, by.person_id, eta)
            if barred is not None:
                return await self._barred(call, by, barred)
        taken = await db.fetch_one(_TAKE, call["id"], now)
        state = A.TOO_LATE if taken is None else A.YES
        await self._store(call, by, state, eta if taken else None)
        if taken is None:
            return Answered(call["id"], state, CallState(call["state"]))
        if not drill:
            await _run(self.accepted_hooks, call["id"], by.person_id)
        if taken["state"] == CallState.FULL:
            await self.ends.full(taken)
        return Answered(call["id"], state, CallState(taken["state"]), eta)

    async def _barred(self, call: db.Row, by: Actor, barred: Barred) -> Answered:
        """They were chosen, and something has changed since: the launcher hears of it once."""
        await self._store(call, by, A.BARRED, None, why=str(barred.reason))
        await db.execute(_NOBODY_LEFT, call["id"], self.clock.now())
        if await db.fetch_value(_BARRED, call["id"]) <= TOLD_OF:
            once = f"{TOLD}:barred:{call['id']}:{by.person_id}"
            why = str(barred.reason)
            await self.ends.tell(call, "barred", once=once, name=by.name, why=why)
        return Answered(call["id"], A.BARRED, CallState(call["state"]), barred=barred)

    async def _no(self, call: db.Row, mine: db.Row, by: Actor) -> Answered:
        if mine["state"] == A.YES:
            return await self._leave(call, by.person_id, by.name, by)
        if mine["state"] == A.LEFT:
            return Answered(call["id"], A.LEFT, CallState(call["state"]))
        await self._store(call, by, A.NO, None)
        await db.execute(_NOBODY_LEFT, call["id"], self.clock.now())
        return Answered(call["id"], A.NO, CallState(call["state"]))

    async def _leave(self, call: db.Row, person_id: int, name: str, by: object) -> Answered:
        """The place is free again: asking goes on, and the launcher hears who is not coming."""
        now = self.clock.now()
        await db.execute(_LEAVE, call["id"], person_id)
        after = await db.fetch_one(_GIVE_BACK, call["id"], now)
        assert after is not None
        if call["kind"] != CallKind.DRILL:
            await _run(self.left_hooks, call["id"], person_id)
        await self.ends.tell(after, "left", name=name)
        await audit.record(now, by, "callout.left", f"call_outs:{call['id']}")
        return Answered(call["id"], A.LEFT, CallState(after["state"]))

    async def _other_eta(
        self, call: db.Row, mine: db.Row, by: Actor, eta: datetime | None
    ) -> Answered:
        await db.execute(_ETA, call["id"], by.person_id, eta)
        if eta != mine["eta"]:
            await db.execute("UPDATE call_outs SET board_at = NULL WHERE id = $1", call["id"])
        return Answered(call["id"], A.YES, CallState(call["state"]), eta)

    async def _store(
        self,
        call: db.Row,
        by: Actor,
        state: AnswerState,
        eta: datetime | None,
        **why: str,
    ) -> None:
        now = self.clock.now()
        purpose = ASK[CallKind(call["kind"])]
        # The ask first: escalation holds it when it writes down who is asked a second way.
        await self.asks.answer([purpose], call["id"], by.person_id, str(state))
        await db.execute(_SET, call["id"], by.person_id, str(state), now, eta)
        detail: dict[str, Any] = {"answer": str(state), **why}
        await audit.record(now, by, "callout.answered", f"call_outs:{call['id']}", **detail)

    async def _locked(self, call_out_id: int) -> db.Row:
        row = await db.fetch_one(_LOCK, call_out_id)
        if row is None:
            raise Refusal("card_unknown")
        return row


async def _run(hooks: list[Hook], call_out_id: int, person_id: int) -> None:
    for hook in hooks:
        await hook(call_out_id, person_id)
