"""What is said about an interview when a message leaves, and whether it is still true then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from message_templates.environment import clock_time, weekday
from models import db
from models.interviews import InterviewState
from models.ledger import Priority
from services.candidate_reach import KF, MAIL
from services.interview_answers import CANCELLED, CONFIRMED, NOTHING_FREE, OFFER
from services.interview_facts import InterviewFacts, InterviewView, SlotChoice
from services.ledger import Ledger
from services.purposes import Facts, Load, Purpose, Subject, from_context

REPLY = "candidates.reply"
CLARIFY = "candidates.clarify"
WHICH = "candidates.which"

_FREE = """
SELECT id FROM slots
 WHERE id = ANY($1) AND state = 'open' AND taken < capacity AND starts_at > $2
"""
_WRITTEN = (KF, MAIL)  # small answers go back the way the words came
_PROMPT = timedelta(hours=24)  # how long an answer to somebody's words is worth sending


class InterviewWords:
    """Registers the purposes of the conversation; answers to what somebody just wrote know no
    quiet hours."""

    def __init__(self, ledger: Ledger, facts: InterviewFacts) -> None:
        self.ledger = ledger
        self.facts = facts
        ledger.purposes.add(
            [
                _answer(OFFER, self._loaded(self._offer)),
                _answer(NOTHING_FREE, self._loaded(self._nothing_free)),
                _answer(CONFIRMED, self._loaded(self._confirmed)),
                _answer(CLARIFY, self._loaded(self._clarify), _WRITTEN),
                _answer(WHICH, self._which, _WRITTEN),
                _answer(REPLY, from_context, _WRITTEN),
                Purpose(
                    CANCELLED,
                    self._loaded(self._cancelled),
                    Priority.DECISION,
                    useful_for=timedelta(hours=48),
                    always=True,
                ),
            ]
        )

    def _loaded(self, say: Any) -> Load:
        async def load(subjects: Sequence[Subject]) -> Mapping[int, Facts]:
            views = await self.facts.by_ids([subject.subject_id for subject in subjects])
            return {
                subject.message_id: await say(views[subject.subject_id], subject.context)
                for subject in subjects
                if subject.subject_id in views
            }

        return load

    async def _offer(self, view: InterviewView, context: Mapping[str, Any]) -> Facts:
        """Numbers stay those of the offer; a slot that filled up since is left out."""
        offered = [slot.slot_id for slot in view.offered]
        if view.state not in (InterviewState.CHOOSING, InterviewState.CONFIRMED) or (
            offered != context["slots"]
        ):
            return _past(view)
        rows = await db.fetch(_FREE, offered, self.ledger.clock.now())
        known = {row["id"] for row in rows}
        options = [one for one in options_of(view.offered) if one["id"] in known]
        if not options:
            return Facts({}, stands=False, why_not="all that was offered is taken")
        return Facts(
            {
                "address": view.address,
                "post": view.post,
                "lead": context["lead"],
                "unmet": context["unmet"],
                "kept": view.starts_at,
                "options": options,
            }
        )

    async def _nothing_free(self, view: InterviewView, context: Mapping[str, Any]) -> Facts:
        facts = {"address": view.address, "contact": view.contact, "phone": view.phone}
        return Facts(
            {**facts, "unmet": context["unmet"], "lead": context["lead"], "kept": view.starts_at}
        )

    async def _confirmed(self, view: InterviewView, context: Mapping[str, Any]) -> Facts:
        if view.state != InterviewState.CONFIRMED or view.slot_id != context["slot"]:
            return _past(view)
        if view.starts_at is None or view.starts_at <= self.ledger.clock.now():
            return Facts({}, stands=False, why_not="the interview has begun")
        return Facts(
            {
                "address": view.address,
                "hospital": view.hospital,
                "moved": context["moved"],
                "also": context["also"],
                "starts": view.starts_at,
                "place": view.place,
                "group": view.group,
                "queue_no": view.queue_no,
                "documents": view.documents,
                "contact": view.contact,
                "phone": view.phone,
                "map": view.map,
            }
        )

    async def _clarify(self, view: InterviewView, context: Mapping[str, Any]) -> Facts:  # noqa: ARG002 -- one shape for all
        return Facts(
            {
                "address": view.address,
                "post": view.post,
                "starts": view.starts_at,
                "confirmed": view.state == InterviewState.CONFIRMED,
                "options": options_of(view.offered),
            }
        )

    async def _cancelled(self, view: InterviewView, context: Mapping[str, Any]) -> Facts:
        starts = context["starts"]
        return Facts(
            {
                "address": view.address,
                "hospital": view.hospital,
                "office": view.office,
                "post": view.post,
                "starts": datetime.fromisoformat(starts) if starts else "",
                "why": context["why"],
                "contact": view.contact,
                "phone": view.phone,
            }
        )

    async def _which(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = {}
        for subject in subjects:
            views = await self.facts.by_ids(subject.context["interviews"])
            listed = [views[one] for one in subject.context["interviews"] if one in views]
            found[subject.message_id] = Facts(
                {
                    "address": listed[0].address if listed else "",
                    "interviews": [
                        {"post": view.post, "starts": view.starts_at or ""} for view in listed
                    ],
                },
                stands=len(listed) > 1,
                why_not="there is only one interview left",
            )
        return found


def options_of(slots: Sequence[SlotChoice]) -> list[dict[str, Any]]:
    """Offered slots with their numbers; `text` fits on a button: 1. 周四14:00."""
    return [
        {
            "id": slot.slot_id,
            "number": number,
            "starts": slot.starts_at,
            "place": slot.place,
            "text": f"{number}. {weekday(slot.starts_at)}{clock_time(slot.starts_at)}",
        }
        for number, slot in enumerate(slots, start=1)
    ]


def _past(view: InterviewView) -> Facts:
    return Facts({}, stands=False, why_not=f"the interview is {view.state} now")


def _answer(name: str, load: Load, only: tuple[str, ...] | None = None) -> Purpose:
    return Purpose(name, load, Priority.DECISION, quiet=False, useful_for=_PROMPT, only=only)
