"""Puts the services of recruiting together, over the core that all features share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.interview_days import InterviewDays, build_interview_days
from message_templates.catalogue import Catalogue
from models.clock import Clock
from models.policies import Policies
from services.approvals import Approvals
from services.asks import Asks
from services.candidate_questions import Questions
from services.candidate_tasks import CandidateTasks
from services.conversation import Conversation
from services.escalation import Escalation
from services.guests import Guest
from services.interview_answers import InterviewAnswers
from services.interview_facts import InterviewFacts
from services.interview_replies import InterviewReplies
from services.interview_words import REPLY, InterviewWords
from services.invitation_texts import InvitationTexts
from services.invitations import Invitations
from services.ledger import Ledger
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
    tasks: CandidateTasks
    calls: PhoneTasks
    unreachable: Unreachable
    answers: InterviewAnswers
    invitations: Invitations
    conversation: Conversation
    days: InterviewDays

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [
            self.tasks,
            self.answers,
            self.invitations,
            self.conversation,
            self.conversation.interviews,
            *self.days.provided(),
        ]

    async def bind(self, param: str) -> int | None:  # noqa: ARG002 -- no links yet
        """Whose sealed entry link this is; None when it proves nothing."""
        return None

    async def tell(self, guest: Guest, words: str) -> None:
        """A small answer to a known candidate; nothing for strangers."""
        if guest.candidate_id is not None:
            await self.ledger.notify_candidate(
                REPLY, 0, guest.candidate_id, context={"text": words}
            )


def build_recruiting(
    ledger: Ledger,
    asks: Asks,
    approvals: Approvals,  # noqa: ARG001
    escalation: Escalation,
    policies: Policies,
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
    facts = InterviewFacts(rules.hospital.name, rules.recruiting.address)
    answers = InterviewAnswers(ledger, asks, tasks, facts, policies, clock)
    TaskAnswers(tasks, answers)
    texts = InvitationTexts(catalogue, facts, rules.recruiting.address)
    return Recruiting(
        ledger=ledger,
        answers=answers,
        invitations=Invitations(answers, texts, clock),
        conversation=_conversation(answers, catalogue, rules, clock),
        days=build_interview_days(answers, tasks, catalogue, clock),
        tasks=tasks,
        calls=PhoneTasks(tasks, escalation, clock),
        unreachable=Unreachable(tasks, clock),
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
