"""The appointment in a mail about an interview, so that it stands in the candidate's calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.platforms.mail import ics
from message_templates.catalogue import Catalogue
from models.cards import Content
from models.clock import Clock
from models.interviews import InterviewState
from services import appointments
from services.appointments import Appointment
from services.hospital import Hospital
from services.sent_subjects import SentSubject, subject_of

_CANCELLED = "interviews.cancelled"
# Whatever else is said of an interview leaves the calendar as it is.
_PUBLISHED = frozenset({"interviews.invitation", "interviews.confirmed", "interviews.reminder"})
# What offers other times takes out the one that was theirs until then.
_OFFERED = frozenset({"interviews.offer", "interviews.nothing_free"})
_TAKES_PLACE = frozenset({InterviewState.INVITED, InterviewState.CONFIRMED})


class MailCalendar:
    """MailChannel's `calendar`. `organizer` is the sender's mail address."""

    def __init__(
        self, catalogue: Catalogue, hospital: Hospital, organizer: str, clock: Clock
    ) -> None:
        self._catalogue = catalogue
        self._hospital = hospital
        self._organizer = organizer
        self._clock = clock

    async def __call__(self, key: str, _content: Content) -> ics.Calendar | None:
        about = await subject_of(key)
        if about is None or about.interview_id is None:
            return None
        if about.purpose in _OFFERED:
            return await self._given_back(about)
        cancels = about.purpose == _CANCELLED
        if not cancels and not _publishes(about.purpose):
            return None
        found = await appointments.one(about.interview_id)
        if found is None:
            return None
        what = self._appointment(found, cancels)
        if what is None:
            return None
        now = self._clock.now()
        if cancels:
            return ics.cancelled(what, now)
        return ics.published(what, now) if found.state in _TAKES_PLACE else None

    async def _given_back(self, about: SentSubject) -> ics.Calendar | None:
        """A CANCEL for the time they had; nothing once they have another one."""
        gone = about.context.get("gone")
        if not gone or about.interview_id is None:
            return None
        found = await appointments.one(about.interview_id)
        slot = await appointments.slot(int(gone["slot"]))
        if found is None or slot is None or found.state != InterviewState.CHOOSING:
            return None
        starts = datetime.fromisoformat(gone["starts_at"])
        lasts = slot.ends_at - slot.starts_at
        then = replace(found, starts_at=starts, ends_at=starts + lasts, place=slot.place)
        # Giving it back was a change of its own, counted already.
        what = self._appointment(then, cancels=False)
        return None if what is None else ics.cancelled(what, self._clock.now())

    def _appointment(self, found: Appointment, cancels: bool) -> ics.Appointment | None:
        if found.starts_at is None or found.ends_at is None:
            return None
        return ics.Appointment(
            id=found.ref,
            domain=self._organizer.rpartition("@")[2],
            organizer=self._organizer,
            starts_at=found.starts_at,
            lasts=found.ends_at - found.starts_at,
            summary=self._say("summary", found),
            location=found.place,
            description=self._say("description", found),
            # What was cancelled is never published again, so that one more is always the last.
            sequence=found.sequence + (1 if cancels else 0),
        )

    def _say(self, key: str, found: Appointment) -> str:
        return self._catalogue.phrase(
            "interviews/calendar",
            key,
            hospital=self._hospital.name,
            post=found.post,
            documents=found.documents,
            contact=found.facts.get("contact", ""),
            phone=found.facts.get("phone", ""),
        )


def _publishes(purpose: str) -> bool:
    return any(purpose == each or purpose.startswith(f"{each}_") for each in _PUBLISHED)
