"""Which commands a person may use: what 帮助 lists."""

from __future__ import annotations

from collections.abc import Iterable

from models import db
from services import recruiting_access
from services.actors import Actor
from services.permissions import Act, may_anywhere

# Commands of whoever works with candidates, and of those who only meet them in an interview.
RECRUITING = frozenset(
    {
        "pool",
        "results",
        "result_notice",
        "result_notice_done",
        "candidate_tasks",
        "call_group",
        "no_show_undo",
    }
)
INTERVIEWING = frozenset({"scores", "interview_schedule", "no_show", "arrived"})

# What HR enters of people who come and go, and what managers may look at as well.
HR_ONLY = frozenset({"entry", "exit"})
MANAGING = frozenset({"entry_progress"})

_OWN_POST = "SELECT EXISTS (SELECT 1 FROM postings WHERE recruiter_id = $1)"
_INTERVIEWS = "SELECT EXISTS (SELECT 1 FROM slot_interviewers WHERE person_id = $1)"


class HelpIndex:
    """Phrase keys of commands in the order they are shown, with the act each needs."""

    def __init__(self, entries: Iterable[tuple[str, Act | None]]) -> None:
        self._entries = tuple(dict.fromkeys(entries))

    async def allowed(self, actor: Actor) -> list[str]:
        hidden = await _hidden(actor)
        return [
            key
            for key, act in self._entries
            if key not in hidden and (act is None or may_anywhere(actor, act))
        ]


async def _hidden(actor: Actor) -> frozenset[str]:
    """What a ward's nurse or head would only be refused, or find empty for ever."""
    if await recruiting_access.may_recruit(actor):
        return frozenset()
    people = HR_ONLY if actor.manages else HR_ONLY | MANAGING
    if await db.fetch_value(_OWN_POST, actor.person_id):
        return people
    if await db.fetch_value(_INTERVIEWS, actor.person_id):
        return people | RECRUITING
    return people | RECRUITING | INTERVIEWING
