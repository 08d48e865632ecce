"""Puts together what happens after an interview: scores, the result's clock, outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.clock import Clock
from services.approvals import Approvals
from services.asks import Asks
from services.escalation import Escalation
from services.interview_ends import InterviewEnds
from services.interview_facts import InterviewFacts
from services.ledger import Ledger
from services.notice_lists import NoticeLists
from services.notice_states import NoticeStates
from services.outcome_notices import OutcomeNotices
from services.outcome_sending import OutcomeSender
from services.outcome_text import OutcomeTexts
from services.outcomes import Outcomes
from services.result_clock import ResultClock
from services.result_notices import ResultNotices
from services.scorecards import Absent, Scorecards

if TYPE_CHECKING:
    from bot.rules import Rules


@dataclass(frozen=True)
class Results:
    """The use cases of the room, and what ticks of it: ends, clock and sender."""

    scorecards: Scorecards
    ends: InterviewEnds
    clock: ResultClock
    texts: OutcomeTexts
    notices: OutcomeNotices
    outcomes: Outcomes
    sender: OutcomeSender
    public: ResultNotices

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.scorecards, self.clock, self.notices, self.outcomes, self.public]


def build_results(
    ledger: Ledger,
    asks: Asks,
    approvals: Approvals,
    escalation: Escalation,
    rules: Rules,
    absent: Absent,
    facts: InterviewFacts,
    clock: Clock,
) -> Results:
    """`absent` is told which candidate did not come, and who says so."""
    catalogue, recruiting = rules.catalogue, rules.recruiting
    time = recruiting.working_time
    scorecards = Scorecards(ledger, asks, escalation, catalogue, clock, absent)
    notices = OutcomeNotices(ledger, catalogue, clock)
    texts = OutcomeTexts(catalogue, recruiting.courtesy, recruiting.address, rules.hospital, clock)
    outcomes = Outcomes(ledger, approvals, texts, notices, time, catalogue, rules.policies, clock)
    states = NoticeStates(NoticeLists(catalogue), catalogue, rules.hospital)
    public = ResultNotices(ledger, facts, time, states, clock)
    return Results(
        scorecards=scorecards,
        ends=InterviewEnds(time, clock, scorecards.ask),
        clock=ResultClock(ledger, time, clock),
        texts=texts,
        notices=notices,
        outcomes=outcomes,
        sender=OutcomeSender(ledger, notices, time, clock, public.told),
        public=public,
    )
