"""The operator console: its addresses, each with the page behind it."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from web import (
    audit,
    callout_launch,
    callouts,
    candidate_case,
    checklists,
    dead,
    evidence,
    home,
    ledger,
    licences,
    people,
    recruiting,
    rosters,
    sign_in,
    staff_sheets,
    tasks,
)
from web.door import Door
from web.visit import Console

STATIC = Path(__file__).parent / "static"
ID = r"{id:\d{1,19}}"


def routes(console: Console) -> list[web.AbstractRouteDef]:
    """Everything under /console and /in, over these services."""
    door = Door(console)
    seen, sent, uploaded = door.shown, door.sent, door.uploaded
    return [
        web.get("/in/{token}", sign_in.offer(door)),
        web.post("/in/{token}", sign_in.enter(door)),
        web.static("/console/static", STATIC),
        web.get("/console", seen(home.show)),
        web.post("/console/sign-out", sent(sign_in.leave)),
        web.get("/console/rosters/import", seen(rosters.import_form)),
        web.post("/console/rosters/import", uploaded(rosters.take_file)),
        web.post("/console/rosters/sample", sent(rosters.take_sample)),
        web.get(f"/console/rosters/{ID}", seen(rosters.preview)),
        web.post(f"/console/rosters/{ID}/publish", sent(rosters.publish)),
        web.post(f"/console/rosters/{ID}/discard", sent(rosters.discard)),
        web.get(f"/console/units/{ID}", seen(rosters.unit)),
        web.get("/console/people", seen(people.upload_form)),
        web.post("/console/people", uploaded(people.take_file)),
        web.get(f"/console/people/{ID}", seen(people.preview)),
        web.post(f"/console/people/{ID}/apply", sent(people.apply)),
        web.get("/console/deliveries", seen(ledger.listed)),
        web.get(f"/console/deliveries/{ID}", seen(ledger.one)),
        web.get("/console/dead", seen(dead.listed)),
        web.post(f"/console/dead/{ID}/retry", sent(dead.retry)),
        web.post(f"/console/failed/{ID}/again", sent(dead.send_again)),
        web.get("/console/licences", seen(licences.listed)),
        web.get(f"/console/licences/people/{ID}", seen(licences.person)),
        web.post(f"/console/licences/{ID}/withdraw", sent(licences.withdraw)),
        web.get("/console/tasks", seen(tasks.listed)),
        web.get(f"/console/tasks/{ID}", seen(tasks.one)),
        web.post(f"/console/tasks/{ID}/report", sent(tasks.report)),
        web.post(f"/console/tasks/{ID}/answer", sent(tasks.answer)),
        web.post(f"/console/tasks/{ID}/chat", sent(tasks.take_chat)),
        web.post(f"/console/tasks/{ID}/chat/back", sent(tasks.give_chat_back)),
        *_call_outs(door),
        web.get("/console/checklists", seen(checklists.listed)),
        web.get(f"/console/checklists/{ID}", seen(checklists.one)),
        web.post(f"/console/checklists/{ID}/done", sent(checklists.done)),
        web.post(f"/console/checklists/{ID}/waive", sent(checklists.waive)),
        web.post(f"/console/checklists/{ID}/reopen", sent(checklists.reopen)),
        *_recruiting(door),
        *_staff_sheets(door),
        web.get(f"/console/evidence/{ID}", seen(evidence.show)),
        web.get(f"/console/evidence/{ID}/file", seen(evidence.download)),
        web.get("/console/audit", seen(audit.show)),
        web.post("/console/audit/export", sent(audit.export)),
    ]


def _staff_sheets(door: Door) -> list[web.AbstractRouteDef]:
    """The sheets about staff beside the staff list and the rosters."""
    found: list[web.AbstractRouteDef] = []
    for base in staff_sheets.KINDS:
        found += [
            web.get(base, door.shown(staff_sheets.upload_form)),
            web.post(base, door.uploaded(staff_sheets.take_file)),
            web.get(f"{base}/{ID}", door.shown(staff_sheets.preview)),
            web.post(f"{base}/{ID}/apply", door.sent(staff_sheets.apply)),
        ]
    return found


def _call_outs(door: Door) -> list[web.AbstractRouteDef]:
    """Launching, looking on, stopping, and whose turn it was."""
    seen, sent = door.shown, door.sent
    return [
        web.get("/console/callouts", seen(callouts.listed)),
        web.post("/console/callouts", sent(callout_launch.launch)),
        web.get("/console/callouts/fairness", seen(callouts.fairness)),
        web.get("/console/callouts/new", seen(callout_launch.form)),
        web.post("/console/callouts/new", sent(callout_launch.preview)),
        web.post("/console/callouts/change", sent(callout_launch.change)),
        web.get(f"/console/callouts/{ID}", seen(callouts.board)),
        web.get(f"/console/callouts/{ID}/cancel", seen(callout_launch.ask_cancel)),
        web.post(f"/console/callouts/{ID}/cancel", sent(callout_launch.cancel)),
    ]


def _recruiting(door: Door) -> list[web.AbstractRouteDef]:
    """Posts, the sheets that fill them, and one candidate's case."""
    seen, sent, uploaded = door.shown, door.sent, door.uploaded
    case = f"/console/applications/{ID}"
    return [
        web.get("/console/recruiting", seen(recruiting.listed)),
        web.post(f"/console/recruiting/{ID}/slots", sent(recruiting.add_slot)),
        web.post(f"/console/recruiting/{ID}/pool", sent(recruiting.invite_again)),
        web.post(f"/console/recruiting/{ID}/notice", sent(recruiting.set_notice)),
        web.post(f"/console/recruiting/{ID}/notice/text", sent(recruiting.notice_text)),
        web.post(f"/console/recruiting/{ID}/notice/public", sent(recruiting.notice_public)),
        web.get("/console/recruiting/import", seen(recruiting.upload_form)),
        web.post("/console/recruiting/import", uploaded(recruiting.take_file)),
        web.get(f"/console/recruiting/import/{ID}", seen(recruiting.preview)),
        web.post(f"/console/recruiting/import/{ID}/apply", sent(recruiting.apply)),
        web.get(f"/console/recruiting/{ID}", seen(recruiting.posting)),
        web.post(f"/console/recruiting/slots/{ID}/cancel", sent(recruiting.cancel_slot)),
        web.get(f"/console/candidates/{ID}", seen(candidate_case.show)),
        web.post(f"{case}/tick", sent(candidate_case.tick)),
        web.post(f"{case}/invite", sent(candidate_case.invite)),
        web.post(f"{case}/choose", sent(candidate_case.choose)),
        web.post(f"{case}/cancel", sent(candidate_case.cancel)),
        web.post(f"{case}/came", sent(candidate_case.came)),
        web.post(f"{case}/why", sent(candidate_case.why)),
        web.post(f"{case}/stage", sent(candidate_case.move)),
        web.post(f"{case}/result", sent(candidate_case.draft_result)),
        web.post(f"{case}/prepare", sent(candidate_case.prepare_result)),
        web.post(f"{case}/withdraw", sent(candidate_case.withdraw_result)),
    ]


__all__ = ["Console", "routes"]
