"""What each button of the candidate's page does: one use case, and what is shown afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from models import db
from models.interviews import InterviewState
from services.entry_links import Opened
from services.refusals import Refusal
from web.candidate_ports import CandidatePages

VIA = "page"
LONGEST_QUESTION = 500  # characters


@dataclass(frozen=True, slots=True)
class Answer:
    """Back to the page, which may tell `said`; or the page at once with a `notice`; or `page`."""

    said: str = ""
    notice: str = ""
    status: int = 200
    page: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


Form = Mapping[str, str]
Act = Callable[[CandidatePages, Opened, Form], Awaitable[Answer]]
DONE = Answer()


async def confirm(pages: CandidatePages, opened: Opened, _form: Form) -> Answer:
    interview = _interview(opened)
    try:
        async with db.transaction():
            await pages.answers.confirm(interview, via=VIA)
    except Refusal as refusal:
        if refusal.key != "slot_taken":
            raise
        return await _others(pages, interview, "slot_taken")
    return DONE


async def other(pages: CandidatePages, opened: Opened, _form: Form) -> Answer:
    """Other times are looked for; the held seat is given back, a confirmed one is kept."""
    return await _others(pages, _interview(opened), "")


async def choose(pages: CandidatePages, opened: Opened, form: Form) -> Answer:
    interview, slot = _interview(opened), form.get("slot", "")
    offered = (await pages.answers.view(interview)).offered
    wanted = next((each.slot_id for each in offered if str(each.slot_id) == slot), None)
    if wanted is None:
        # An old tab: what was offered then is not any more. Nothing is chosen by guessing.
        return Answer(notice="slot_taken" if slot else "choose_one", status=409)
    try:
        async with db.transaction():
            await pages.answers.choose(interview, wanted, via=VIA)
    except Refusal as refusal:
        if refusal.key != "slot_taken":
            raise
        return await _others(pages, interview, "slot_taken")
    return DONE


async def keep_time(pages: CandidatePages, opened: Opened, _form: Form) -> Answer:
    """A confirmed time stays after all."""
    interview = _interview(opened)
    view = await pages.answers.view(interview)
    if view.state is InterviewState.CONFIRMED and view.slot_id is not None:
        async with db.transaction():
            await pages.answers.choose(interview, view.slot_id, via=VIA)
    return DONE


async def decline(pages: CandidatePages, opened: Opened, _form: Form) -> Answer:
    async with db.transaction():
        await pages.answers.decline(_interview(opened), via=VIA)
    return DONE


async def ask(pages: CandidatePages, opened: Opened, form: Form) -> Answer:
    text = form.get("text", "").strip()
    if not text:
        return Answer(notice="ask_empty", status=400)
    if len(text) > LONGEST_QUESTION:
        return Answer(notice="ask_long", status=400)
    async with db.transaction():
        await pages.ask(opened.candidate_id, text)
    return Answer(said="asked")


async def keep(pages: CandidatePages, opened: Opened, _form: Form) -> Answer:
    await pages.choices.keep(opened.candidate_id, via=VIA)
    return DONE


async def rate(pages: CandidatePages, opened: Opened, form: Form) -> Answer:
    points = form.get("points", "")
    if points not in {"1", "2", "3", "4", "5"}:
        return Answer(notice="rate_one", status=400)
    await pages.choices.rate(opened.candidate_id, int(points), via=VIA)
    return DONE


async def opt_out(pages: CandidatePages, opened: Opened, _form: Form) -> Answer:
    async with db.transaction():
        await pages.opt_out(opened.candidate_id)
    return DONE


async def erase(_pages: CandidatePages, _opened: Opened, _form: Form) -> Answer:
    """Asks once more: nothing has happened yet."""
    return Answer(page="candidate_erase.html", facts={"receipt": ""})


async def erase_sure(pages: CandidatePages, opened: Opened, _form: Form) -> Answer:
    candidate = opened.candidate_id
    async with db.transaction():
        await pages.choices.delete(candidate, via=VIA)
        receipt = await pages.leaving.request(candidate, f"candidate:{candidate}", VIA)
    return Answer(page="candidate_erase.html", facts={"receipt": receipt})


ACTS: Mapping[str, Act] = {
    act.__name__: act
    for act in (
        confirm,
        other,
        choose,
        keep_time,
        decline,
        ask,
        keep,
        rate,
        opt_out,
        erase,
        erase_sure,
    )
}


async def _others(pages: CandidatePages, interview: int, notice: str) -> Answer:
    """Offer what is free; where nothing is, somebody is asked to find a time."""
    async with db.transaction():
        slots = await pages.answers.offer(interview, via=VIA, say=False)
        if not slots:
            slots = await pages.answers.offer(interview, via=VIA, say=True)
    if notice:
        return Answer(notice=notice, status=409)
    return DONE if slots else Answer(said="none_free")


def _interview(opened: Opened) -> int:
    if opened.interview_id is None:
        raise Refusal("interview_unknown")
    return opened.interview_id
