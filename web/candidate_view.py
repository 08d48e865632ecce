"""What the candidate's page shows, put together from the services without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.interviews import InterviewState
from services import own_records
from services.entry_links import Opened
from services.own_records import OwnRecord, OwnReply, OwnResult
from services.refusals import Refusal
from web.candidate_ports import CandidatePages, Slot, View

S = InterviewState
_OPEN = frozenset({S.INVITED, S.CHOOSING, S.CONFIRMED})


@dataclass(frozen=True, slots=True)
class Shown:
    """`state` is a key of the words' `states`, "" without an interview. `leaving`: their deletion
    is under way, and there is nothing else to press."""

    state: str
    view: View | None
    slots: Sequence[Slot]
    record: OwnRecord
    result: OwnResult | None
    may_choose: bool
    may_rate: bool
    leaving: bool
    replies: Sequence[OwnReply]
    phone: str

    @property
    def may_confirm(self) -> bool:
        return self.state == "invited"

    @property
    def may_move(self) -> bool:
        return self.state in ("invited", "confirmed", "no_show", "past")

    @property
    def has_slots(self) -> bool:
        return self.state in ("choosing", "confirmed_choosing") and bool(self.slots)

    @property
    def may_decline(self) -> bool:
        return self.view is not None and self.view.state in _OPEN and self.state != "begun"

    @property
    def is_over(self) -> bool:
        """Nothing is left to arrange."""
        return self.state in ("", "held", "declined", "cancelled")

    @property
    def shows_time(self) -> bool:
        return self.state in (
            "invited",
            "confirmed",
            "confirmed_choosing",
            "cancelled",
            "past",
            "begun",
        )


async def shown(pages: CandidatePages, opened: Opened) -> Shown | None:
    """None for somebody who was erased meanwhile."""
    record = await own_records.record_of(opened.candidate_id)
    if record is None:
        return None
    view = await _view(pages, opened)
    now = pages.clock.now()
    coming = [slot for slot in view.offered if slot.starts_at > now] if view else []
    slots = sorted(coming, key=lambda slot: (slot.starts_at, slot.slot_id))
    result = (
        await own_records.result_of(opened.interview_id)
        if opened.interview_id is not None
        else None
    )
    question = await pages.choices.open_question(opened.candidate_id) if result else None
    ours = question is not None and result is not None and question.outcome_id == result.outcome_id
    return Shown(
        state=_state(view, slots, pages),
        view=view,
        slots=slots,
        record=record,
        result=result,
        may_choose=ours and question is not None and question.may_choose,
        may_rate=ours and question is not None and question.may_rate,
        leaving=await pages.leaving.pending(opened.candidate_id),
        replies=await own_records.replies_of(opened.candidate_id, now),
        phone=(view.phone if view else "") or await own_records.office_phone(opened.candidate_id),
    )


async def _view(pages: CandidatePages, opened: Opened) -> View | None:
    if opened.interview_id is None:
        return None
    try:
        return await pages.answers.view(opened.interview_id)
    except Refusal:
        return None


def _state(view: View | None, slots: Sequence[Slot], pages: CandidatePages) -> str:
    """The interview's state, told apart where the page must say something else."""
    if view is None:
        return ""
    over = view.starts_at is not None and view.starts_at <= pages.clock.now()
    if view.state is S.INVITED:
        return "past" if over else "invited"
    if view.state is S.CHOOSING:
        return "choosing" if slots else "choosing_none"
    if view.state is S.CONFIRMED:
        return "begun" if over else "confirmed_choosing" if slots else "confirmed"
    return str(view.state)
