"""A candidate's answers about their interview: yes, another time, this slot, no more.

Whoever brings the answer (chat, page, telephone) calls the same methods, inside a transaction.
They are idempotent by state; what the candidate must know is written to them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from models import db
from models.asks import AskState
from models.candidates import Stage
from models.clock import Clock
from models.interviews import OPEN, InterviewState
from models.policies import Policies
from services import audit, interview_seats, slot_wishes
from services.actors import Actor
from services.asks import Asks
from services.candidate_ports import Tasks
from services.decline_reasons import DeclineReason, DeclineWords
from services.interview_facts import InterviewFacts, InterviewView, SlotChoice
from services.interview_seats import Change
from services.ledger import Ledger
from services.refusals import Refusal
from services.slot_wishes import Wish
from services.understanding.reply import Understood

S = InterviewState
INVITATION = "interviews.invitation"
INVITATION_NAG = "interviews.invitation_nag"
OFFER = "interviews.offer"
CONFIRMED = "interviews.confirmed"
CANCELLED = "interviews.cancelled"
NOTHING_FREE = "interviews.nothing_free"
QUESTIONS = (INVITATION, OFFER)
POLICY = "invitation"
THEIRS = ("chat", "page")  # ways on which candidates themselves act
SETTLED = ("phone", "unclear", "slot_gone")  # tasks that an answer makes needless

Observer = Callable[[Change], Awaitable[None]]

_OFFERED = """
UPDATE interviews SET offered = $2::jsonb, offered_at = $3,
       answer_by = CASE WHEN state = 'choosing' THEN $4 ELSE answer_by END
 WHERE id = $1
"""
_WHY = """
UPDATE interviews SET decline_reason = $2
 WHERE id = $1 AND state = 'declined' AND decline_reason = ''
