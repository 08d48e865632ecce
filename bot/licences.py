"""The licences' part of the bot: their records, reminders and boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from message_templates.catalogue import Catalogue
from models.clock import Clock
from models.policies import Policies
from scheduler.ticks import Tick
from services.asks import Asks
from services.calendar_days import WorkingCalendar
from services.console.licences import LicencePages
from services.escalation import Escalation
from services.ledger import Ledger
from services.licence_boards import LicenceBoards
from services.licence_digests import LicenceDigests
from services.licence_kinds import LicenceKinds
from services.licence_phrases import LicencePhrases
from services.licence_reminders import LicenceReminders
from services.licences import Licences


@dataclass(frozen=True)
class LicenceDesk:
    records: Licences
    reminders: LicenceReminders
    digests: LicenceDigests
    boards: LicenceBoards
    words: LicencePhrases
    pages: LicencePages

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.records, self.reminders, self.boards, self.words]

    def ticks(self) -> list[Tick]:
        return [
            Tick("licences.remind", 60, self.reminders.remind),
            Tick("licences.board", 60, self.boards.tell_monthly),
        ]


def build_licences(
    kinds: LicenceKinds,
    ledger: Ledger,
    asks: Asks,
    escalation: Escalation,
    policies: Policies,
    catalogue: Catalogue,
    calendar: WorkingCalendar,
    clock: Clock,
) -> LicenceDesk:
    records, words = Licences(kinds, ledger, asks, clock), LicencePhrases(catalogue, calendar)
    digests = LicenceDigests(records, ledger, words, clock)
    reminders = LicenceReminders(
        records, digests, ledger, asks, escalation, words, policies, clock
    )
    boards = LicenceBoards(records, ledger, words, calendar, clock)
    pages = LicencePages(records, boards, words)
    return LicenceDesk(records, reminders, digests, boards, words, pages)
