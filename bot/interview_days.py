"""Puts together what happens around the day of an interview, over the answers of candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from message_templates.catalogue import Catalogue
from models.clock import Clock
from services.batch_interviews import BatchInterviews
from services.candidate_tasks import CandidateTasks
from services.interview_answers import InterviewAnswers
from services.interview_day import InterviewDay
from services.interview_reminders import InterviewReminders
from services.interviewer_notices import InterviewerNotices
from services.no_shows import NoShows
from services.slots import Slots


@dataclass(frozen=True)
class InterviewDays:
    slots: Slots
    reminders: InterviewReminders
    no_shows: NoShows
    batch: BatchInterviews
    interviewers: InterviewerNotices
    day: InterviewDay

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [
            self.slots,
            self.reminders,
            self.no_shows,
            self.batch,
            self.interviewers,
            self.day,
        ]


def build_interview_days(
    answers: InterviewAnswers, tasks: CandidateTasks, catalogue: Catalogue, clock: Clock
) -> InterviewDays:
    """All of them, told of every change of an interview."""
    ledger, asks, facts = answers.ledger, answers.asks, answers.facts
    reminders = InterviewReminders(asks, facts, clock)
    batch = BatchInterviews(ledger, facts, clock)
    interviewers = InterviewerNotices(ledger, facts, clock)
    no_shows = NoShows(asks, tasks, facts, clock)
    for changed in (reminders.changed, batch.changed, interviewers.changed):
        answers.on_change(changed)
        no_shows.on_change(changed)
    return InterviewDays(
        slots=Slots(answers, catalogue, clock),
        reminders=reminders,
        no_shows=no_shows,
        batch=batch,
        interviewers=interviewers,
        day=InterviewDay(facts, clock),
    )