"""
_ENDED = "SELECT ends_at <= $2 FROM slots WHERE id = $1"
_SLOT_STANDS = "SELECT state = 'open' AND starts_at > $2 FROM slots WHERE id = $1"


class InterviewAnswers:
    def __init__(
        self,
        ledger: Ledger,
        asks: Asks,
        tasks: Tasks,
        facts: InterviewFacts,
        policies: Policies,
        declines: DeclineWords,
        clock: Clock,
    ) -> None:
        self.declines = declines
        self.ledger = ledger
        self.asks = asks
        self.tasks = tasks
        self.facts = facts
        self.clock = clock
        self.patience: timedelta = policies.escalation(POLICY).deadline
        self._observers: list[Observer] = []

    def on_change(self, observer: Observer) -> None:
        """Call this in the transaction of every change of state or seat."""
        self._observers.append(observer)

    async def view(self, interview_id: int) -> InterviewView:
        """Raises Refusal("interview_unknown")."""
        found = await self.facts.one(interview_id)
        if found is None:
            raise Refusal("interview_unknown")
        return found

    async def confirm(self, interview_id: int, *, via: str, also: str = "") -> None:
        """Yes to the time they were invited to. `also` is said beside the confirmation.

        Confirmed already: nothing happens. Raises Refusal: interview_<state>, also
        interview_choosing where no seat is held any more; slot_taken where the slot was cancelled.
        """
        row = await interview_seats.locked(interview_id)
        if row["state"] == S.CONFIRMED:
            return
        if row["state"] != S.INVITED:
            raise Refusal(f"interview_{row['state']}")
        if not await db.fetch_value(_SLOT_STANDS, row["slot_id"], self.clock.now()):
            raise Refusal("slot_taken")
        await self._seat(row, row["slot_id"], via, "interview.confirmed", also)

    async def choose(
        self, interview_id: int, slot_id: int, *, via: str, also: str = "", by: object = ""
    ) -> None:
        """This slot instead. Their own seat again: nothing happens, or it is confirmed.

        `by` is who chose for them, having heard it from them; else it was the candidate.
        Raises Refusal: slot_taken (nothing was changed: the old seat is still theirs), or
        interview_<state>.
        """
        row = await interview_seats.locked(interview_id)
        if row["state"] not in OPEN:
            raise Refusal(f"interview_{row['state']}")
        await self._not_over(row, via)
        if interview_seats.seat_of(row) == slot_id:
            await self._forget_offer(row)
            await self.confirm(interview_id, via=via, also=also)
            return
        await self._seat(row, slot_id, via, "interview.chosen", also, by)

    async def decline(self, interview_id: int, *, via: str, words: str = "") -> None:
        """They do not want the post any more; in their own `words` where there are some.

        Declined already: nothing happens, but for a reason they had not given before.
        """
        row = await interview_seats.locked(interview_id)
        if row["state"] != S.DECLINED:
            await self._not_over(row, via)
            await self._close(row, S.DECLINED, "interview.declined", via)
            await interview_seats.set_stage(row["application_id"], Stage.WITHDRAWN)
        await self.said_why(interview_id, words)

    async def said_why(self, interview_id: int, words: str) -> bool:
        """Whether these words give the reason of a decline; kept if none was known before."""
        reason = self.declines.of(words)
        if reason is not None:
            await db.execute(_WHY, interview_id, reason)
        return reason is not None

    async def note_why(self, interview_id: int, reason: DeclineReason, by: Actor) -> None:
        """HR heard the reason on the telephone. Raises Refusal("interview_<state>")."""
        row = await interview_seats.locked(interview_id)
        if row["state"] != S.DECLINED:
            raise Refusal(f"interview_{row['state']}")
        await db.execute(
            "UPDATE interviews SET decline_reason = $2 WHERE id = $1", interview_id, reason
        )
        await audit.record(
            self.clock.now(), by, "interview.decline_reason", f"interviews:{interview_id}"
        )

    async def offer(
        self,
        interview_id: int,
        *,
        wished: Understood | Wish | None = None,
        via: str = "chat",
        say: bool = True,
        lead: str = "",
    ) -> list[SlotChoice]:
        """Offer two or three free slots, nearest to the wish first; [] when there is none.

        A held seat is given back; a confirmed one is kept until another is taken, unless its slot
        was cancelled. With `say` the candidate is written to (`lead` goes before the offer), and
        HR gets a task when nothing is free. Raises Refusal: interview_<state>.
        """
        row = await interview_seats.locked(interview_id)
        if row["state"] not in (*OPEN, S.NO_SHOW):
            raise Refusal(f"interview_{row['state']}")
        await self._not_over(row, via)
        before = await self.view(interview_id)
        now = self.clock.now()
        seat = interview_seats.seat_of(row)
        gone = None
        if not await self._keeps(row):
            gone = _time_of(before) if before.seated else None
            # Nobody is to be called any more about a time that is not theirs.
            await self.tasks.withdraw(["phone"], interview_id=interview_id)
            if row["state"] != S.CHOOSING:
                await self._change(row, S.CHOOSING, "interview.reopened", via)
        wish = wished if isinstance(wished, Wish) else slot_wishes.wish_of(wished)
        known = await slot_wishes.free(before.posting_id, now, [seat] if seat else [])
        stale = {slot.slot_id for slot in before.offered}
        slots = slot_wishes.chosen(known, wish, before.starts_at, stale)
        offered = json.dumps([slot.slot_id for slot in slots])
        await db.execute(_OFFERED, interview_id, offered, now, now + self.patience)
        if say:
            fresh = any(slot.slot_id not in stale or wish.met_by(slot) for slot in slots)
            await self._say_offer(before, slots if fresh else [], wish, lead, gone)
        return slots

    async def cancel(self, interview_id: int, *, by: object, why: str) -> None:
        """We take it back; the candidate is told and apologised to."""
        row = await interview_seats.locked(interview_id)
        if row["state"] == S.CANCELLED:
            return
        seen = await self.view(interview_id)
        starts = seen.starts_at.isoformat() if seen.starts_at else None
        await self._close(row, S.CANCELLED, "interview.cancelled", "staff", by=by)
        await interview_seats.set_stage(row["application_id"], Stage.SHORTLISTED)
        await self.ledger.notify_candidate(
            CANCELLED,
            interview_id,
            row["candidate_id"],
            context={"starts": starts, "why": why},
            once=f"{CANCELLED}:{interview_id}",
        )

    async def expire(self, interview_id: int) -> bool:
        """Nobody answered in time: the seat goes to somebody else. False when they just did."""
        row = await interview_seats.locked(interview_id)
        if row["state"] not in (S.INVITED, S.CHOOSING) or row["answer_by"] > self.clock.now():
            return False
        await self._close(row, S.EXPIRED, "interview.expired", "time")
        return True

    # Small steps.

    async def _not_over(self, row: db.Row, via: str) -> None:
        """An old menu or tab of the candidate's undoes nothing that took place; HR may, who know
        whether it did. Raises Refusal("interview_over")."""
        if row["state"] != S.CONFIRMED or via not in THEIRS:
            return
        if await db.fetch_value(_ENDED, row["slot_id"], self.clock.now()):
            raise Refusal("interview_over")

    async def _keeps(self, row: db.Row) -> bool:
        """A confirmed seat stays theirs while its slot stands."""
        if row["state"] != S.CONFIRMED:
            return False
        now = self.clock.now()
        return bool(await db.fetch_value(_SLOT_STANDS, row["slot_id"], now))

    async def _seat(
        self, row: db.Row, slot_id: int, via: str, action: str, also: str, by: object = ""
    ) -> None:
        """The seat is taken, every question closed, and the candidate reads when and where."""
        moved = row["state"] != S.INVITED or row["slot_id"] != slot_id
        change = await self._change(row, S.CONFIRMED, action, via, slot_id, by)
        await interview_seats.set_stage(row["application_id"], Stage.INTERVIEW)
        await self._answered(row, action.removeprefix("interview."))
        sequence = await db.fetch_value(
            "SELECT sequence FROM interviews WHERE id = $1", change.interview_id
        )
        await self.ledger.notify_candidate(
            CONFIRMED,
            change.interview_id,
            change.candidate_id,
            context={"slot": slot_id, "moved": moved, "also": also},
            once=f"{CONFIRMED}:{change.interview_id}:{sequence}",
        )

    async def _close(
        self, row: db.Row, after: InterviewState, action: str, via: str, by: object = ""
    ) -> None:
        await self._change(row, after, action, via, by=by)
        await self._answered(row, str(after))

    async def _change(
        self,
        row: db.Row,
        after: InterviewState,
        action: str,
        via: str,
        slot_id: int | None = None,
        by: object = "",
    ) -> Change:
        """Move, withdraw what is no longer true, ask the observers, write it down."""
        now = self.clock.now()
        change = await interview_seats.move(row, after, now, slot_id)
        subject = [change.interview_id]
        said = [INVITATION, INVITATION_NAG, OFFER, CONFIRMED]
        await self.ledger.withdraw(said, subject, "the interview changed")
        for observer in self._observers:
            await observer(change)
        actor = by or f"candidate:{change.candidate_id}"
        await audit.record(
            now, actor, action, f"interviews:{change.interview_id}", via=via, slot=change.new_slot
        )
        return change

    async def _answered(self, row: db.Row, answer: str) -> None:
        """The questions are answered (or closed), and tasks that asked for the answer end."""
        interview, candidate = row["id"], row["candidate_id"]
        await self.asks.answered_by_candidate(QUESTIONS, interview, candidate, answer)
        await self.asks.close(QUESTIONS, [interview], AskState.WITHDRAWN)
        await self.tasks.withdraw(SETTLED, interview_id=interview)

    async def _forget_offer(self, row: db.Row) -> None:
        await db.execute("UPDATE interviews SET offered = '[]' WHERE id = $1", row["id"])
        await self.ledger.withdraw([OFFER], [row["id"]], "the old time stays")
        await self.asks.close([OFFER], [row["id"]], AskState.WITHDRAWN)

    async def _say_offer(
        self,
        seen: InterviewView,
        slots: Sequence[SlotChoice],
        wish: Wish,
        lead: str,
        gone: Mapping[str, str] | None,
    ) -> None:
        """`gone` is the time that was theirs until now: a mail takes it out of their calendar."""
        interview, candidate = seen.interview_id, seen.candidate_id
        now = self.clock.now()
        await self.asks.answered_by_candidate(QUESTIONS, interview, candidate, "another time")
        await self.asks.close(QUESTIONS, [interview], AskState.WITHDRAWN)
        await self.ledger.withdraw(QUESTIONS, [interview], "other times are offered")
        met = any(map(wish.met_by, slots))
        unmet = wish.day.isoformat() if wish.day and not met else None
        if not slots:
            await self._nothing_free(seen, unmet, lead, gone)
            return
        offered = [slot.slot_id for slot in slots]
        context = {"slots": offered, "unmet": unmet, "lead": lead, "gone": gone}
        await self.asks.open_to_candidate(
            OFFER,
            interview,
            candidate,
            policy=POLICY,
            deadline=now + self.patience,
            context=context,
        )

    async def _nothing_free(
        self, seen: InterviewView, unmet: str | None, lead: str, gone: Mapping[str, str] | None
    ) -> None:
        """No seat to offer: a person has to find one, and the candidate is told so."""
        hour = f"{self.clock.now():%Y%m%d%H}"
        await self.tasks.open(
            "slot_gone",
            person=seen.recruiter_id,
            candidate_id=seen.candidate_id,
            interview_id=seen.interview_id,
            detail={"reason": "nothing_free"},
            key=f"slot_gone:{seen.interview_id}:{hour}",
        )
        await self.ledger.notify_candidate(
            NOTHING_FREE,
            seen.interview_id,
            seen.candidate_id,
            context={"unmet": unmet, "lead": lead, "gone": gone},
            once=f"{NOTHING_FREE}:{seen.interview_id}:{hour}",
        )


def _time_of(seen: InterviewView) -> Mapping[str, str] | None:
    if seen.starts_at is None or seen.slot_id is None:
        return None
    return {"slot": str(seen.slot_id), "starts_at": seen.starts_at.isoformat()}
