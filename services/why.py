"""为什么发给我: the purpose of the last message a person got."""

from __future__ import annotations

from models import db
from services.actors import Actor

_LAST = """
SELECT m.purpose FROM deliveries d JOIN messages m ON m.id = d.message_id
 WHERE d.person_id = $1 AND d.state IN ('accepted', 'seen', 'answered', 'unknown')
 ORDER BY d.claimed_at DESC NULLS LAST, d.id DESC LIMIT 1
"""
REASONS = {
    "evidence.picture": "evidence",
    "shifts.reminder": "shifts_reminder",
    "shifts.reminder_nag": "shifts_reminder",
    "rosters.changed": "rosters_changed",
    "swaps.request": "swaps",
    "swaps.approval": "swaps",
    "swaps.outcome": "swaps",
    "swaps.no_answer": "swaps",
    "shifts.reminder_silent": "lists",
    "rosters.changed_silent": "lists",
    "units.group_failed": "groups",
    "rosters.attendance_differs": "lists",
    "rosters.draft_working": "drafts",
    "rosters.draft_failed": "drafts",
    "rosters.draft_report": "drafts",
    "rosters.draft_ready": "drafts",
    "rosters.draft_outcome": "drafts",
    "roster_drafts.approval": "drafts",
    "people.directory_differs": "directory",
    "gaps.short": "gaps",
    "operations.quota": "quota",
    "interviews.for_interviewer": "interviewing",
    "interviews.for_interviewer_change": "interviewing",
    "interviews.absence_noted": "recruiting",
    "pool.similar": "recruiting",
    "interviews.candidate_left": "recruiting",
    "scorecards.request": "scorecards",
    "scorecards.silent": "scorecards",
    "results.reminder": "results",
    "results.overdue": "results",
    "results.notice_due": "results",
    "results.notice_late": "results",
    "outcomes.full_text": "results",
    "outcomes.approval": "results",
    "outcomes.waiting": "results",
    "outcomes.told": "results",
    "tasks.phone": "tasks",
    "tasks.unclear": "tasks",
    "tasks.document": "tasks",
    "tasks.question": "tasks",
    "tasks.stranger": "tasks",
    "tasks.no_channel": "tasks",
    "tasks.slot_gone": "tasks",
    "tasks.no_show": "tasks",
    "gaps.whose": "gaps",
    "gaps.unset": "gaps_unset",
    "people.lost": "directory",
    "chats.yours": "tasks",
    "chats.back": "tasks",
    "chats.refused": "tasks",
    "checklists.todo": "checklists",
    "checklists.overdue": "checklists",
    "checklists.late": "checklists",
    "exits.confirm": "exits",
    "exits.approval": "exits",
    "exits.outcome": "exits",
    "leaving.shifts": "exits",
    "renewals.which": "renewals",
    "renewals.date": "renewals",
    "renewals.photo": "renewals",
    "renewals.picture": "renewals",
    "renewals.approval": "renewals",
    "renewals.outcome": "renewals",
    "renewals.waiting": "renewals",
    "recruiting.month": "recruiting_month",
    "licences.due": "licences",
    "licences.due_nag": "licences",
    "licences.digest": "licence_lists",
    "licences.rostered": "licence_lists",
    "licences.board": "licence_lists",
    "licences.boards": "licence_lists",
    "callouts.ask": "call_out",
    "callouts.ordered": "call_out",
    "callouts.drill": "call_out",
    "callouts.cancelled": "call_out",
    "callouts.board": "call_out_board",
    "callouts.told": "call_out_board",
}


async def reason_key(actor: Actor) -> str | None:
    """The key in reasons.toml for the last message, or None when there was none."""
    purpose = await db.fetch_value(_LAST, actor.person_id)
    return None if purpose is None else REASONS.get(purpose, "other")
