"""One candidate's case for the HR office: match card, invitation, result, timeline."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from models import db
from models.candidates import Stage
from models.outcomes import OutcomeKind
from services import stages
from services.console import candidate_case
from services.console.candidate_case import Case
from services.console.match_points import chosen
from services.decline_reasons import DeclineReason
from services.refusals import Refusal
from web.visit import Visit, number

_FACTS = (
    "strength",
    "requirement",
    "experience",
    "advice",
    "keep_until",
    "next_step",
    "answer_by",
    "contact",
)
LONGEST_FACT = 300
LONGEST_TEXT = 2000


async def show(visit: Visit) -> web.Response:
    application, slot = visit.query("application"), visit.query("slot")
    wanted = number(application) if application else None
    case = await candidate_case.of_candidate(visit.actor, visit.id_in_path(), wanted, visit.now)
    preview = None
    if case.full and slot and case.open_interview is None:
        invitations = visit.console.recruiting.invitations
        preview = await invitations.preview(visit.actor, case.id, number(slot))
    moves = stages.BY_HAND.get(Stage(case.stage), ())
    by_hand = () if case.open_interview else moves
    return visit.page(
        "candidate_case.html",
        case=case,
        slot=slot,
        preview=preview,
        reasons=list(DeclineReason),
        by_hand=by_hand,
    )


async def tick(visit: Visit) -> web.StreamResponse:
    case = await _mine(visit)
    desk = visit.console.recruiting
    picked = {at for at in range(len(case.match)) if visit.form.get(f"point-{at}")}
    points = chosen(case.match, picked, visit.form.get("own", ""), desk.courtesy)
    async with db.transaction():
        await desk.invitations.tick(visit.actor, case.id, points)
    raise _back(case, visit.form.get("slot", ""))


async def invite(visit: Visit) -> web.StreamResponse:
    case = await _mine(visit)
    slot = number(visit.form.get("slot", ""))
    async with db.transaction():
        await visit.console.recruiting.invitations.invite(visit.actor, case.id, slot)
    raise _back(case)


async def choose(visit: Visit) -> web.StreamResponse:
    """The time that the candidate named to somebody on the telephone."""
    case = await _mine(visit)
    standing, slot = case.open_interview, number(visit.form.get("slot", ""))
    if standing is None:
        raise Refusal("form_stale")
    if slot not in {row["id"] for row in case.free}:
        raise Refusal("slot_taken")
    answers = visit.console.recruiting.answers
    async with db.transaction():
        await answers.choose(standing["id"], slot, via="console", by=visit.actor)
    raise _back(case)


async def cancel(visit: Visit) -> web.StreamResponse:
    case = await _mine(visit)
    standing = case.open_interview
    if standing is None:
        raise Refusal("form_stale")
    why = visit.form.get("why", "").strip()[:100]
    async with db.transaction():
        await visit.console.recruiting.invitations.cancel(visit.actor, standing["id"], why)
    raise _back(case)


async def came(visit: Visit) -> web.StreamResponse:
    """They were noted as absent by mistake."""
    case = await _mine(visit)
    if case.absent is None:
        raise Refusal("form_stale")
    async with db.transaction():
        await visit.console.recruiting.absences.take_back(case.absent["id"], visit.actor)
    raise _back(case)


async def move(visit: Visit) -> web.StreamResponse:
    """Another stage, where no interview and no result moves it."""
    case = await _mine(visit)
    try:
        before, after = Stage(visit.form.get("before", "")), Stage(visit.form.get("after", ""))
    except ValueError:
        raise Refusal("form_stale") from None
    await stages.move(visit.actor, case.id, before, after, visit.console.clock)
    raise _back(case)


async def why(visit: Visit) -> web.StreamResponse:
    """The reason for which they declined, as HR heard it."""
    case = await _mine(visit)
    try:
        reason = DeclineReason(visit.form.get("reason", ""))
    except ValueError:
        raise Refusal("form_stale") from None
    if case.declined is None:
        raise Refusal("form_stale")
    async with db.transaction():
        answers = visit.console.recruiting.answers
        await answers.note_why(case.declined["id"], reason, visit.actor)
    raise _back(case)


async def draft_result(visit: Visit) -> web.Response:
    """The text the chosen facts make, with what is wrong with it; nothing is stored."""
    case, interview = await _ended(visit)
    facts, kind = _facts(visit.form), _kind(visit.form)
    draft = await visit.console.recruiting.outcomes.draft(visit.actor, interview, kind, facts)
    return _result_page(visit, case, kind, draft.facts, draft.text, draft.findings)


async def prepare_result(visit: Visit) -> web.StreamResponse:
    """Hand the text in for approval; when it may not be said, show it again and why."""
    case, interview = await _ended(visit)
    facts, kind = _facts(visit.form), _kind(visit.form)
    text = visit.form.get("text", "")[: LONGEST_TEXT + 1]
    override = visit.form.get("override", "").strip()[:200]
    outcomes = visit.console.recruiting.outcomes
    try:
        async with db.transaction():
            await outcomes.prepare(visit.actor, interview, kind, facts, text, override=override)
    except Refusal as refusal:
        if refusal.key not in {"courtesy", "feedback_missing", "strength_not_noted"}:
            raise
        found = refusal.params.get("findings")
        told = tuple(found) if isinstance(found, tuple) else (visit.refused(refusal),)
        return _result_page(visit, case, kind, facts, text, told, status=422)
    raise _back(case)


async def withdraw_result(visit: Visit) -> web.StreamResponse:
    case = await _mine(visit)
    if case.open_result is None:
        raise Refusal("form_stale")
    async with db.transaction():
        outcome = case.open_result.row["id"]
        await visit.console.recruiting.outcomes.withdraw(visit.actor, outcome)
    raise _back(case)


async def _mine(visit: Visit) -> Case:
    """The case of the path, for somebody who may work on it. Raises Refusal("not_allowed")."""
    case = await candidate_case.of_application(visit.actor, visit.id_in_path(), visit.now)
    if not case.full:
        raise Refusal("not_allowed")
    return case


async def _ended(visit: Visit) -> tuple[Case, int]:
    case = await _mine(visit)
    if case.ended is None:
        raise Refusal("interview_not_over")
    return case, case.ended["id"]


def _facts(form: Mapping[str, str]) -> dict[str, str]:
    return {key: form.get(key, "").strip()[:LONGEST_FACT] for key in _FACTS}


def _kind(form: Mapping[str, str]) -> OutcomeKind:
    try:
        return OutcomeKind(form.get("kind", ""))
    except ValueError:
        raise Refusal("form_stale") from None


def _result_page(
    visit: Visit,
    case: Case,
    kind: OutcomeKind,
    facts: Mapping[str, str],
    text: str,
    findings: tuple[str, ...],
    status: int = 200,
) -> web.Response:
    return visit.page(
        "result_draft.html",
        status=status,
        case=case,
        kind=kind.value,
        facts={key: value for key, value in facts.items() if value},
        text=text,
        findings=findings,
        override=visit.form.get("override", ""),
    )


def _back(case: Case, slot: str = "") -> web.HTTPSeeOther:
    chosen_slot = f"&slot={number(slot)}" if slot else ""
    where = f"/console/candidates/{case.candidate_id}?application={case.id}{chosen_slot}"
    return web.HTTPSeeOther(where)
