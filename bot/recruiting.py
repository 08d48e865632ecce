"""Puts the services of recruiting together, over the core that all features share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.platforms.links import CandidateLinks
from bot.recruiting_sheets import RecruitingSheets, recruiting_sheets
from bot.results import Results, build_results
from message_templates.catalogue import Catalogue
from models.clock import Clock
from models.policies import Policies
from services.absence import Absence
from services.approvals import Approvals
from services.asks import Asks
from services.candidate_questions import Questions
from services.candidate_tasks import CandidateTasks
from services.candidate_words import CandidateWords
from services.entry_links import CHAT, PAGE, SIGNED_FOR, EntryLinks
from services.erasure import Erasure
from services.conversation import Conversation
from services.escalation import Escalation
from services.forgetting import Forgetting
from services.guests import Guest
from services.interview_answers import InterviewAnswers
from services.interview_facts import InterviewFacts
from services.interview_replies import InterviewReplies
from services.interview_words import REPLY, InterviewWords
from services.invitation_texts import InvitationTexts
from services.invitations import Invitations
from services.ledger import Ledger
from services.outcome_choices import OutcomeChoices
from services.phone_tasks import PhoneTasks
from services.privacy_words import PrivacyWords
from services.purposes import Purpose, from_context
from services.ratings import Ratings
from services.recruiting_digest import RecruitingReports
from services.recruiting_table import REPORT_WORDS, ReportWords
from services.talent_pool import TalentPool
from services.opting_out import OptingOut
from services.phone_tasks import PhoneTasks
from services.replies import Replies
from services.task_answers import TaskAnswers
from services.unreachable import Unreachable

if TYPE_CHECKING:
    from bot.wiring import Rules


@dataclass(frozen=True)
class Recruiting:
    """The use cases about candidates."""

    ledger: Ledger
    sheets: RecruitingSheets
    tasks: CandidateTasks
    calls: PhoneTasks
    unreachable: Unreachable
    links: EntryLinks
    reports: RecruitingReports
    erasure: Erasure
    forgetting: Forgetting
    choices: OutcomeChoices
    ratings: Ratings
    pool: TalentPool
    privacy: PrivacyWords
    results: Results

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.tasks, self.choices, self.pool, self.privacy, *self.results.provided()]
    answers: InterviewAnswers
    invitations: Invitations
    conversation: Conversation

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [
            self.tasks,
            self.answers,
            self.invitations,
            self.conversation,
            self.conversation.interviews,
        ]
        mine = (self.tasks, self.choices, self.pool, self.privacy, self.reports)
        return [*mine, *self.results.provided()]

    async def bind(self, param: str) -> int | None:
        """Whose signed entry link this is; None when it proves nothing."""
        return await self.links.bind(param)

    async def tell(self, guest: Guest, words: str) -> None:
        """A small answer to a known candidate; nothing for strangers."""
        if guest.candidate_id is not None:
            await self.ledger.notify_candidate(
                REPLY, 0, guest.candidate_id, context={"text": words}
            )


def build_recruiting(
    ledger: Ledger,
    asks: Asks,
    approvals: Approvals,
    escalation: Escalation,
    policies: Policies,
    catalogue: Catalogue,  # noqa: ARG001
    catalogue: Catalogue,
    rules: Rules,
    clock: Clock,
) -> Recruiting:
    """All use cases about candidates."""
    tasks = CandidateTasks(
        ledger,
        asks,
        escalation,
        rules.recruiting.working_time,
        clock,
        hospital=rules.hospital,
        address_rules=rules.recruiting.address,
    )
    words = CandidateWords(rules.hospital, rules.recruiting.address)
    erasure = Erasure(ledger, approvals, tasks, words, clock)
    forgetting = Forgetting(erasure, policies.candidates_kept, clock)
    absence = Absence(clock)
    results = build_results(ledger, asks, approvals, escalation, rules, absence.note, clock)
    return Recruiting(
        ledger=ledger,
        sheets=recruiting_sheets(rules, clock),
    facts = InterviewFacts(rules.hospital.name, rules.recruiting.address)
    answers = InterviewAnswers(ledger, asks, tasks, facts, policies, clock)
    TaskAnswers(tasks, answers)
    texts = InvitationTexts(catalogue, facts, rules.recruiting.address)
    return Recruiting(
        ledger=ledger,
        answers=answers,
        invitations=Invitations(answers, texts, clock),
        conversation=_conversation(answers, catalogue, rules, clock),
        sheets=recruiting_sheets(rules, results.scorecards, clock),
        tasks=tasks,
        calls=PhoneTasks(tasks, escalation, clock),
        unreachable=Unreachable(tasks, clock),
        links=EntryLinks(
            clock,
            CandidateLinks(PAGE, SIGNED_FOR, clock),
            CandidateLinks(CHAT, SIGNED_FOR, clock),
            rules.hospital,
        ),
        reports=RecruitingReports(
            ledger,
            ReportWords(catalogue.words(REPORT_WORDS), rules.hospital.name),
            rules.recruiting.working_time.calendar,
            clock,
        ),
        erasure=erasure,
        forgetting=forgetting,
        choices=OutcomeChoices(ledger, erasure, words, clock),
        ratings=Ratings(ledger, words, rules.recruiting.working_time, clock),
        pool=TalentPool(ledger, rules.recruiting.posts, clock),
        privacy=PrivacyWords(ledger, asks, erasure, forgetting, words, tasks, clock),
        results=results,
    )


def _conversation(
    answers: InterviewAnswers, catalogue: Catalogue, rules: Rules, clock: Clock
) -> Conversation:
    ledger = answers.ledger
    InterviewWords(ledger, answers.facts)
    office_hours = rules.recruiting.working_time
    replies = Replies(ledger, answers.tasks, catalogue, office_hours, clock)
    interviews = InterviewReplies(answers, Questions(catalogue), replies, clock)
    opting_out = OptingOut(ledger, rules.hospital.name, clock)
    return Conversation(replies, interviews, opting_out, clock)
