"""Puts the services of recruiting together, over the core that all features share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core import Core
from bot.interview_days import InterviewDays, build_interview_days
from bot.platforms.links import CandidateLinks
from bot.recruiting_sheets import RecruitingSheets, recruiting_sheets
from bot.results import Results, build_results
from message_templates.catalogue import Catalogue
from models.clock import Clock
from services.candidate_questions import Questions
from services.candidate_tasks import CandidateTasks
from services.candidate_words import CandidateWords
from services.chat_moves import ChatMoves
from services.chat_transfers import ChatTransfers
from services.conversation import Conversation
from services.entry_links import CHAT, PAGE, SIGNED_FOR, EntryLinks
from services.erasure import Erasure
from services.erasure_sweep import ErasureSweep
from services.forgetting import Forgetting
from services.guests import Guest
from services.interview_answers import InterviewAnswers
from services.interview_facts import InterviewFacts
from services.interview_replies import InterviewReplies
from services.interview_words import REPLY, InterviewWords
from services.invitation_texts import InvitationTexts
from services.invitations import Invitations
from services.ledger import Ledger
from services.new_links import NewLinks
from services.opting_out import OptingOut
from services.outcome_choices import OutcomeChoices
from services.phone_tasks import PhoneTasks
from services.privacy_words import PrivacyWords
from services.ratings import Ratings
from services.recruiting_digest import RecruitingReports
from services.recruiting_table import REPORT_WORDS, ReportWords
from services.replies import Replies
from services.talent_pool import TalentPool
from services.task_answers import TaskAnswers
from services.unreachable import Unreachable
from services.written_answers import WrittenAnswers
from services.wrong_absences import WrongAbsences

if TYPE_CHECKING:
    from bot.rules import Rules


@dataclass(frozen=True)
class Recruiting:
    """The use cases about candidates."""

    ledger: Ledger
    sheets: RecruitingSheets
    tasks: CandidateTasks
    calls: PhoneTasks
    written: WrittenAnswers
    unreachable: Unreachable
    links: EntryLinks
    new_links: NewLinks
    answers: InterviewAnswers
    invitations: Invitations
    conversation: Conversation
    days: InterviewDays
    absences: WrongAbsences
    reports: RecruitingReports
    erasure: Erasure
    sweep: ErasureSweep
    forgetting: Forgetting
    choices: OutcomeChoices
    ratings: Ratings
    pool: TalentPool
    privacy: PrivacyWords
    results: Results
    chats: ChatTransfers
    moves: ChatMoves

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [
            self.tasks,
            self.chats,
            self.answers,
            self.invitations,
            self.conversation,
            self.conversation.interviews,
            *self.days.provided(),
            self.absences,
            self.choices,
            self.pool,
            self.privacy,
            self.reports,
            *self.results.provided(),
        ]

    async def bind(self, param: str) -> int | None:
        """Whose signed entry link this is; None when it proves nothing."""
        return await self.links.bind(param)

    async def tell(self, guest: Guest, words: str) -> None:
        """A small answer to a known candidate; nothing for strangers."""
        if guest.candidate_id is not None:
            await self.ledger.notify_candidate(
                REPLY, 0, guest.candidate_id, context={"text": words}
            )


def build_recruiting(core: Core) -> Recruiting:
    """All use cases about candidates."""
    ledger, asks, approvals, escalation = core.ledger, core.asks, core.approvals, core.escalation
    rules, policies, catalogue, clock = core.rules, core.policies, core.catalogue, core.clock
    office_hours, addresses = rules.recruiting.working_time, rules.recruiting.address
    tasks = _tasks(core)
    chats = ChatTransfers(tasks, ledger, policies.reception, clock)
    words = CandidateWords(rules.hospital, addresses)
    erasure = Erasure(ledger, approvals, tasks, words, clock)
    forgetting = Forgetting(erasure, policies.candidates_kept, clock)
    choices = OutcomeChoices(ledger, erasure, words, clock)
    privacy = PrivacyWords(ledger, asks, erasure, forgetting, words, tasks, clock)
    facts = InterviewFacts(rules.hospital.name, addresses)
    answers = InterviewAnswers(
        ledger, asks, tasks, facts, policies, rules.recruiting.declines, clock
    )
    TaskAnswers(tasks, answers)
    days = build_interview_days(answers, tasks, catalogue, clock)
    absent = days.no_shows.note
    results = build_results(ledger, asks, approvals, escalation, rules, absent, facts, clock)
    days.no_shows.on_change(results.scorecards.nobody_came)
    absences = WrongAbsences(asks, tasks, facts, results.scorecards.ask_again, clock)
    days.no_shows.on_noted(absences.tell)
    texts = InvitationTexts(catalogue, facts, addresses)
    replies = Replies(ledger, tasks, catalogue, office_hours, clock)
    return Recruiting(
        ledger=ledger,
        sheets=recruiting_sheets(rules, results.scorecards, clock),
        tasks=tasks,
        calls=PhoneTasks(tasks, escalation, clock),
        written=WrittenAnswers(ledger, tasks, rules.recruiting.courtesy, clock),
        unreachable=Unreachable(tasks, clock),
        links=_links(rules, clock),
        new_links=NewLinks(ledger, rules.hospital, clock),
        answers=answers,
        days=days,
        absences=absences,
        invitations=Invitations(answers, texts, clock),
        conversation=_conversation(answers, replies, choices, privacy, catalogue, clock),
        reports=RecruitingReports(
            ledger,
            ReportWords(catalogue.words(REPORT_WORDS), rules.hospital.name),
            office_hours.calendar,
            clock,
        ),
        erasure=erasure,
        sweep=ErasureSweep(clock),
        forgetting=forgetting,
        choices=choices,
        ratings=Ratings(ledger, words, office_hours, clock),
        pool=TalentPool(ledger, rules.recruiting.posts, clock),
        privacy=privacy,
        results=results,
        chats=chats,
        moves=ChatMoves(chats),
    )


def _tasks(core: Core) -> CandidateTasks:
    recruiting = core.rules.recruiting
    return CandidateTasks(
        core.ledger,
        core.asks,
        core.escalation,
        recruiting.working_time,
        core.clock,
        hospital=core.hospital,
        address_rules=recruiting.address,
    )


def _links(rules: Rules, clock: Clock) -> EntryLinks:
    page, chat = CandidateLinks(PAGE, SIGNED_FOR, clock), CandidateLinks(CHAT, SIGNED_FOR, clock)
    return EntryLinks(clock, page, chat, rules.hospital)


def _conversation(
    answers: InterviewAnswers,
    replies: Replies,
    choices: OutcomeChoices,
    privacy: PrivacyWords,
    catalogue: Catalogue,
    clock: Clock,
) -> Conversation:
    InterviewWords(answers.ledger, answers.facts)
    interviews = InterviewReplies(answers, Questions(catalogue), replies, clock)
    opting_out = OptingOut(answers.ledger, answers.facts.hospital, clock)
    return Conversation(replies, interviews, opting_out, clock, choices.hear, privacy.hear)
