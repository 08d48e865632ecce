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
from models.ledger import Priority
from models.policies import Policies
from services.absence import Absence
from services.approvals import Approvals
from services.asks import Asks
from services.candidate_reach import KF, MAIL
from services.candidate_tasks import CandidateTasks
from services.candidate_words import CandidateWords
from services.entry_links import CHAT, PAGE, SIGNED_FOR, EntryLinks
from services.erasure import Erasure
from services.erasure_sweep import ErasureSweep
from services.escalation import Escalation
from services.forgetting import Forgetting
from services.guests import Guest
from services.ledger import Ledger
from services.outcome_choices import OutcomeChoices
from services.phone_tasks import PhoneTasks
from services.privacy_words import PrivacyWords
from services.purposes import Purpose, from_context
from services.ratings import Ratings
from services.talent_pool import TalentPool
from services.unreachable import Unreachable

if TYPE_CHECKING:
    from bot.wiring import Rules

REPLY = "candidates.reply"  # a small answer to what a candidate wrote


@dataclass(frozen=True)
class Recruiting:
    """The use cases about candidates."""

    ledger: Ledger
    sheets: RecruitingSheets
    tasks: CandidateTasks
    calls: PhoneTasks
    unreachable: Unreachable
    links: EntryLinks
    erasure: Erasure
    sweep: ErasureSweep
    forgetting: Forgetting
    choices: OutcomeChoices
    ratings: Ratings
    pool: TalentPool
    privacy: PrivacyWords
    results: Results

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.tasks, self.choices, self.pool, self.privacy, *self.results.provided()]

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
    rules: Rules,
    clock: Clock,
) -> Recruiting:
    """All use cases about candidates."""
    ledger.purposes.add(
        [Purpose(REPLY, from_context, Priority.DECISION, quiet=False, only=(KF, MAIL))]
    )
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
    return Recruiting(
        ledger=ledger,
        sheets=recruiting_sheets(rules, clock),
        tasks=tasks,
        calls=PhoneTasks(tasks, escalation, clock),
        unreachable=Unreachable(tasks, clock),
        links=EntryLinks(
            clock,
            CandidateLinks(PAGE, SIGNED_FOR, clock),
            CandidateLinks(CHAT, SIGNED_FOR, clock),
            rules.hospital,
        ),
        erasure=erasure,
        sweep=ErasureSweep(clock),
        forgetting=forgetting,
        choices=OutcomeChoices(ledger, erasure, words, clock),
        ratings=Ratings(ledger, words, rules.recruiting.working_time, clock),
        pool=TalentPool(ledger, rules.recruiting.posts, clock),
        privacy=PrivacyWords(ledger, asks, erasure, forgetting, words, tasks, clock),
        results=build_results(ledger, asks, approvals, escalation, rules, absence.note, clock),
    )
